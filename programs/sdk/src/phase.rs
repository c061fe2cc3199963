//! Block phases: work of programs around the transactions.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::ops::DerefMut;

use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::Bytes;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::TxFailure;
use heddle_types::Value;

use crate::context::BlockInfo;
use crate::fees;
use crate::resident::Resident;
use crate::resident::ResidentKey;
use crate::workspace::Abort;
use crate::workspace::Appended;
use crate::workspace::Workspace;

/// The parts of a block, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before the transactions: snapshots frozen for the block, what has come due.
    Begin,
    /// The transactions themselves. No program plans work for it.
    Transactions,
    /// Parallel by market.
    Match,
    /// Parallel by account.
    Settle,
    /// Parallel by account, after all are settled.
    Risk,
    /// Sums of what the other phases left.
    Fold,
}

impl Phase {
    /// Those that programs plan work for, in order, after the transactions.
    pub const AFTER_TRANSACTIONS: [Self; 4] = [Self::Match, Self::Settle, Self::Risk, Self::Fold];
}

/// One piece of a phase's work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkItem {
    /// Which object it is for, in the program's own encoding.
    pub item: Vec<u8>,
    /// Every key that it may touch.
    pub access: AccessSet,
    /// The inbox that it is handed. Entries are handed out once: to the first item that names the inbox.
    pub inbox: Option<StateKey>,
    /// The object of its program that it has to itself. Its stamp is among `access`, as `Write`.
    pub resident: Option<ResidentKey>,
}

impl WorkItem {
    /// An item without access, inbox or resident object.
    pub fn new(item: Vec<u8>) -> Self {
        Self { item, access: AccessSet::default(), inbox: None, resident: None }
    }

    /// With `key` declared besides. An item has room for as many keys as a transaction; what does not fit stays undeclared, and
    /// touching it fails the item.
    #[must_use]
    pub fn with(mut self, key: StateKey, mode: AccessMode) -> Self {
        let _fits = self.access.declare(key, mode);
        self
    }

    /// With several keys declared besides, as by [`Self::with`]. Quickest where they come after those declared before, in their order.
    #[must_use]
    pub fn with_all(mut self, keys: impl IntoIterator<Item = StateKey>, mode: AccessMode) -> Self {
        for key in keys {
            let _fits = self.access.declare(key, mode);
        }
        self
    }

    /// With room for so many keys.
    #[must_use]
    pub fn with_room(mut self, keys: usize) -> Self {
        self.access.reserve(keys);
        self
    }

    /// With an inbox to be handed.
    #[must_use]
    pub const fn with_inbox(mut self, inbox: StateKey) -> Self {
        self.inbox = Some(inbox);
        self
    }

    /// With a resident object of the same program, see [`crate::resident`]. Items that name the same one run one after the other.
    /// Where that has no room among the declared keys, or the object is another program's, the item has none.
    #[must_use]
    pub fn with_resident(mut self, resident: ResidentKey) -> Self {
        self.resident = Some(resident);
        self.with(*resident.stamp(), AccessMode::Write)
    }
}

/// An entry as an inbox hands it out. Entries are ordered by the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InboxEntry {
    /// The part of the block that appended it.
    pub phase: Phase,
    /// The position among the block's transaction ids, or of the item in its phase.
    pub position: u32,
    /// The call.
    pub call: u8,
    /// Its number among what this call or item appended.
    pub item: u16,
    /// The program's bytes.
    pub data: Bytes,
}

/// What was appended in this block and not handed out yet. What is left when the block ends is gone.
#[derive(Clone, Debug, Default)]
pub struct Inboxes(BTreeMap<StateKey, Vec<InboxEntry>>);

impl Inboxes {
    /// Puts an entry in its place, whenever it was made: open transactions run late but keep their block position.
    pub fn push(&mut self, phase: Phase, position: u32, appended: Appended) {
        let Appended { key, call, item, data } = appended;
        let entry = InboxEntry { phase, position, call, item, data };
        let entries = self.0.entry(key).or_default();
        match entries.last() {
            Some(last) if *last >= entry => {
                let place = entries.partition_point(|other| *other < entry);
                entries.insert(place, entry);
            }
            Some(_) | None => entries.push(entry),
        }
    }

