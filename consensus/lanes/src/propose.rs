//! What a leader's cut names.

use std::collections::BTreeSet;

use heddle_types::BatchRef;
use heddle_types::Committee;
use heddle_types::Height;
use heddle_types::ValidatorIndex;

use crate::acks::AckTable;
use crate::cut::Total;
use crate::lane::Lane;
use crate::limits;
use crate::place::Place;
use crate::place::Positions;

/// The cut of a block of `height` on what `base` names: from each lane that does not fork, as far as it is durable here and more
/// power than can be faulty acknowledged it, one batch of each lane after the other, until there is as much as a cut may add. L10
pub(crate) fn cut(view: &View<'_>, base: &Positions, height: Height) -> Vec<BatchRef> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for lane in rotated(view.lanes.len(), height) {
        let index = usize::from(lane.get());
        let (Some(held), Some(acks), Some(base)) =
            (view.lanes.get(index), view.acks.get(index), base.get(lane))
        else {
            continue;
        };
        if held.fork().is_some() {
            continue;
        }
        let places = view.supported(held, acks, base);
        runs.push(Run { lane, held, places, named: 0 });
    }
    let mut total = Total::default();
    while runs.iter_mut().map(|run| run.take(&mut total)).sum::<usize>() > 0 {}
    let mut cut: Vec<BatchRef> = runs.iter().filter_map(Run::end).collect();
    cut.sort_by_key(|reference| reference.lane);
    cut
}

/// All lanes, beginning with another one at each height: the order within a block, too.
pub(crate) fn rotated(lanes: usize, height: Height) -> impl Iterator<Item = ValidatorIndex> {
    let len = u16::try_from(lanes).unwrap_or(u16::MAX);
    let start = u16::try_from(height.get() % u64::from(len.max(1))).unwrap_or_default();
    (0..len).map(move |step| {
        let lane = u32::from(start) + u32::from(step);
        ValidatorIndex::new(u16::try_from(lane % u32::from(len)).unwrap_or_default())
    })
}

/// What a leader knows.
pub(crate) struct View<'a> {
    pub(crate) committee: &'a Committee,
    pub(crate) me: Option<ValidatorIndex>,
    pub(crate) lanes: &'a [Lane],
    pub(crate) acks: &'a [AckTable],
}

impl View<'_> {
    /// The places of a lane above `base` that may be named, ascending.
    fn supported(&self, lane: &Lane, acks: &AckTable, base: Place) -> Vec<Place> {
        let mut branch = lane.branch(base).unwrap_or_default();
        let durable = lane.durable().sequence;
        let mut holders = BTreeSet::new();
        // Who acknowledged a place has all below it: from the end downwards, until enough do.
        while let Some(end) = branch.last().copied() {
            holders.extend(acks.holders(end));
            if end.sequence <= durable {
                holders.extend(self.me);
                let power = self.committee.power_of(holders.iter().copied());
                if power.is_some_and(|power| power > self.committee.fault_power()) {
                    break;
                }
            }
            branch.pop();
        }
        branch.truncate(usize::try_from(limits::CUT_LANE_BATCHES_MAX).unwrap_or(usize::MAX));
        branch
    }
}

/// What a cut takes of one lane.
struct Run<'a> {
    lane: ValidatorIndex,
    held: &'a Lane,
    places: Vec<Place>,
    named: usize,
}

impl Run<'_> {
    /// Takes one more batch, if there is one and it fits; how many it took.
    fn take(&mut self, total: &mut Total) -> usize {
        let next = self.places.get(self.named).and_then(|place| self.held.batch(*place));
        let taken = usize::from(next.is_some_and(|batch| total.add(batch)));
        self.named += taken;
        taken
    }

    fn end(&self) -> Option<BatchRef> {
        let last = self.places.get(self.named.checked_sub(1)?)?;
        Some(last.in_lane(self.lane))
    }
}
