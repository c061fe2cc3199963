//! What one transaction, or one phase item, touches and has done so far.
//!
//! Nothing leaves a workspace before an executor takes its changes: dropping it undoes everything. A violation of the
//! declared access or of a limit is *sticky*: every later operation fails too, and the executor fails the transaction
//! even if the program swallows the error. So is meeting a value that is not known yet, which voids the execution.

use std::fmt;

use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::Bytes;
use heddle_types::Entry;
use heddle_types::Event;
use heddle_types::EventData;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Touch;
use heddle_types::TxFailure;
use heddle_types::Value;
use heddle_types::limits;

use crate::base::Base;
use crate::base::Blocked;
use crate::fees;
use crate::limits::APPEND_BYTES_MAX;
use crate::limits::APPENDS_MAX;
use crate::opened::OpenedKeys;
use crate::resident;
use crate::slot::Local;
use crate::slot::Place;
use crate::slot::Slot;

/// The transaction or item is aborted; pass it on with `?`. Only this crate makes one, and it is sticky where it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort(());

impl Abort {
    pub(crate) const NEW: Self = Self(());
}

/// What may be touched. Keys of the system program never may, nor those of resident objects.
#[derive(Clone, Copy, Debug)]
pub enum Permission<'a> {
    /// These keys in these modes; `Write` allows everything.
    Declared(&'a AccessSet),
    /// Any key, at most [`limits::ACCESS_KEYS_MAX`] of them.
    Open,
}

/// What one transaction or phase item touches and has done so far.
pub struct Workspace<'a> {
    base: &'a dyn Base,
    permission: Permission<'a>,
    work_left: u64,
    program: ProgramId,
    call: u8,
    memory: &'a mut Scratch,
    stopped: Option<Stopped>,
}

/// Memory of workspaces, used again for the next one: a transaction that is like others takes none of its own.
#[derive(Debug, Default)]
pub struct Scratch {
    /// By slot of the declaration, or of `opened`.
    slots: Vec<Slot>,
    opened: OpenedKeys,
    appends: Vec<Appended>,
    events: Vec<Event>,
}

/// Why every operation fails from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The transaction or item fails with this, whatever its program says.
    Failed(TxFailure),
    /// This execution is void.
    Blocked(Blocked),
}

/// What a workspace does to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<'w> {
    /// A new value; `base` is what was there.
    Put {
        /// What was there.
        base: Option<&'w Entry>,
        /// The new value.
        value: Value,
    },
    /// No value any more; `base` is what was there.
    Delete {
        /// What was there.
        base: Option<&'w Entry>,
    },
    /// A number is added, unseen.
    Add {
        /// The number.
        delta: i128,
        /// Whether there was nothing when the block began.
        is_new: bool,
    },
}

/// An entry for an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The inbox.
    pub key: StateKey,
    /// The call that appended it.
    pub call: u8,
    /// Its number among what this call appended.
    pub item: u16,
    /// The program's bytes.
    pub data: Bytes,
}

impl Scratch {
    /// The keys of the last workspace's slots, if it was open.
    pub fn opened_keys(&self) -> &[StateKey] {
        self.opened.as_slice()
    }

    /// What was appended in the last workspace, in that order.
    pub const fn appends(&mut self) -> &mut Vec<Appended> {
        &mut self.appends
    }

    /// What was emitted in the last workspace, in that order.
    pub const fn events(&mut self) -> &mut Vec<Event> {
        &mut self.events
    }
}

