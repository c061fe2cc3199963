//! What one transaction, or one phase item, touches and has done so far.
//!
//! Nothing leaves a workspace before [`Workspace::into_effects`]: dropping it undoes everything. A violation of the
//! declared access or of a limit is *sticky*: every later operation fails too, and the executor fails the transaction
//! even if the program swallows the error.

use std::collections::BTreeMap;
use std::fmt;

use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::AccessTrace;
use heddle_types::Bytes;
use heddle_types::Entry;
use heddle_types::Event;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::TxFailure;
use heddle_types::Value;
use heddle_types::limits;

use crate::fees;
use crate::limits::APPEND_BYTES_MAX;
use crate::limits::APPENDS_MAX;
use crate::number;

/// The transaction or item is aborted; pass it on with `?`. Only this crate makes one, and it is sticky where it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort(());

impl Abort {
    pub(crate) const NEW: Self = Self(());
}

/// What may be touched. Keys of the system program never may.
#[derive(Clone, Copy, Debug)]
pub enum Permission<'a> {
    /// These keys in these modes; `Write` allows everything.
    Declared(&'a AccessSet),
    /// Any key, at most [`limits::ACCESS_KEYS_MAX`] of them.
    Open,
}

/// What one transaction or phase item touches and has done so far.
pub struct Workspace<'a> {
    base: &'a dyn StateView,
    permission: Permission<'a>,
    work_left: u64,
    program: ProgramId,
    call: u8,
    slots: BTreeMap<StateKey, Slot>,
    appends: Vec<Appended>,
    events: Vec<Event>,
    failure: Option<TxFailure>,
}

/// One key as this workspace sees it.
#[derive(Default)]
struct Slot {
    /// What is beneath, once it was looked up.
    base: Option<Option<Entry>>,
    is_read: bool,
    local: Local,
}

/// ```text
/// Untouched --add--> Added --read--> Put     (a read after an add has seen the sum)
///     \--write/delete--> Put <--write/add--> Deleted
/// ```
#[derive(Default)]
enum Local {
    #[default]
    Untouched,
    Added(i128),
    Put(Value),
    Deleted,
}

/// What a workspace does to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new value; `base` is what was there.
    Put {
        /// What was there.
        base: Option<Entry>,
        /// The new value.
        value: Value,
    },
    /// No value any more; `base` is what was there.
    Delete {
        /// What was there.
        base: Option<Entry>,
    },
    /// A number is added, unseen.
    Add(i128),
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

/// Everything that a successful transaction or phase item does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// By key, ascending.
    pub changes: Vec<(StateKey, Change)>,
    /// In the order in which they were appended.
    pub appends: Vec<Appended>,
    /// In the order in which they were emitted.
    pub events: Vec<Event>,
}

impl<'a> Workspace<'a> {
    /// An empty one over `base`, with `work` units to use.
    pub const fn new(base: &'a dyn StateView, permission: Permission<'a>, work: u64) -> Self {
        Self {
            base,
            permission,
            work_left: work,
            program: ProgramId::SYSTEM,
            call: 0,
            slots: BTreeMap::new(),
            appends: Vec::new(),
            events: Vec::new(),
            failure: None,
        }
    }

    /// What is at `key`, with this transaction's own earlier effects.
    ///
    /// # Errors
    /// When `key` is not declared as `Read` or `Write`, or work has run out.
    pub fn read(&mut self, key: &StateKey) -> Result<Option<Value>, Abort> {
        let base = self.base;
        let slot = self.touch(key, AccessMode::Read, fees::WORK_PER_ACCESS)?;
        slot.is_read = true;
        Ok(slot.resolve(base, key))
    }

