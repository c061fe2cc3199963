//! Who leads a view.
//!
//! Each validator in turn. One whose last turn passed without a block is *suspended*, and another one stands in for it, until
//! that turn is [`limits::REPUTATION_HEIGHTS`] heights ago or it made a block. At most a third of the power is suspended.
//!
//! Who stands in has its own turn more than f views later and earlier, and stands in for one alone: so f faulty validators cost f
//! views in a row at most, whoever is suspended.
//!
//! An epoch begins with nobody suspended: turns of the last one are of other views, and maybe of others.
//!
//! A view's leader depends on the chain that it would build on and on nothing else: on the blocks up to the one that the
//! certified block's header names as executed. Those are final, and whoever can vote for a child of the certified block
//! has executed them. Two validators that hold different certificates may expect different leaders; each votes once a
//! view, so that costs at most the view.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_types::BlockHeader;
use heddle_types::Committee;
use heddle_types::Height;
use heddle_types::ValidatorIndex;
use heddle_types::View;

use crate::limits;

/// Of a block, what the choice of leaders depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The block's height.
    pub height: Height,
    /// Its view.
    pub view: View,
    /// Who led it.
    pub proposer: ValidatorIndex,
}

impl From<&BlockHeader> for Turn {
    fn from(header: &BlockHeader) -> Self {
        Self { height: header.height, view: header.view, proposer: header.proposer }
    }
}

/// The turns of the last final blocks.
#[derive(Debug)]
pub(crate) struct Turns {
    /// Of the block that the epoch began with: those before it do not count.
    begin: Height,
    by_height: BTreeMap<Height, Turn>,
}

impl Turns {
    /// Of final blocks with consecutive heights, in an epoch that began with the block at `begin`.
    pub(crate) fn new(begin: Height, turns: impl IntoIterator<Item = Turn>) -> Self {
        let mut known = Self { begin, by_height: BTreeMap::new() };
        known.push(Turn { height: begin, view: View::ZERO, proposer: ValidatorIndex::ZERO });
        turns.into_iter().filter(|turn| turn.height > begin).for_each(|turn| known.push(turn));
        known
    }

    /// Another final block, one above the last.
    pub(crate) fn push(&mut self, turn: Turn) {
        self.by_height.insert(turn.height, turn);
        if self.by_height.len() > limits::TURNS_MAX {
            self.by_height.pop_first();
        }
    }

    /// The turns that count for what is built on `tip`, ascending; `above` are the blocks from there down to the last final
    /// one. None when this node does not know them.
    pub(crate) fn window(
        &self,
        tip: &BlockHeader,
        above: impl Iterator<Item = Turn>,
    ) -> Option<Vec<Turn>> {
        let last = tip.executed.height;
        if last < self.begin || tip.height.since(last) > limits::REPUTATION_LAG_MAX {
            return Some(Vec::new());
        }
        let first = Height::new(last.get().saturating_sub(limits::REPUTATION_HEIGHTS));
        let first = first.max(self.begin);
        let mut turns: Vec<_> = above.filter(|turn| turn.height <= last).collect();
        turns.reverse();
        let last_final = turns.first().map_or(Some(last), |turn| turn.height.prev())?;
        let mut window: Vec<_> =
            self.by_height.range(first..=last_final).map(|(_, turn)| *turn).collect();
        window.append(&mut turns);
        let whole = last.since(first).saturating_add(1);
        let starts = window.first().is_some_and(|turn| turn.height == first);
        (starts && window.len() as u64 == whole).then_some(window)
    }
}

/// Who leads the views after a block.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    committee: Arc<Committee>,
    /// Whose last turn passed without a block, and its view.
    missed: BTreeMap<ValidatorIndex, View>,
    /// Who leads each view of a round.
    round: Vec<ValidatorIndex>,
}

impl Schedule {
    /// After blocks with these turns, ascending and without a gap.
    pub(crate) fn new(committee: Arc<Committee>, turns: &[Turn]) -> Self {
        let round = committee.indices().collect();
        let mut schedule = Self { committee, missed: BTreeMap::new(), round };
        let mut last = None;
        for turn in turns {
            last.into_iter().for_each(|last| schedule.miss_between(last, turn.view));
            schedule.succeed(turn.proposer);
            last = Some(turn.view);
        }
        schedule
    }

    /// Who leads `view`.
    pub(crate) fn leader(&self, view: View) -> ValidatorIndex {
        let turn = self.committee.leader(view);
        self.round.get(usize::from(turn.get())).copied().unwrap_or(turn)
    }

    /// The views between two blocks passed without one. Of a long row each validator's last turns tell enough.
    fn miss_between(&mut self, last: View, next: View) {
        let turns = 2 * self.committee.len() as u64;
        let first = last.get().saturating_add(1).max(next.get().saturating_sub(turns));
        for view in (first..next.get()).map(View::new) {
            let leader = self.leader(view);
            self.missed.insert(leader, view);
            self.suspend();
        }
    }

    fn succeed(&mut self, proposer: ValidatorIndex) {
        if self.missed.remove(&proposer).is_some() {
            self.suspend();
        }
    }

    /// Those who missed their turns last, as many as may be faulty.
    fn suspend(&mut self) {
        let mut missed: Vec<_> = self.missed.iter().map(|(who, view)| (*view, *who)).collect();
        missed.sort_unstable_by(|a, b| b.cmp(a));
        let mut power = 0_u64;
        let suspended: BTreeSet<_> = missed
            .into_iter()
            .map(|(_, who)| who)
            .take_while(|who| {
                let own = self.committee.validator(*who).map_or(0, |validator| validator.power);
                power = power.saturating_add(own);
                power <= self.committee.fault_power()
            })
            .collect();
        self.round = round(self.committee.len(), &suspended);
    }
}

/// Who leads each view of a round of so many: for each that is suspended the first of the others, after f views from its turn on,
/// that stands in for nobody yet. If there is none, for one more.
fn round(members: usize, suspended: &BTreeSet<ValidatorIndex>) -> Vec<ValidatorIndex> {
    let member = |place: usize| u16::try_from(place % members.max(1)).map(ValidatorIndex::new);
    let mut round: Vec<_> = (0..members).filter_map(|place| member(place).ok()).collect();
    let mut free: BTreeSet<_> =
        round.iter().copied().filter(|who| !suspended.contains(who)).collect();
    let apart = members.div_ceil(3);
    for (place, leader) in round.iter_mut().enumerate() {
        if suspended.contains(leader) {
            let others = || (place + apart..).take(members).filter_map(|place| member(place).ok());
            let stand_in = others().find(|who| free.remove(who));
            let any = || others().find(|who| !suspended.contains(who));
            *leader = stand_in.or_else(any).unwrap_or(*leader);
        }
    }
    round
}

#[cfg(test)]
mod tests;