    /// Hands out all entries of an inbox, in order.
    pub fn take(&mut self, key: &StateKey) -> Vec<InboxEntry> {
        self.0.remove(key).unwrap_or_default()
    }

    fn of_program(&self, program: ProgramId) -> impl Iterator<Item = (&StateKey, &[InboxEntry])> {
        let all = self.0.iter().map(|(key, entries)| (key, entries.as_slice()));
        all.filter(move |(key, _)| key.program() == program)
    }
}

/// What a program sees when it plans a phase: state and its own inboxes as they are when the phase begins.
pub struct PhaseView<'a> {
    block: BlockInfo,
    program: ProgramId,
    state: &'a dyn StateView,
    inboxes: &'a Inboxes,
}

impl<'a> PhaseView<'a> {
    /// For one program. Made by executors.
    pub const fn new(
        block: BlockInfo,
        program: ProgramId,
        state: &'a dyn StateView,
        inboxes: &'a Inboxes,
    ) -> Self {
        Self { block, program, state, inboxes }
    }

    /// The block.
    pub const fn block(&self) -> &BlockInfo {
        &self.block
    }

    /// What is at `key`.
    pub fn read(&self, key: &StateKey) -> Option<Value> {
        self.state.entry(key).map(|entry| entry.value)
    }

    /// The program's inboxes that are not empty, by key, with their entries in order.
    pub fn inboxes(&self) -> impl Iterator<Item = (&StateKey, &[InboxEntry])> {
        self.inboxes.of_program(self.program)
    }
}

/// A phase item's context: what it is about, and through [`Deref`] the [`Workspace`] with all that it may touch.
///
/// Phases take no deposits: a key that an item creates carries none, so that programs take room for it beforehand, in a
/// transaction that pays.
pub struct PhaseContext<'a, 'b> {
    block: BlockInfo,
    phase: Phase,
    item: &'a [u8],
    inbox: &'a [InboxEntry],
    resident: Option<&'a mut (dyn Resident + 'static)>,
    work: &'a mut Workspace<'b>,
}

impl<'a, 'b> PhaseContext<'a, 'b> {
    /// For one item. Made by executors.
    pub const fn new(
        block: BlockInfo,
        phase: Phase,
        item: (&'a [u8], &'a [InboxEntry]),
        resident: Option<&'a mut (dyn Resident + 'static)>,
        work: &'a mut Workspace<'b>,
    ) -> Self {
        Self { block, phase, item: item.0, inbox: item.1, resident, work }
    }

    /// The item's resident object, and beside it the workspace, which is to be used while the object is.
    ///
    /// # Errors
    /// When the item has none, its program cannot load it, it is no `T`, or work has run out. The item fails then.
    pub fn resident<T: Resident>(&mut self) -> Result<(&mut T, &mut Workspace<'b>), Abort> {
        self.work.charge(fees::WORK_PER_ACCESS)?;
        let object = self.resident.as_deref_mut();
        let object = object.and_then(|object| (object as &mut dyn Any).downcast_mut::<T>());
        match object {
            Some(object) => Ok((object, &mut *self.work)),
            None => Err(self.work.fail(TxFailure::ProgramPanic)),
        }
    }

    /// The block.
    pub const fn block(&self) -> &BlockInfo {
        &self.block
    }

    /// The phase.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Which object the item is for.
    pub const fn item(&self) -> &'a [u8] {
        self.item
    }

    /// The entries of the item's inbox, in (phase, block position, call, item) order.
    pub const fn inbox(&self) -> &'a [InboxEntry] {
        self.inbox
    }
}

impl<'b> Deref for PhaseContext<'_, 'b> {
    type Target = Workspace<'b>;

    fn deref(&self) -> &Workspace<'b> {
        self.work
    }
}

impl<'b> DerefMut for PhaseContext<'_, 'b> {
    fn deref_mut(&mut self) -> &mut Workspace<'b> {
        self.work
    }
}

impl fmt::Debug for PhaseContext<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhaseContext")
            .field("phase", &self.phase)
            .field("item", &self.item)
            .field("work", &self.work)
            .finish_non_exhaustive()
    }
}