    /// Puts `value` at `key`.
    ///
    /// # Errors
    /// When `key` is not declared as `Write`, the value is too long, or work has run out.
    pub fn write(&mut self, key: &StateKey, value: Value) -> Result<(), Abort> {
        let len = self.check_len(value.as_bytes().len(), limits::VALUE_BYTES_MAX)?;
        let work = work_of_bytes(len);
        self.touch(key, AccessMode::Write, work)?.local = Local::Put(value);
        Ok(())
    }

    /// Deletes `key`; its deposit goes back to its payer when the block ends. Nothing happens when it is not there.
    ///
    /// # Errors
    /// When `key` is not declared as `Write`, or work has run out.
    pub fn delete(&mut self, key: &StateKey) -> Result<(), Abort> {
        self.touch(key, AccessMode::Write, fees::WORK_PER_ACCESS)?.local = Local::Deleted;
        Ok(())
    }

    /// Adds `delta` to the number at `key`, unseen; see [`number::add_to_value`]. A key that is not there is created, with a
    /// deposit. Cannot fail for the caller: undeclared access, or no work left, fails the transaction when it ends.
    pub fn add(&mut self, key: &StateKey, delta: i128) {
        let Ok(slot) = self.touch(key, AccessMode::Add, fees::WORK_PER_ADD) else {
            return;
        };
        slot.local = match std::mem::take(&mut slot.local) {
            Local::Untouched => Local::Added(delta),
            Local::Added(before) => Local::Added(before.wrapping_add(delta)),
            Local::Put(value) => Local::Put(number::add_to_value(Some(&value), delta)),
            Local::Deleted => Local::Put(number::add_to_value(None, delta)),
        };
    }

    /// Appends `data` to the inbox `key`, for a later phase of this block.
    ///
    /// # Errors
    /// When `key` is not declared as `Append` or `Write`, `data` is too long, there are too many entries, or work has run out.
    pub fn append(&mut self, key: &StateKey, data: Vec<u8>) -> Result<(), Abort> {
        let len = self.check_len(data.len(), APPEND_BYTES_MAX)?;
        self.permit(key, AccessMode::Append)?;
        self.charge(work_of_bytes(len))?;
        if self.appends.len() >= APPENDS_MAX {
            return Err(self.abort(TxFailure::OutOfMeter));
        }
        let earlier = self.appends.iter().filter(|entry| entry.call == self.call).count();
        let item = u16::try_from(earlier).map_err(|_| self.abort(TxFailure::OutOfMeter))?;
        self.appends.push(Appended { key: *key, call: self.call, item, data: data.into() });
        Ok(())
    }

    /// Reports something, of a kind that the program numbers itself.
    ///
    /// # Errors
    /// When `data` is too long, there are too many events, or work has run out.
    pub fn emit(&mut self, kind: u16, data: Vec<u8>) -> Result<(), Abort> {
        let len = self.check_len(data.len(), limits::EVENT_BYTES_MAX)?;
        self.charge(work_of_bytes(len))?;
        if self.events.len() >= limits::EVENTS_MAX {
            return Err(self.abort(TxFailure::OutOfMeter));
        }
        self.events.push(Event { program: self.program, kind, data: data.into() });
        Ok(())
    }

    /// Uses `work` units. Every loop over what a user made large charges for each round.
    ///
    /// # Errors
    /// When work has run out.
    pub fn charge(&mut self, work: u64) -> Result<(), Abort> {
        if self.failure.is_some() {
            return Err(Abort::NEW);
        }
        match self.work_left.checked_sub(work) {
            Some(left) => {
                self.work_left = left;
                Ok(())
            }
            None => Err(self.abort(TxFailure::OutOfMeter)),
        }
    }

    fn touch(&mut self, key: &StateKey, mode: AccessMode, work: u64) -> Result<&mut Slot, Abort> {
        self.permit(key, mode)?;
        self.charge(work)?;
        let is_full = self.slots.len() >= limits::ACCESS_KEYS_MAX;
        if is_full && !self.slots.contains_key(key) {
            return Err(self.abort(TxFailure::OutOfMeter));
        }
        Ok(self.slots.entry(*key).or_default())
    }

