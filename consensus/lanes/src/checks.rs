//! Proposed cuts that wait for what they add.

use std::collections::BTreeMap;

use heddle_types::BatchRef;
use heddle_types::BlockHash;
use heddle_types::Height;
use heddle_types::ValidatorIndex;

use crate::cut;
use crate::cut::Missing;
use crate::io::Action;
use crate::io::Verdict;
use crate::lane::Lane;
use crate::limits;
use crate::place::Positions;

/// By when they came; the newest are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    waiting: BTreeMap<u64, Check>,
    came: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) block: BlockHash,
    pub(crate) height: Height,
    pub(crate) proposer: ValidatorIndex,
    /// Where its ancestors' cuts ended.
    pub(crate) base: Positions,
    pub(crate) cut: Vec<BatchRef>,
    /// Whether it was said that something is missing.
    pub(crate) told: bool,
}

impl Checks {
    /// A cut waits. If it waits already, what is known of it is said again. When too many do, the oldest is given up: its view
    /// is over, or its proposer makes more than one.
    pub(crate) fn add(&mut self, check: Check) {
        self.waiting.retain(|_, other| other.block != check.block);
        self.came = self.came.saturating_add(1);
        self.waiting.insert(self.came, check);
        while self.waiting.len() > limits::CHECKS_MAX {
            self.waiting.pop_first();
        }
    }

    /// A height is final: what was proposed for it or below is decided.
    pub(crate) fn on_final(&mut self, height: Height) {
        self.waiting.retain(|_, check| check.height > height);
    }

    /// Says of each cut what can be said now; those that need no more are forgotten.
    pub(crate) fn judge(&mut self, lanes: &[Lane], actions: &mut Vec<Action>) {
        self.waiting.retain(|_, check| {
            let verdict = match cut::extension(lanes, &check.base, &check.cut) {
                Err(fault) => Verdict::Invalid(fault),
                Ok(extension) if extension.is_available() => Verdict::Available,
                Ok(_) => Verdict::Missing,
            };
            let waits = verdict == Verdict::Missing;
            if !waits || !check.told {
                actions.push(Action::Verdict { block: check.block, verdict });
            }
            check.told = true;
            waits
        });
    }

    /// What is missing for them and may be fetched, and who proposed them.
    pub(crate) fn missing(&self, lanes: &[Lane]) -> Vec<(Missing, ValidatorIndex)> {
        let of = |check: &Check| {
            let missing = cut::extension(lanes, &check.base, &check.cut);
            let missing = missing.map(|extension| extension.missing).unwrap_or_default();
            let proposer = check.proposer;
            let may_fetch = |missing: &Missing| {
                let lane = lanes.get(usize::from(missing.lane.get()));
                lane.is_some_and(|lane| lane.may_fetch(missing.place.sequence))
            };
            missing.into_iter().filter(may_fetch).map(move |missing| (missing, proposer))
        };
        self.waiting.values().flat_map(of).collect()
    }
}
