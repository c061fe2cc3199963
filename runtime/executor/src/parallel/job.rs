//! Declared transactions, and the items of phases, as the engine's tasks.

use heddle_engine::Job;
use heddle_engine::Key;
use heddle_engine::Task;
use heddle_engine::Tasks;
use heddle_engine::View;
use heddle_sdk::Appended;
use heddle_sdk::Base;
use heddle_sdk::BlockInfo;
use heddle_sdk::Blocked;
use heddle_sdk::Programs;
use heddle_sdk::add_to_value;
use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Deposit;
use heddle_types::Entry;
use heddle_types::Event;
use heddle_types::StateKey;

use crate::effects::Added;
use crate::effects::Effects;
use crate::effects::Write;
use crate::parallel::plan::PlannedTx;
use crate::parallel::seats::Seats;
use crate::parallel::table::Table;
use crate::phases;
use crate::phases::Item;
use crate::residents::Part;
use crate::transaction;
use crate::transaction::Ran;
use crate::transaction::Runner;
use crate::transaction::Scratch;

/// What declares its keys in a block: transactions, or the items of a phase.
#[derive(Debug)]
pub(crate) struct BlockJob {
    pub(crate) programs: Programs,
    pub(crate) block: BlockInfo,
    pub(crate) work: Work,
    pub(crate) tasks: Tasks,
    /// What was there when the block began, by key.
    pub(crate) start: Vec<Option<Entry>>,
}

/// The tasks of a job.
#[derive(Debug)]
pub(crate) enum Work {
    Transactions(Vec<PlannedTx>),
    Items(Vec<Item>, Seats),
}

/// What a task leaves besides values.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Of a transaction that has run.
    pub(crate) ran: Option<Ran>,
    /// What few transactions leave, and all items.
    pub(crate) rare: Option<Box<Rare>>,
    /// Of an item whose resident object was nowhere: it has to run again where that can be loaded.
    pub(crate) is_void: bool,
}

/// What a transaction leaves that creates or deletes keys or appends, or an item.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    /// What it does to its keys.
    pub(crate) marks: Vec<(Key, Mark)>,
    /// What goes back to whom when the block ends.
    pub(crate) returned: Vec<(Address, Amount)>,
    /// By how much the deposits that are held change.
    pub(crate) held: i128,
    /// What it appended.
    pub(crate) appends: Vec<Appended>,
    /// Parts of an item's resident object that changed.
    pub(crate) parts: Vec<Part>,
    /// What an item reported; a transaction's events are in its receipt.
    pub(crate) events: Vec<Event>,
}

/// What is done to a key, as far as deposits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Put,
    Deleted,
    /// Added to, with this deposit if that creates it.
    Added(Option<Deposit>),
}

impl Rare {
    /// Of what a transaction does, whose keys `key` knows by slot; none if it does nothing of the kind.
    pub(crate) fn of(effects: &mut Effects, key: impl FnMut(usize) -> Key) -> Option<Box<Self>> {
        let is_plain = |write: &Write| match write {
            Write::Put(_) => true,
            Write::Add(added) => added.reserved.is_none(),
            Write::Delete => false,
        };
        let is_rare = effects.held != 0
            || !effects.returned.is_empty()
            || !effects.appends.is_empty()
            || !effects.writes.iter().all(|(_, write)| is_plain(write));
        is_rare.then(|| Box::new(Self::all(effects, key)))
    }

    fn all(effects: &mut Effects, mut key: impl FnMut(usize) -> Key) -> Self {
        let mark = |write: &Write| match write {
            Write::Put(_) => Mark::Put,
            Write::Delete => Mark::Deleted,
            Write::Add(added) => Mark::Added(added.reserved),
        };
        Self {
            marks: effects.writes.iter().map(|(slot, write)| (key(*slot), mark(write))).collect(),
            returned: std::mem::take(&mut effects.returned),
            held: effects.held,
            appends: std::mem::take(&mut effects.appends),
            parts: std::mem::take(&mut effects.parts),
            events: Vec::new(),
        }
    }
}

