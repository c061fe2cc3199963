//! What a task sees that is run before those before it are known to be done.

use super::chain::Change;
use super::chain::Run;
use super::worker::Own;
use super::worker::Shared;
use crate::job::Blocked;
use crate::job::Key;
use crate::job::OpenJob;
use crate::job::OpenView;
use crate::job::Task;

/// A run of a task; what it writes stays here until it is done.
pub(super) struct Speculative<'a, O: OpenJob> {
    shared: &'a Shared<'a, O>,
    run: Run,
    own: &'a mut Own<O>,
    /// Why the run is in vain: where it met another task, itself when it is doomed.
    obstacle: Option<(Key, u32)>,
}

impl<'a, O: OpenJob> Speculative<'a, O> {
    pub(super) const fn new(shared: &'a Shared<'a, O>, run: Run, own: &'a mut Own<O>) -> Self {
        Self { shared, run, own, obstacle: None }
    }

    /// Whom the run met at which key, if it was in vain.
    pub(super) const fn into_obstacle(self) -> Option<(Key, u32)> {
        self.obstacle
    }

    fn try_read(&mut self, key: Key) -> Result<O::Value, u32> {
        if let Some((_, task)) = self.obstacle {
            return Err(task);
        }
        if self.shared.schedule.is_doomed(self.run.task) {
            return Err(self.run.task);
        }
        self.shared.memory.chain(key, &mut self.own.spare).read(self.shared.job, key, self.run)
    }
}

impl<O: OpenJob> OpenView for Speculative<'_, O> {
    type Value = O::Value;
    type Delta = O::Delta;

    fn read(&mut self, key: Key) -> Result<O::Value, Blocked> {
        self.try_read(key).map_err(|task| {
            self.obstacle.get_or_insert((key, task));
            Blocked(Task::new(task))
        })
    }

    fn write(&mut self, key: Key, value: O::Value) {
        self.own.changes.push((key, Change::Put(value)));
    }

    fn add(&mut self, key: Key, delta: O::Delta) {
        self.own.changes.push((key, Change::Add(delta)));
    }
}
