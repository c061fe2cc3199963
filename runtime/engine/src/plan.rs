//! The plan of a block: for every slot of every task, where the value is that it reads, whose that is, and where its own goes.
//!
//! A value is replaced where it is, as long as only the next to write it reads it: that one waits for it anyway. When others
//! read it too, the next one writes to a cell of its own, so that it waits for no reader.
//!
//! All of it is atomics that are written by one planner and read by workers, even while later tasks are still being planned:
//! what a worker reads was published with the count of planned tasks. Orderings are therefore relaxed but where said.

use crate::job::Key;
use crate::job::Mode;
use crate::job::Task;
use crate::place::Kind;
use crate::place::Place;
use crate::sync::AtomicU32;
use crate::sync::Ordering;
use crate::tasks::Access;
use crate::tasks::Tasks;

/// A plan, and its memory from block to block.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) slots: Vec<Slot>,
    pub(crate) folds: Vec<Fold>,
    heads: Vec<Head>,
    moved: Vec<AtomicU32>,
    /// By task: when it is done at the earliest, by expected costs.
    due: Vec<AtomicU32>,
    /// Heads with another stamp are of an earlier block.
    stamp: u32,
    /// Whether every write has a cell of its own.
    keeps_all: bool,
}

/// A declared key of a task.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    access: AtomicU32,
    /// Where the value is that it reads; of an add, what it adds to.
    from: AtomicU32,
    /// The task that leaves that value; if it is an add's or a fold's, the task of the newest add.
    producer: AtomicU32,
    /// Where the task's own value goes, if it may write; of an add, the same as `from` until the task has added.
    to: AtomicU32,
}

/// The sum of some adds, which several tasks may read.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    head: AtomicU32,
    producer: AtomicU32,
    /// [`Fold::OPEN`], [`Fold::CLAIMED`] or [`Fold::READY`].
    pub(crate) state: AtomicU32,
    /// An add of it, as a slot: it and all newer ones are known to be done.
    pub(crate) checked: AtomicU32,
    /// When all of it is done at the earliest, by expected costs.
    due: AtomicU32,
}

/// The newest value of a key, so far.
#[derive(Debug, Default)]
struct Head {
    stamp: AtomicU32,
    place: AtomicU32,
    producer: AtomicU32,
    /// Whether others than the next to write read it: 0 or 1.
    is_shared: AtomicU32,
}

/// No task.
const NOBODY: u32 = u32::MAX;

impl Slot {
    #[inline]
    pub(crate) fn key(&self) -> Key {
        Access::from_bits(self.access.load(Ordering::Relaxed)).key()
    }

    #[inline]
    pub(crate) fn mode(&self) -> Mode {
        Access::from_bits(self.access.load(Ordering::Relaxed)).mode()
    }

