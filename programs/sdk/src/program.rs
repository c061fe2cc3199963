//! What a native program is.

use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::Address;
use heddle_types::BlockSpace;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;

use crate::context::CallContext;
use crate::genesis::GenesisView;
use crate::genesis::NO_SECTION;
use crate::phase::Phase;
use crate::phase::PhaseContext;
use crate::phase::PhaseView;
use crate::phase::WorkItem;
use crate::resident::Resident;
use crate::workspace::Abort;

/// A native program.
///
/// Everything here is deterministic: no clock, no randomness, no global, no floats, no order that depends on a hash seed.
/// A panic in a program fails the transaction or the phase item, not the node; loops charge the meter, because a stack
/// overflow or exhausted memory cannot be caught.
pub trait Program: Send + Sync {
    /// Its number in the registry, part of every key and call. Never changes.
    fn id(&self) -> ProgramId;

    /// Its name for people and commands, such as `ledger`.
    fn name(&self) -> &'static str;

    /// Declares every key that executing `call` for `signer` may touch, from the bytes alone.
    ///
    /// # Errors
    /// When the bytes are no call: the transaction fails with the program's error and none of its calls runs.
    fn access(
        &self,
        call: &[u8],
        signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError>;

    /// Which room of a block `call` may take, from the bytes alone. Say [`BlockSpace::Reserved`] only of what users must be able to do
    /// whatever the load, such as cancelling an order, and of nothing that is worth flooding with.
    ///
    /// A transaction takes reserved space if all its calls may, it declares its keys (none of them itself), and it is small:
    /// [`limits::RESERVED_CALLS_MAX`](heddle_types::limits::RESERVED_CALLS_MAX) calls with
    /// [`limits::RESERVED_DATA_BYTES_MAX`](heddle_types::limits::RESERVED_DATA_BYTES_MAX) bytes of data together. It changes neither
    /// what the transaction costs nor what it does. Within one nonce lane order comes first: whoever wants cancels to overtake
    /// orders sends them in a lane of their own.
    fn space(&self, _call: &[u8]) -> BlockSpace {
        BlockSpace::Ordinary
    }

    /// Executes `call`. Effects count only if this and all other calls of the transaction succeed.
    ///
    /// # Errors
    /// Fails the transaction: with the program's code, or with what the context aborted it for.
    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError>;

    /// Name and message of one of its error codes; none for a code that it does not have. Codes never change meaning.
    fn error(&self, code: u16) -> Option<ErrorText>;

    /// An event in words; none when it is none of this program's.
    fn describe_event(&self, kind: u16, data: &[u8]) -> Option<Described>;

    /// A call in words; none when the bytes are no call.
    fn describe_call(&self, call: &[u8]) -> Option<Described>;

    /// What it begins with, from its section of the genesis; no bytes mean that it has none. Each key once, and its own keys only, see
    /// [`crate::genesis_state`]. A program takes no section unless it says otherwise.
    ///
    /// Called once when a chain is made or verified, with data that an operator wrote.
    ///
    /// # Errors
    /// When the data is none of this program's: there is no such chain.
    fn genesis(
        &self,
        data: &[u8],
        _view: &GenesisView<'_>,
    ) -> Result<Vec<(StateKey, Value)>, CallError> {
        if data.is_empty() { Ok(Vec::new()) } else { Err(CallError::Refused(NO_SECTION)) }
    }

    /// The block phases that it takes part in. Most programs have none.
    fn phases(&self) -> &'static [Phase] {
        &[]
    }

    /// The work of a phase in this block, from what state and inboxes hold when the phase begins. Items run in this order,
    /// or at the same time where their declarations allow.
    ///
    /// Called only for the phases named by [`Self::phases`]. A panic in here makes the phase empty for this program.
    fn plan_phase(&self, _phase: Phase, _view: &PhaseView<'_>) -> Vec<WorkItem> {
        Vec::new()
    }

    /// Makes a planned item complete, or drops it: for programs whose items are many, because this is asked of several items at the same
    /// time. Sees what [`Self::plan_phase`] saw. An item for which it panics is dropped.
    fn complete_item(
        &self,
        _phase: Phase,
        _view: &PhaseView<'_>,
        planned: WorkItem,
    ) -> Option<WorkItem> {
        Some(planned)
    }

