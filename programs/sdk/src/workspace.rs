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
use heddle_types::TxFailure;
use heddle_types::Value;
use heddle_types::limits;

use crate::base::Base;
use crate::base::Blocked;
use crate::fees;
use crate::limits::Bounds;
use crate::opened::OpenedKeys;
use crate::resident;
use crate::slot::Place;
use crate::slot::Slot;

mod drive;

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
    bounds: Bounds,
    program: ProgramId,
    call: u8,
    /// Entries that the call has appended.
    appended: u16,
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
        let len = self.check_len(data.len(), self.bounds.append_bytes)?;
        self.permit(key, AccessMode::Append)?;
        self.charge(work_of_bytes(len))?;
        let item = self.appended;
        let next = item.checked_add(1);
        let Some(next) = next.filter(|_| self.memory.appends.len() < self.bounds.appends) else {
            return Err(self.out_of_meter());
        };
        self.appended = next;
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
        if self.memory.events.len() >= self.bounds.events {
            return Err(self.out_of_meter());
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
            None => Err(self.out_of_meter()),
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
            return Err(self.out_of_meter());
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
            Some(_) | None => Err(self.undeclared(key)),
        }
    }

    #[inline]
    fn check_len(&mut self, len: usize, max: usize) -> Result<usize, Abort> {
        if len <= max { Ok(len) } else { Err(self.out_of_meter()) }
    }

    // Apart from what calls them, which is small and used all the time.

    #[cold]
    fn undeclared(&mut self, key: &StateKey) -> Abort {
        self.fail(TxFailure::UndeclaredAccess(Box::new(*key)))
    }

    #[cold]
    fn out_of_meter(&mut self) -> Abort {
        self.fail(TxFailure::OutOfMeter)
    }

    /// What the base knows `slot` by.
    #[inline]
    fn base_slot(&self, slot: usize) -> Option<usize> {
        matches!(self.permission, Permission::Declared(_)).then_some(slot)
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
