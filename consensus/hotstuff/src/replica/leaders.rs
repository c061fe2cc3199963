//! Who leads which view, on the chain that is known here.

use heddle_types::BlockHeader;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::VoteData;

use super::Replica;
use crate::leaders::Schedule;
use crate::leaders::Turn;

impl Replica {
    /// The leaders of `views` as this node expects them, in that order.
    pub fn leaders(
        &self,
        views: impl Iterator<Item = View>,
    ) -> impl Iterator<Item = ValidatorIndex> {
        views.map(|view| self.leader(view))
    }

    /// Who leads `view`, as this node expects: on the highest certified block, or on an earlier one while it lacks that.
    pub(super) fn leader(&self, view: View) -> ValidatorIndex {
        self.led_by(&self.schedule.1, view)
    }

    fn led_by(&self, schedule: &Schedule, view: View) -> ValidatorIndex {
        let given = self.config.leaders.get(&view).copied();
        given.unwrap_or_else(|| schedule.leader(view))
    }

    /// Whether the leader of the current view has signed nothing for some views.
    pub(super) fn is_leader_silent(&self) -> bool {
        let leader = self.leader(self.view);
        Some(leader) != self.context.me() && self.presence.is_silent(leader)
    }

    /// Whether the block's proposer leads its view on the block that `parent` certifies; none while that is not known here.
    pub(super) fn leads(&self, header: &BlockHeader, parent: &VoteData) -> Option<bool> {
        let (tip, schedule) = &self.schedule;
        if *tip == parent.block {
            return Some(self.led_by(schedule, header.view) == header.proposer);
        }
        let schedule = self.schedule_after(parent)?;
        Some(self.led_by(&schedule, header.view) == header.proposer)
    }

    /// Keeps up with the highest certificate.
    pub(super) fn look_up_leaders(&mut self) {
        let tip = self.record.high_qc.data;
        if self.schedule.0 != tip.block
            && let Some(schedule) = self.schedule_after(&tip)
        {
            self.schedule = (tip.block, schedule);
        }
    }

    fn schedule_after(&self, tip: &VoteData) -> Option<Schedule> {
        let path = self.tree.path(tip.block, tip.height).ok()?;
        let above = path.iter().map(|block| Turn::from(block.header()));
        let window = self.turns.window(self.tree.get(tip.block)?.header(), above)?;
        Some(Schedule::new(self.context.committee.clone(), &window))
    }
}
