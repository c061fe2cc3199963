//! What a task sees that is run in order: what all before it have left, in place.

use super::chain::Change;
use super::worker::Own;
use super::worker::Shared;
use crate::job::Blocked;
use crate::job::Key;
use crate::job::OpenJob;
use crate::job::OpenView;

/// A run of a task; what it writes stays here until it is done.
pub(super) struct InOrder<'a, O: OpenJob> {
    pub(super) shared: &'a Shared<'a, O>,
    pub(super) own: &'a mut Own<O>,
}

impl<O: OpenJob> OpenView for InOrder<'_, O> {
    type Value = O::Value;
    type Delta = O::Delta;

    fn read(&mut self, key: Key) -> Result<O::Value, Blocked> {
        Ok(self.shared.memory.chain(key, &mut self.own.spare).settled(self.shared.job, key).clone())
    }

    fn write(&mut self, key: Key, value: O::Value) {
        self.own.changes.push((key, Change::Put(value)));
    }

    fn add(&mut self, key: Key, delta: O::Delta) {
        self.own.changes.push((key, Change::Add(delta)));
    }
}