impl Workspace<'_> {
    /// What is at `key`, with this transaction's own earlier effects.
    ///
    /// # Errors
    /// When `key` is not declared as `Read` or `Write`, or work has run out.
    #[inline]
    pub fn read(&mut self, key: &StateKey) -> Result<Option<Value>, Abort> {
        let slot = self.touch(key, AccessMode::Read, fees::WORK_PER_ACCESS)?;
        let place = Place { base: self.base, key, slot: self.base_slot(slot) };
        let value = self.memory.slots[slot].read(place);
        value.map_err(|blocked| block(&mut self.stopped, blocked))
    }

    /// Puts `value` at `key`.
    ///
    /// # Errors
    /// When `key` is not declared as `Write`, the value is too long, or work has run out.
    #[inline]
    pub fn write(&mut self, key: &StateKey, value: Value) -> Result<(), Abort> {
        let len = self.check_len(value.as_bytes().len(), limits::VALUE_BYTES_MAX)?;
        let slot = self.touch(key, AccessMode::Write, work_of_bytes(len))?;
        self.memory.slots[slot].put(value);
        Ok(())
    }

    /// Deletes `key`; its deposit goes back to its payer when the block ends. Nothing happens when it is not there.
    ///
    /// # Errors
    /// When `key` is not declared as `Write`, or work has run out.
    #[inline]
    pub fn delete(&mut self, key: &StateKey) -> Result<(), Abort> {
        let slot = self.touch(key, AccessMode::Write, fees::WORK_PER_ACCESS)?;
        self.memory.slots[slot].delete();
        Ok(())
    }

    /// Adds `delta` to the number at `key`, unseen; see [`crate::add_to_value`]. A key that is not there is created, with a
    /// deposit. Cannot fail for the caller: undeclared access, or no work left, fails the transaction when it ends.
    #[inline]
    pub fn add(&mut self, key: &StateKey, delta: i128) {
        if let Ok(slot) = self.touch(key, AccessMode::Add, fees::WORK_PER_ADD) {
            self.memory.slots[slot].add(delta);
        }
    }

    /// Appends `data` to the inbox `key`, for a later phase of this block.
    ///
    /// # Errors
    /// When `key` is not declared as `Append` or `Write`, `data` is too long, there are too many entries, or work has run out.
    pub fn append(&mut self, key: &StateKey, data: Vec<u8>) -> Result<(), Abort> {
        let len = self.check_len(data.len(), APPEND_BYTES_MAX)?;
        self.permit(key, AccessMode::Append)?;
        self.charge(work_of_bytes(len))?;
        if self.memory.appends.len() >= APPENDS_MAX {
            return Err(self.fail(TxFailure::OutOfMeter));
        }
        let earlier = self.memory.appends.iter().filter(|entry| entry.call == self.call).count();
        let item = u16::try_from(earlier).map_err(|_| self.fail(TxFailure::OutOfMeter))?;
        self.memory.appends.push(Appended { key: *key, call: self.call, item, data: data.into() });
        Ok(())
    }

    /// Reports something, of a kind that the program numbers itself.
    ///
    /// # Errors
    /// When `data` is too long, there are too many events, or work has run out.
    #[inline]
    pub fn emit(&mut self, kind: u16, data: impl AsRef<[u8]>) -> Result<(), Abort> {
        let data = data.as_ref();
        let len = self.check_len(data.len(), limits::EVENT_BYTES_MAX)?;
        self.charge(work_of_bytes(len))?;
        if self.memory.events.len() >= limits::EVENTS_MAX {
            return Err(self.fail(TxFailure::OutOfMeter));
        }
        self.memory.events.push(Event { program: self.program, kind, data: EventData::new(data) });
        Ok(())
    }

    /// Uses `work` units. Every loop over what a user made large charges for each round.
    ///
    /// # Errors
    /// When work has run out.
    #[inline]
    pub fn charge(&mut self, work: u64) -> Result<(), Abort> {
        if self.stopped.is_some() {
            return Err(Abort::NEW);
        }
        match self.work_left.checked_sub(work) {
            Some(left) => {
                self.work_left = left;
                Ok(())
            }
            None => Err(self.fail(TxFailure::OutOfMeter)),
        }
    }

    /// The slot of a key that may be touched in this mode.
    #[inline]
    fn touch(&mut self, key: &StateKey, mode: AccessMode, work: u64) -> Result<usize, Abort> {
        let slot = self.permit(key, mode)?;
        self.charge(work)?;
        match self.permission {
            Permission::Declared(_) => Ok(slot),
            Permission::Open => self.open(key),
        }
    }

    /// The slot of a key that needs no declaration.
    fn open(&mut self, key: &StateKey) -> Result<usize, Abort> {
        if let Some(slot) = self.memory.opened.slot(key) {
            return Ok(slot);
        }
        if self.memory.slots.len() >= limits::ACCESS_KEYS_MAX {
            return Err(self.fail(TxFailure::OutOfMeter));
        }
        self.memory.slots.push(Slot::default());
        Ok(self.memory.opened.push(*key))
    }

    /// Checks that `key` may be touched in this mode; its slot if it is declared.
    #[inline]
    fn permit(&mut self, key: &StateKey, mode: AccessMode) -> Result<usize, Abort> {
        if self.stopped.is_some() {
            return Err(Abort::NEW);
        }
        let slot = match self.permission {
            Permission::Open => Some(0),
            Permission::Declared(set) => set.slot_for(key, mode),
        };
        match slot {
            Some(slot) if may_be_touched(key) => Ok(slot),
            Some(_) | None => Err(self.fail(TxFailure::UndeclaredAccess(*key))),
        }
    }

    #[inline]
    fn check_len(&mut self, len: usize, max: usize) -> Result<usize, Abort> {
        if len <= max { Ok(len) } else { Err(self.fail(TxFailure::OutOfMeter)) }
    }

    /// What the base knows `slot` by.
    #[inline]
    fn base_slot(&self, slot: usize) -> Option<usize> {
        matches!(self.permission, Permission::Declared(_)).then_some(slot)
    }
}

/// For executors: no access check, no work.
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
        let (program, call) = (ProgramId::SYSTEM, 0);
        Self { base, permission, work_left: work, program, call, memory, stopped: None }
    }

    /// From here on events and appends are of this program and call.
    pub const fn enter(&mut self, program: ProgramId, call: u8) {
        self.program = program;
        self.call = call;
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

    /// Its memory, with what was appended and emitted.
    pub const fn into_memory(self) -> &'a mut Scratch {
        self.memory
    }

    /// Why it was stopped.
    pub const fn take_stopped(&mut self) -> Option<Stopped> {
        self.stopped.take()
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

#[inline]
fn may_be_touched(key: &StateKey) -> bool {
    key.program() != ProgramId::SYSTEM && !resident::is_reserved(key)
}

#[cold]
fn block(stopped: &mut Option<Stopped>, blocked: Blocked) -> Abort {
    stopped.get_or_insert(Stopped::Blocked(blocked));
    Abort::NEW
}

#[inline]
fn work_of_bytes(len: usize) -> u64 {
    let units = len.div_ceil(fees::BYTES_PER_WORK);
    fees::WORK_PER_ACCESS.saturating_add(u64::try_from(units).unwrap_or(u64::MAX))
}

impl fmt::Debug for Workspace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("program", &self.program)
            .field("slots", &self.memory.slots.len())
            .field("work_left", &self.work_left)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}
