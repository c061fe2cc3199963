//! What all measured tasks have in common: their values, and that they can be run declared and open.

use heddle_engine::Blocked;
use heddle_engine::Job;
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
    #[expect(dead_code, reason = "called once the engine has its open way")]
    /// As [`Job::run`], on keys instead of slots.
    fn run_open<V>(&self, task: Task, view: &mut V) -> Result<u64, Blocked>
    where
        V: OpenView<Value = Cell, Delta = u64>;
}
