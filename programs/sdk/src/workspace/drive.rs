//! What executors do with a workspace: no access check, no work.

use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Touch;
use heddle_types::TxFailure;
use heddle_types::Value;

use super::Abort;
use super::Appended;
use super::Change;
use super::Permission;
use super::Scratch;
use super::Stopped;
use super::Workspace;
use super::block;
use super::work_of_bytes;
use crate::base::Base;
use crate::limits::Bounds;
use crate::slot::Local;
use crate::slot::Place;
use crate::slot::Slot;

impl<'a> Workspace<'a> {
    /// An empty one over `base`, with `work` units to use, in memory that an earlier one has used.
    #[inline]
    pub fn new(
        base: &'a dyn Base,
        permission: Permission<'a>,
        work: u64,
        memory: &'a mut Scratch,
    ) -> Self {
        memory.slots.clear();
        memory.opened.clear();
        memory.appends.clear();
        memory.events.clear();
        match permission {
            Permission::Declared(set) => memory.slots.resize_with(set.len(), Slot::default),
            Permission::Open => {}
        }
        Self {
            base,
            permission,
            work_left: work,
            bounds: Bounds::TRANSACTION,
            program: ProgramId::SYSTEM,
            call: 0,
            appended: 0,
            memory,
            stopped: None,
        }
    }

    /// With other bounds than a transaction's.
    #[must_use]
    pub const fn within(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// From here on events and appends are of this program and call.
    pub const fn enter(&mut self, program: ProgramId, call: u8) {
        self.program = program;
        self.call = call;
        self.appended = 0;
    }

    /// Why every operation fails by now, whatever the program says.
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// The slot of `key`, which is declared, or taken for it now if nothing needs to be.
    ///
    /// # Panics
    /// When `key` would have to be declared and is not.
    pub fn open_slot(&mut self, key: &StateKey) -> usize {
        match self.permission {
            Permission::Declared(set) => set.slot(key).expect("the envelope's keys are declared"),
            Permission::Open => self.memory.opened.slot(key).unwrap_or_else(|| {
                self.memory.slots.push(Slot::default());
                self.memory.opened.push(*key)
            }),
        }
    }

    /// What is beneath `slot`.
    ///
    /// # Errors
    /// When that is not known yet.
    #[inline]
    pub fn beneath(&mut self, slot: usize) -> Result<Option<&Entry>, Abort> {
        let (one, place, stopped) = self.at(slot);
        one.beneath(place).map_err(|blocked| block(stopped, blocked))
    }

    /// Puts `value` at `slot`.
    #[inline]
    pub fn put(&mut self, slot: usize, value: Value) {
        self.memory.slots[slot].put(value);
    }

    /// Uses the work that putting so many bytes takes.
    ///
    /// # Errors
    /// When work has run out.
    pub fn charge_put(&mut self, len: usize) -> Result<(), Abort> {
        self.charge(work_of_bytes(len))
    }

    /// How many slots there are, touched or not.
    pub const fn len(&self) -> usize {
        self.memory.slots.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.memory.slots.is_empty()
    }

    /// The key of a slot.
    ///
    /// # Panics
    /// When there are not that many.
    #[inline]
    pub fn key(&self, slot: usize) -> &StateKey {
        match self.permission {
            Permission::Declared(set) => set.key(slot),
            Permission::Open => &self.memory.opened.as_slice()[slot],
        }
    }

    /// How the key of a slot was touched so far.
    #[inline]
    pub fn touch_of(&self, slot: usize) -> Touch {
        self.memory.slots[slot].touch()
    }

    /// Hands out what is done to each key, by slot; it is done no more then.
    ///
    /// # Errors
    /// When what is beneath a changed key is not known yet.
    #[inline]
    pub fn take_changes(
        &mut self,
        mut settle: impl FnMut(usize, &StateKey, Change<'_>),
    ) -> Result<(), Abort> {
        for slot in 0..self.len() {
            let (one, place, stopped) = self.at(slot);
            match one.take_local() {
                Local::Untouched => {}
                Local::Added(delta) => {
                    let is_new = !place.base.was_there(place.key, place.slot);
                    settle(slot, place.key, Change::Add { delta, is_new });
                }
                Local::Put(value) => {
                    let base = one.beneath(place).map_err(|blocked| block(stopped, blocked))?;
                    settle(slot, place.key, Change::Put { base, value });
                }
                Local::Deleted => {
                    let base = one.beneath(place).map_err(|blocked| block(stopped, blocked))?;
                    settle(slot, place.key, Change::Delete { base });
                }
            }
        }
        Ok(())
    }

    /// Fails the transaction or item, unless it has been stopped for something else before. A panic is what it fails with even if it
    /// would have failed for something else; a void execution stays void.
    #[cold]
    pub fn fail(&mut self, failure: TxFailure) -> Abort {
        let is_panic = failure == TxFailure::ProgramPanic;
        match &self.stopped {
            Some(Stopped::Blocked(_)) => {}
            Some(Stopped::Failed(_)) if !is_panic => {}
            Some(Stopped::Failed(_)) | None => self.stopped = Some(Stopped::Failed(failure)),
        }
        Abort::NEW
    }

    /// Its memory, with what was appended and emitted, and why it was stopped if it was.
    pub fn finish(self) -> (&'a mut Scratch, Option<Stopped>) {
        (self.memory, self.stopped)
    }

    /// What was appended so far, in that order.
    pub fn appends(&self) -> &[Appended] {
        &self.memory.appends
    }

    #[inline]
    fn at(&mut self, slot: usize) -> (&mut Slot, Place<'_>, &mut Option<Stopped>) {
        let key = match self.permission {
            Permission::Declared(set) => set.key(slot),
            Permission::Open => &self.memory.opened.as_slice()[slot],
        };
        let base_slot = matches!(self.permission, Permission::Declared(_)).then_some(slot);
        let place = Place { base: self.base, key, slot: base_slot };
        (&mut self.memory.slots[slot], place, &mut self.stopped)
    }
}