    fn permit(&mut self, key: &StateKey, mode: AccessMode) -> Result<(), Abort> {
        if self.failure.is_some() {
            return Err(Abort::NEW);
        }
        let is_allowed = key.program() != ProgramId::SYSTEM
            && match self.permission {
                Permission::Open => true,
                Permission::Declared(set) => set
                    .mode(key)
                    .is_some_and(|declared| declared == mode || declared == AccessMode::Write),
            };
        if is_allowed { Ok(()) } else { Err(self.abort(TxFailure::UndeclaredAccess(*key))) }
    }

    fn check_len(&mut self, len: usize, max: usize) -> Result<usize, Abort> {
        if len <= max { Ok(len) } else { Err(self.abort(TxFailure::OutOfMeter)) }
    }

    fn abort(&mut self, failure: TxFailure) -> Abort {
        self.failure.get_or_insert(failure);
        Abort::NEW
    }
}

/// For executors: no access check, no work.
impl Workspace<'_> {
    /// From here on events and appends are of this program and call.
    pub const fn enter(&mut self, program: ProgramId, call: u8) {
        self.program = program;
        self.call = call;
    }

    /// What the transaction or item was aborted for; it fails with this whatever its program says.
    pub const fn failure(&self) -> Option<&TxFailure> {
        self.failure.as_ref()
    }

    /// Puts `value` at `key`, where `base` is what is beneath.
    pub fn put(&mut self, key: &StateKey, base: Option<Entry>, value: Value) {
        let slot = Slot { base: Some(base), is_read: false, local: Local::Put(value) };
        self.slots.insert(*key, slot);
    }

    /// What was touched so far.
    pub fn trace(&self) -> AccessTrace {
        let mut trace = AccessTrace::default();
        for (key, slot) in &self.slots {
            if slot.is_read {
                trace.reads.push(*key);
            }
            match slot.local {
                Local::Untouched => {}
                Local::Added(_) => trace.adds.push(*key),
                Local::Put(_) | Local::Deleted => trace.writes.push(*key),
            }
        }
        trace.appends = self.appends.iter().map(|entry| entry.key).collect();
        trace.appends.sort_unstable();
        trace.appends.dedup();
        trace
    }

    /// All that was done, with what was there before.
    pub fn into_effects(self) -> Effects {
        let mut changes = Vec::with_capacity(self.slots.len());
        for (key, slot) in self.slots {
            let base = || slot.base.unwrap_or_else(|| self.base.entry(&key));
            let change = match slot.local {
                Local::Untouched => continue,
                Local::Added(delta) => Change::Add(delta),
                Local::Put(value) => Change::Put { base: base(), value },
                Local::Deleted => Change::Delete { base: base() },
            };
            changes.push((key, change));
        }
        Effects { changes, appends: self.appends, events: self.events }
    }
}

impl Slot {
    fn resolve(&mut self, base: &dyn StateView, key: &StateKey) -> Option<Value> {
        let mut look_up = || {
            let entry = self.base.get_or_insert_with(|| base.entry(key));
            entry.as_ref().map(|entry| entry.value.clone())
        };
        match &self.local {
            Local::Untouched => look_up(),
            Local::Added(delta) => {
                let sum = number::add_to_value(look_up().as_ref(), *delta);
                self.local = Local::Put(sum.clone());
                Some(sum)
            }
            Local::Put(value) => Some(value.clone()),
            Local::Deleted => None,
        }
    }
}

fn work_of_bytes(len: usize) -> u64 {
    let units = len.div_ceil(fees::BYTES_PER_WORK);
    fees::WORK_PER_ACCESS.saturating_add(u64::try_from(units).unwrap_or(u64::MAX))
}

impl fmt::Debug for Workspace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("program", &self.program)
            .field("touched", &self.slots.len())
            .field("work_left", &self.work_left)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