    #[inline]
    pub(crate) fn from(&self) -> Place {
        Place::from_bits(self.from.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn to(&self) -> Place {
        Place::from_bits(self.to.load(Ordering::Relaxed))
    }

    /// The task that must be done before this slot is read; none if there is none.
    #[inline]
    pub(crate) fn producer(&self) -> Option<u32> {
        some_task(self.producer.load(Ordering::Relaxed))
    }

    /// Notes that the task did add.
    pub(crate) fn set_added(&self) {
        self.to.store(!self.from().to_bits(), Ordering::Relaxed);
    }

    /// Forgets that the task did add.
    pub(crate) fn set_not_added(&self) {
        self.to.store(self.from().to_bits(), Ordering::Relaxed);
    }

    /// Whether the task did add.
    pub(crate) fn is_added(&self) -> bool {
        self.to() != self.from()
    }
}

impl Fold {
    /// Nobody has summed it up yet.
    pub(crate) const OPEN: u32 = 0;
    /// A worker is storing the sum.
    pub(crate) const CLAIMED: u32 = 1;
    /// The sum is there.
    pub(crate) const READY: u32 = 2;
    /// No add of it is known to be done.
    pub(crate) const UNCHECKED: u32 = u32::MAX;

    /// The newest of its adds, and that one's task.
    pub(crate) fn head(&self) -> (Place, Option<u32>) {
        let place = Place::from_bits(self.head.load(Ordering::Relaxed));
        (place, some_task(self.producer.load(Ordering::Relaxed)))
    }

    /// Whether the sum is there and may be read.
    pub(crate) fn is_ready(&self) -> bool {
        // Acquires the sum.
        self.state.load(Ordering::Acquire) == Self::READY
    }
}

#[inline]
fn some_task(number: u32) -> Option<u32> {
    (number != NOBODY).then_some(number)
}

impl Plan {
    /// Room for the plan of `tasks` on `keys` keys, with nothing in it.
    /// With `keeps_all`, no value is replaced where it is.
    pub(crate) fn reset(&mut self, tasks: &Tasks, keys: usize, keeps_all: bool) {
        self.keeps_all = keeps_all;
        grow(&mut self.slots, tasks.declared());
        grow(&mut self.moved, tasks.declared());
        grow(&mut self.folds, tasks.adds() as usize);
        grow(&mut self.heads, keys);
        grow(&mut self.due, tasks.len());
        self.restart();
    }

    /// Forgets what was planned.
    pub(crate) fn restart(&mut self) {
        self.stamp = match self.stamp.checked_add(1) {
            Some(stamp) => stamp,
            None => {
                self.heads.iter_mut().for_each(|head| *head = Head::default());
                1
            }
        };
    }

    /// Where the value of a key is when all planned tasks are done.
    #[inline]
    pub(crate) fn last_place(&self, key: Key) -> Place {
        Place::from_bits(self.heads[key.index()].place.load(Ordering::Relaxed))
    }

    /// A key whose value is elsewhere when all planned tasks are done, by its number among these.
    #[inline]
    pub(crate) fn moved(&self, number: usize) -> Key {
        Key::new(self.moved[number].load(Ordering::Relaxed))
    }

    /// When a value is there at the earliest, by expected costs.
    fn due_of(&self, place: Place, producer: u32) -> u32 {
        match place.kind() {
            Kind::Folded(fold) => self.folds[fold as usize].due.load(Ordering::Relaxed),
            Kind::Cell(_) | Kind::Added(_) | Kind::Value => {
                let due = |task| self.due[task as usize].load(Ordering::Relaxed);
                some_task(producer).map_or(0, due)
            }
        }
    }
}

/// Plans task after task.
#[derive(Debug)]
pub(crate) struct Planner<'a> {
    plan: &'a Plan,
    tasks: &'a Tasks,
    next: u32,
    pub(crate) outline: Outline,
    folds: u32,
}

/// What is known of the tasks that are planned.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outline {
    /// The cost of all of them.
    pub(crate) total_cost: u64,
    /// The cost of the longest chain.
    pub(crate) critical_path: u32,
    /// How many keys have their value elsewhere in the end.
    pub(crate) moved: u32,
    /// How many slots read what another of these tasks leaves.
    pub(crate) links: u32,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(plan: &'a Plan, tasks: &'a Tasks, from: u32) -> Self {
        Self { plan, tasks, next: from, outline: Outline::default(), folds: 0 }
    }

    /// Plans the tasks up to `end`.
    pub(crate) fn plan_until(&mut self, end: u32) {
        for number in self.next..end {
            self.plan_task(Task::new(number));
        }
        self.next = self.next.max(end);
    }

    fn plan_task(&mut self, task: Task) {
        let (first, accesses) = self.tasks.slots_of(task);
        let slots = &self.plan.slots[first as usize..][..accesses.len()];
        let mut start = 0;
        for (number, (slot, access)) in (first..).zip(slots.iter().zip(accesses)) {
            start = start.max(self.plan_slot(task.get(), (number, slot), *access));
        }
        let cost = self.tasks.cost(task);
        let end = start.saturating_add(cost);
        self.plan.due[task.index()].store(end, Ordering::Relaxed);
        self.outline.total_cost += u64::from(cost);
        self.outline.critical_path = self.outline.critical_path.max(end);
    }

