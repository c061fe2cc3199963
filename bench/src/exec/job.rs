//! What all measured tasks have in common: their values, and that they can be run declared and open.

use std::sync::Arc;

use heddle_engine::Blocked;
use heddle_engine::Job;
use heddle_engine::Key;
use heddle_engine::OpenJob;
use heddle_engine::OpenView;
use heddle_engine::Task;

use crate::exec::spin::mix;

/// What is at a key, 16 bytes: something that tasks add and subtract, and a mark of everything that was ever done to it,
/// in its order. Two orders of the same tasks leave different marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) amount: u64,
    pub(crate) mark: u64,
}

impl Cell {
    /// Before the first task.
    pub(crate) const fn start(key: u64) -> Self {
        Self { amount: 1_000_000, mark: key }
    }

    /// Adds. The mark changes too, so that adds folded in another order are seen.
    pub(crate) const fn fold(&mut self, delta: u64) {
        self.amount = self.amount.wrapping_add(delta);
        self.mark = mix(self.mark ^ delta);
    }
}

/// Tasks that can be run declared and open, with the same outcome. An output is a mark of all that the task read.
pub(crate) trait Steps:
    Job<Value = Cell, Delta = u64, Output = u64, Scratch = ()> + Send + Sync + 'static
{
    /// As [`Job::run`], on keys instead of slots.
    fn run_open<V>(&self, task: Task, view: &mut V) -> Result<u64, Blocked>
    where
        V: OpenView<Value = Cell, Delta = u64>;
}

/// Tasks that are run open, with what is at each key before them.
#[derive(Debug)]
pub(crate) struct Opened<J> {
    pub(crate) job: Arc<J>,
    pub(crate) base: Vec<Cell>,
}

impl<J: Steps> OpenJob for Opened<J> {
    type Value = Cell;
    type Delta = u64;
    type Output = u64;
    type Scratch = ();

    fn base(&self, key: Key) -> Cell {
        self.base[key.index()]
    }

    fn fold(&self, key: Key, value: &mut Cell, delta: &u64) {
        self.job.fold(key, value, delta);
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ()) -> Result<u64, Blocked>
    where
        V: OpenView<Value = Cell, Delta = u64>,
    {
        self.job.run_open(task, view)
    }
}