impl BlockJob {
    const fn runner(&self) -> Runner<'_> {
        Runner { programs: &self.programs, block: self.block }
    }

    fn key(&self, task: Task, slot: usize) -> Key {
        self.tasks.slots(task).nth(slot).expect("a slot of the task's declaration").0
    }

    fn transaction<V>(
        &self,
        (task, tx): (Task, &PlannedTx),
        view: &mut V,
        scratch: &mut Scratch,
    ) -> Output
    where
        V: View<Value = Option<Entry>, Delta = Added>,
    {
        let planned = tx.planned();
        let first = planned.declared.system_keys;
        let base = Slots { job: self, task, view: &*view, first };
        let Ok(ran) = transaction::run(self.runner(), &base, &planned, scratch) else {
            unreachable!("a declared key's value is known when its task runs");
        };
        let rare = Rare::of(&mut scratch.effects, |slot| self.key(task, slot - first));
        self.write(task, (&planned.declared.set, first), view, scratch);
        Output { ran: Some(ran), rare, is_void: false }
    }

    fn item<V>(
        &self,
        (task, item): (Task, &Item),
        mut seats: &Seats,
        view: &mut V,
        scratch: &mut Scratch,
    ) -> Output
    where
        V: View<Value = Option<Entry>, Delta = Added>,
    {
        let first = item.work.access.system_keys();
        let base = Slots { job: self, task, view: &*view, first };
        let ran = phases::run_item(self.runner(), &base, item, &mut seats, scratch);
        if ran.is_err() {
            return Output { is_void: true, ..Output::default() };
        }
        let mut rare = Rare::all(&mut scratch.effects, |slot| self.key(task, slot - first));
        rare.events = std::mem::take(scratch.work.events());
        self.write(task, (&item.work.access, first), view, scratch);
        Output { ran: None, rare: Some(Box::new(rare)), is_void: false }
    }

    fn write<V>(
        &self,
        task: Task,
        (declared, first): (&AccessSet, usize),
        view: &mut V,
        scratch: &mut Scratch,
    ) where
        V: View<Value = Option<Entry>, Delta = Added>,
    {
        for (slot, write) in &mut scratch.effects.writes {
            if let Write::Add(added) = write
                && declared.mode_at(*slot) == AccessMode::Write
            {
                // What was declared more strongly than needed is summed up here.
                let mut value = view.read(*slot - first).clone();
                self.fold(self.key(task, *slot - first), &mut value, added);
                *write = value.map_or(Write::Delete, Write::Put);
            }
        }
        for (slot, write) in scratch.effects.writes.drain(..) {
            match write {
                Write::Put(entry) => view.write(slot - first, Some(entry)),
                Write::Delete => view.write(slot - first, None),
                Write::Add(added) => view.add(slot - first, added),
            }
        }
    }
}

impl Job for BlockJob {
    type Value = Option<Entry>;
    type Delta = Added;
    type Output = Output;
    type Scratch = Scratch;

    fn fold(&self, key: Key, value: &mut Option<Entry>, added: &Added) {
        fold(self.start[key.index()].as_ref(), value, added);
    }

    fn run<V>(&self, task: Task, view: &mut V, scratch: &mut Scratch) -> Output
    where
        V: View<Value = Option<Entry>, Delta = Added>,
    {
        match &self.work {
            Work::Transactions(all) => self.transaction((task, &all[task.index()]), view, scratch),
            Work::Items(all, seats) => self.item((task, &all[task.index()]), seats, view, scratch),
        }
    }
}

/// Adds to an entry, or makes one.
pub(crate) fn fold(at_start: Option<&Entry>, value: &mut Option<Entry>, added: &Added) {
    match value {
        Some(entry) => entry.value = add_to_value(Some(&entry.value), added.delta),
        None => {
            let deposit = Table::deposit_of_new(at_start, added);
            *value = Some(Entry { deposit, value: add_to_value(None, added.delta) });
        }
    }
}

/// The values at a task's slots, which are those of its declaration without the system's keys.
struct Slots<'a, V> {
    job: &'a BlockJob,
    task: Task,
    view: &'a V,
    first: usize,
}

impl<V> Base for Slots<'_, V>
where
    V: View<Value = Option<Entry>, Delta = Added>,
{
    fn entry<'s>(
        &'s self,
        _key: &StateKey,
        slot: Option<usize>,
        _copy: &'s mut Option<Entry>,
    ) -> Result<Option<&'s Entry>, Blocked> {
        let slot = slot.expect("a declared transaction's keys have slots");
        Ok(self.view.read(slot - self.first).as_ref())
    }

    fn was_there(&self, _key: &StateKey, slot: Option<usize>) -> bool {
        let slot = slot.expect("a declared transaction's keys have slots") - self.first;
        self.job.start[self.job.key(self.task, slot).index()].is_some()
    }
}