    /// Links a slot to the value that it reads or adds to. Says when that is due; an add waits for nothing.
    #[inline]
    fn plan_slot(&mut self, task: u32, (number, slot): (u32, &Slot), access: Access) -> u32 {
        let plan = self.plan;
        let head = &plan.heads[access.key().index()];
        slot.access.store(access.to_bits(), Ordering::Relaxed);
        if head.stamp.load(Ordering::Relaxed) != plan.stamp {
            head.stamp.store(plan.stamp, Ordering::Relaxed);
            return self.plan_first(task, (number, slot), (head, access));
        }
        let mut from = Place::from_bits(head.place.load(Ordering::Relaxed));
        let producer = head.producer.load(Ordering::Relaxed);
        let is_shared = head.is_shared.load(Ordering::Relaxed) != 0;
        assert!(producer != task, "a task declares a key once");
        let mode = access.mode();
        if from.is_added() && mode != Mode::Add {
            from = self.new_fold(from, producer);
        }
        let (to, last, last_producer) = match mode {
            Mode::Read => (from.to_bits(), from, producer),
            Mode::Add => (from.to_bits(), Place::added(number), task),
            Mode::Write if is_shared || plan.keeps_all || from.is_folded() => {
                (Place::cell(number).to_bits(), Place::cell(number), task)
            }
            Mode::Write => (from.to_bits(), from, task),
        };
        if from.is_value() && !last.is_value() {
            self.moves(access.key());
        }
        slot.from.store(from.to_bits(), Ordering::Relaxed);
        slot.producer.store(producer, Ordering::Relaxed);
        slot.to.store(to, Ordering::Relaxed);
        head.place.store(last.to_bits(), Ordering::Relaxed);
        head.producer.store(last_producer, Ordering::Relaxed);
        head.is_shared.store(u32::from(mode == Mode::Read), Ordering::Relaxed);
        match mode {
            Mode::Add => 0,
            Mode::Read | Mode::Write if producer == NOBODY => 0,
            Mode::Read | Mode::Write => {
                self.outline.links += 1;
                plan.due_of(from, producer)
            }
        }
    }

    /// Plans a slot that is the first of the block to touch its key; it waits for nothing.
    #[inline]
    fn plan_first(
        &mut self,
        task: u32,
        (number, slot): (u32, &Slot),
        (head, access): (&Head, Access),
    ) -> u32 {
        let mode = access.mode();
        let (to, last, last_producer) = match mode {
            Mode::Read => (Place::VALUE.to_bits(), Place::VALUE, NOBODY),
            Mode::Write if !self.plan.keeps_all => (Place::VALUE.to_bits(), Place::VALUE, task),
            Mode::Write => (Place::cell(number).to_bits(), Place::cell(number), task),
            Mode::Add => (Place::VALUE.to_bits(), Place::added(number), task),
        };
        if !last.is_value() {
            self.moves(access.key());
        }
        slot.from.store(Place::VALUE.to_bits(), Ordering::Relaxed);
        slot.producer.store(NOBODY, Ordering::Relaxed);
        slot.to.store(to, Ordering::Relaxed);
        head.place.store(last.to_bits(), Ordering::Relaxed);
        head.producer.store(last_producer, Ordering::Relaxed);
        head.is_shared.store(u32::from(mode == Mode::Read), Ordering::Relaxed);
        0
    }

    /// Notes that a key's value is elsewhere from here on.
    fn moves(&mut self, key: Key) {
        self.plan.moved[self.outline.moved as usize].store(key.get(), Ordering::Relaxed);
        self.outline.moved += 1;
    }

    #[cold]
    fn new_fold(&mut self, head: Place, producer: u32) -> Place {
        let plan = self.plan;
        let fold = &plan.folds[self.folds as usize];
        fold.head.store(head.to_bits(), Ordering::Relaxed);
        fold.producer.store(producer, Ordering::Relaxed);
        fold.state.store(Fold::OPEN, Ordering::Relaxed);
        fold.checked.store(Fold::UNCHECKED, Ordering::Relaxed);
        let (mut place, mut producer, mut due) = (head, producer, 0);
        // Every add is walked over once: older folds know when they are due.
        while let Kind::Added(slot) = place.kind() {
            due = due.max(plan.due[producer as usize].load(Ordering::Relaxed));
            let slot = &plan.slots[slot as usize];
            (place, producer) = (slot.from(), slot.producer.load(Ordering::Relaxed));
        }
        due = due.max(plan.due_of(place, producer));
        fold.due.store(due, Ordering::Relaxed);
        self.folds += 1;
        Place::folded(self.folds - 1)
    }
}

fn grow<T: Default>(places: &mut Vec<T>, len: usize) {
    if places.len() < len {
        places.resize_with(len, T::default);
    }
}