    /// Does one item.
    ///
    /// # Errors
    /// The item then has no effect, and [`Self::item_failed`] is called.
    fn run_item(&self, _ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        Ok(())
    }

    /// Makes the resident object of this name from its parts, which `read` knows by their suffixes; from none the empty one. A function
    /// of nothing else, see [`crate::resident`].
    ///
    /// # Errors
    /// When there is no such object. Items that name it find none.
    fn load_resident(
        &self,
        _name: &[u8],
        _read: &mut dyn FnMut(&[u8]) -> Option<Value>,
    ) -> Result<Box<dyn Resident>, CallError> {
        Err(CallError::Aborted(Abort::NEW))
    }

    /// Called with the same declaration after an item panicked or failed and its effects are gone: the place to freeze what
    /// the item was about. It has the inbox, but no resident object.
    ///
    /// # Errors
    /// This then has no effect either, and the block goes on.
    fn item_failed(&self, _ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        Ok(())
    }
}

/// Why a call or an item has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The program refuses, with its own stable code.
    Refused(u16),
    /// The context aborted it: undeclared access, or a limit.
    Aborted(Abort),
}

impl From<Abort> for CallError {
    fn from(abort: Abort) -> Self {
        Self::Aborted(abort)
    }
}

impl From<SetFull> for CallError {
    fn from(_: SetFull) -> Self {
        Self::Aborted(Abort::NEW)
    }
}

/// More keys than one transaction may declare. The transaction fails with `OutOfMeter`, whatever the program makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetFull;

/// Where a program declares its keys, and how long the call may take. Remembers that a key did not fit.
#[derive(Debug)]
pub struct Declaration<'a> {
    set: &'a mut AccessSet,
    is_full: bool,
    cost: Option<u64>,
    more_calls: u32,
}

impl<'a> Declaration<'a> {
    /// What a call is taken to cost whose program does not say, in nanoseconds.
    pub const COST_DEFAULT: u64 = 500;

    /// Into `set`.
    pub const fn new(set: &'a mut AccessSet) -> Self {
        Self { set, is_full: false, cost: None, more_calls: 0 }
    }

    /// Declares `key`; several declarations of one key join to what allows all of them.
    ///
    /// # Errors
    /// [`SetFull`]; pass it on with `?`.
    pub fn declare(&mut self, key: StateKey, mode: AccessMode) -> Result<(), SetFull> {
        if self.set.declare(key, mode) {
            Ok(())
        } else {
            self.is_full = true;
            Err(SetFull)
        }
    }

    /// Says that the call takes about `nanos` nanoseconds besides those declared before. A hint by which executors decide what runs
    /// where and whether running in parallel pays; no result depends on it. A call that says nothing counts for
    /// [`Self::COST_DEFAULT`].
    pub const fn cost(&mut self, nanos: u64) {
        let before = match self.cost {
            Some(cost) => cost,
            None => 0,
        };
        self.cost = Some(before.saturating_add(nanos));
    }

    /// The call's cost as declared so far, in nanoseconds.
    pub fn declared_cost(&self) -> u64 {
        self.cost.unwrap_or(Self::COST_DEFAULT)
    }

    /// Says that the call counts for `calls` more: it pays for them ([`PER_CALL`](crate::fees::PER_CALL)) and buys their work
    /// ([`WORK_PER_CALL`](crate::fees::WORK_PER_CALL)). For a call that cannot do with what one buys.
    pub const fn count(&mut self, calls: u32) {
        self.more_calls = self.more_calls.saturating_add(calls);
    }

    /// For how many calls more it counts.
    pub const fn more_calls(&self) -> u32 {
        self.more_calls
    }

    /// Whether a declaration did not fit.
    pub const fn is_full(&self) -> bool {
        self.is_full
    }
}

/// An error code's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorText {
    /// What scripts compare, such as `InsufficientBalance`.
    pub name: &'static str,
    /// What people read.
    pub message: &'static str,
}

/// A call or an event in words: a name, and named fields as they are written in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Such as `Transfer`.
    pub name: &'static str,
    /// Field names in camel case, and their values: addresses in hex, amounts as decimal strings.
    pub fields: Vec<(&'static str, String)>,
}
