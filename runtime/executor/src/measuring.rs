//! Parts of execution on their own, for benchmarks.

use heddle_sdk::Base;
use heddle_sdk::Blocked;
use heddle_sdk::Programs;
use heddle_types::Entry;
use heddle_types::Receipt;
use heddle_types::StateKey;
use heddle_types::StateView;

use crate::block::BlockInput;
use crate::plan;
use crate::plan::Plan;
use crate::transaction;
use crate::transaction::Runner;
use crate::transaction::Scratch;

/// A block's declared transactions, run one after the other on the state before the block, with nothing applied and everything
/// that they need at hand: what the transactions themselves cost, without planning and without state.
#[derive(Debug)]
pub struct Transfers<'a> {
    runner: Runner<'a>,
    plan: Plan<'a>,
    bases: Vec<Slots>,
    scratch: Scratch,
}

/// What is at a transaction's declared keys, by slot.
#[derive(Debug)]
struct Slots(Vec<Option<Entry>>);

impl Base for Slots {
    fn entry<'s>(
        &'s self,
        _key: &StateKey,
        slot: Option<usize>,
        _copy: &'s mut Option<Entry>,
    ) -> Result<Option<&'s Entry>, Blocked> {
        Ok(slot.and_then(|slot| self.0[slot].as_ref()))
    }

    fn was_there(&self, _key: &StateKey, slot: Option<usize>) -> bool {
        slot.is_some_and(|slot| self.0[slot].is_some())
    }
}

impl<'a> Transfers<'a> {
    /// The declared transactions of `block`.
    pub fn new(programs: &'a Programs, state: &dyn StateView, block: &BlockInput<'a>) -> Self {
        let plan = plan::plan(programs, state, block);
        let slots = |set: &heddle_types::AccessSet| {
            Slots(set.iter().map(|(key, _)| state.entry(key)).collect())
        };
        let bases = plan.declared.iter().map(|planned| slots(&planned.declared.set)).collect();
        let runner = Runner { programs, block: block.info() };
        Self { runner, plan, bases, scratch: Scratch::default() }
    }

    /// Runs all of them. Their receipts are put into `receipts`.
    pub fn run(&mut self, receipts: &mut Vec<Receipt>) {
        for (planned, base) in self.plan.declared.iter().zip(&self.bases) {
            let ran = transaction::run(self.runner, base, planned, &mut self.scratch);
            receipts.extend(ran.ok().map(|ran| ran.receipt));
        }
    }
}
