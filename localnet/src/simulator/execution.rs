//! Executing blocks: by the specification and by what nodes run, once for all nodes of a run that do it in the same state.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_executor::BlockInput;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::Sequential;
use heddle_state::State;
use heddle_types::BlockHash;
use heddle_types::ChangeSet;
use heddle_types::CheckedBlock;
use heddle_types::StateRoot;
use heddle_types::TxId;

use super::oracle::Violation;
use super::universe::Universe;

thread_local! {
    /// What every block is executed by besides the specification.
    static PARALLEL: RefCell<Parallel> = {
        let config = Config { choice: Choice::Planned, chunk: Some(1), ..Config::threads(2) };
        RefCell::new(Parallel::new(config))
    };
}

/// What executing a block comes to.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) changes: Arc<ChangeSet>,
    pub(crate) transaction_ids: Vec<TxId>,
    /// Positions of transactions, ascending.
    pub(crate) skipped: Vec<u32>,
}

/// By block, and the root before it.
pub(crate) type Outcomes = BTreeMap<(BlockHash, StateRoot), Arc<Effect>>;

impl Universe {
    /// What the block does to the state, executed unless that is known.
    ///
    /// # Errors
    /// The two executors differ.
    pub(crate) fn outcome_of(
        &self,
        state: &State,
        block: &CheckedBlock,
        known: &mut Outcomes,
    ) -> Result<Arc<Effect>, Violation> {
        let place = (block.hash(), state.root());
        if let Some(effect) = known.get(&place) {
            return Ok(Arc::clone(effect));
        }
        let input = BlockInput { header: block.header(), transactions: block.transactions() };
        let outcome = Sequential::default().execute(&self.programs, state, &input);
        // An empty block has no parts to spread.
        let same = block.transactions().is_empty()
            || PARALLEL.with_borrow_mut(|parallel| {
                parallel.execute(&self.programs, state, &input) == outcome
            });
        if !same {
            let height = block.header().height;
            return Err(Violation(format!(
                "height {height}: the parallel executor gives another outcome"
            )));
        }
        let effect = Arc::new(Effect {
            changes: Arc::new(outcome.changes),
            transaction_ids: outcome.transaction_ids,
            skipped: outcome.skipped.iter().map(|skip| skip.0).collect(),
        });
        known.insert(place, Arc::clone(&effect));
        Ok(effect)
    }
}
