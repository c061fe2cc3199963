//! A planned block while it runs: what workers share.
//!
//! A task is *ready* when all that its reads take is done. Only then it runs, so its values are never wrong. One that is not
//! ready waits for one of those that it needs, at a time; who finishes that one looks again.

use std::ops::Range;

use crate::cells::Cells;
use crate::cells::SharedSlice;
use crate::cells::prefetch_slice;
use crate::idle::Idle;
use crate::job::Job;
use crate::job::Key;
use crate::job::Mode;
use crate::job::Task;
use crate::job::View;
use crate::place::Kind;
use crate::place::Place;
use crate::plan::Plan;
use crate::plan::Slot;
use crate::ready::Ready;
use crate::speculate::Speculation;
use crate::sync::AtomicU32;
use crate::tasks::Tasks;
use crate::waiters::Waiters;

/// What outlives blocks, to be used again.
pub(crate) struct Memory<J: Job> {
    pub(crate) plan: Plan,
    pub(crate) waiters: Waiters,
    pub(crate) ready: Ready,
    pub(crate) idle: Idle,
    pub(crate) speculation: Speculation,
    /// By slot.
    cells: Cells<J::Value>,
    /// By slot; of those declared `Add`.
    pub(crate) deltas: Cells<J::Delta>,
    /// By fold.
    pub(crate) folds: Cells<J::Value>,
}

impl<J: Job> Default for Memory<J> {
    fn default() -> Self {
        Self {
            plan: Plan::default(),
            waiters: Waiters::default(),
            ready: Ready::default(),
            idle: Idle::default(),
            speculation: Speculation::default(),
            cells: Cells::default(),
            deltas: Cells::default(),
            folds: Cells::default(),
        }
    }
}

impl<J: Job> Memory<J> {
    /// Room for `tasks` on `keys` keys.
    ///
    /// With `speculate`, values are not replaced where they are.
    pub(crate) fn reset(&mut self, tasks: &Tasks, keys: usize, speculate: bool) {
        self.plan.reset(tasks, keys, speculate);
        if speculate {
            self.speculation.reset(tasks.len(), tasks.declared());
        }
        self.waiters.reset(tasks.len());
        self.ready.reset(2 * tasks.len());
        self.cells.grow(tasks.declared());
        if tasks.adds() > 0 {
            self.deltas.grow(tasks.declared());
            self.folds.grow(tasks.adds() as usize);
        }
    }
}

/// A block that is running.
pub(crate) struct Block<'a, J: Job> {
    pub(crate) job: &'a J,
    pub(crate) tasks: &'a Tasks,
    pub(crate) memory: &'a Memory<J>,
    pub(crate) values: SharedSlice<'a, J::Value>,
    pub(crate) outputs: SharedSlice<'a, J::Output>,
    /// Tasks that are not done, less those whose workers have not said so yet.
    pub(crate) remaining: AtomicU32,
}

/// A task with its slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket<'a> {
    task: Task,
    first: u32,
    slots: &'a [Slot],
}

impl<'a> Ticket<'a> {
    /// One of its slots, with the position among all.
    #[inline]
    pub(crate) fn slot(&self, slot: usize) -> (usize, &'a Slot) {
        (self.first as usize + slot, &self.slots[slot])
    }

    /// Its slots, with their positions among all.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (usize, &'a Slot)> {
        (self.first as usize..).zip(self.slots)
    }
}

/// Whether a task can run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Readiness {
    /// All that it reads is there.
    Ready {
        /// Whether something has to be summed up or copied first.
        prepare: bool,
    },
    /// It has to wait.
    Blocked(Obstacle),
}

/// Who a task has to wait for, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Obstacle {
    pub(crate) task: u32,
    pub(crate) key: Key,
}

impl<'a, J: Job> Block<'a, J> {
    #[inline]
    pub(crate) fn ticket(&self, task: u32) -> Ticket<'a> {
        let task = Task::new(task);
        let (first, accesses) = self.tasks.slots_of(task);
        let slots = &self.memory.plan.slots[first as usize..][..accesses.len()];
        Ticket { task, first, slots }
    }

    /// Fetches the plan of these tasks, ahead of time: another core may have written it.
    pub(crate) fn prefetch_plan(&self, tasks: &Range<u32>) {
        let (first, _) = self.tasks.slots_of(Task::new(tasks.start));
        let (last, accesses) = self.tasks.slots_of(Task::new(tasks.end - 1));
        let slots = first as usize..last as usize + accesses.len();
        prefetch_slice(&self.memory.plan.slots[slots]);
        self.memory.waiters.prefetch(tasks);
    }

    /// Fetches what a task will touch, ahead of time: it may be in another core's cache, which is far.
    #[inline]
    pub(crate) fn prefetch(&self, task: u32) {
        for slot in self.ticket(task).slots {
            if slot.mode() == Mode::Write && slot.to().is_value() {
                self.values.prefetch(slot.key().index());
            }
        }
    }

    /// Whether a task can run, or one that it has to wait for.
    #[inline]
    pub(crate) fn readiness(&self, ticket: Ticket<'_>) -> Readiness {
        let mut prepare = false;
        for slot in ticket.slots {
            let Some(producer) = slot.producer() else {
                prepare |= slot.from() != slot.to();
                continue;
            };
            if slot.mode() == Mode::Add {
                continue;
            }
            prepare |= slot.from() != slot.to() || slot.from().is_folded();
            let obstacle = match slot.from().kind() {
                Kind::Folded(fold) => self.unfinished_add(fold),
                Kind::Value | Kind::Cell(_) | Kind::Added(_) => {
                    (!self.memory.waiters.is_done(producer)).then_some(producer)
                }
            };
            if let Some(task) = obstacle {
                return Readiness::Blocked(Obstacle { task, key: slot.key() });
            }
        }
        Readiness::Ready { prepare }
    }

    /// Sums up what the task reads of folds, and copies what it may replace to where its own values go. It is ready.
    #[cold]
    #[expect(unsafe_code, reason = "the task's own cell, see `cells.rs`")]
    pub(crate) fn prepare(&self, ticket: Ticket<'_>, folding: &mut Vec<u32>) {
        for slot in ticket.slots {
            let (mode, from, to) = (slot.mode(), slot.from(), slot.to());
            if mode == Mode::Add {
                continue;
            }
            if let Kind::Folded(fold) = from.kind() {
                self.sum_up(fold, slot.key(), folding);
            }
            if mode == Mode::Write && from != to {
                let value = self.at(from, slot.key()).clone();
                // SAFETY: the cell is this task's, and it is not done.
                unsafe { self.set(to, slot.key(), value) };
            }
        }
    }

    /// Runs a task that is ready and prepared, and that nobody else runs.
    #[inline]
    pub(crate) fn execute(&self, ticket: Ticket<'_>, scratch: &mut J::Scratch) {
        self.execute_in(ticket, scratch, |ticket| PlannedView { block: self, ticket });
    }

    /// Runs a task that nobody else runs, in a view of it.
    #[inline]
    #[expect(unsafe_code, reason = "the task's own output, see `cells.rs`")]
    pub(crate) fn execute_in<'t, V>(
        &self,
        ticket: Ticket<'t>,
        scratch: &mut J::Scratch,
        view: impl FnOnce(Ticket<'t>) -> V,
    ) where
        V: View<Value = J::Value, Delta = J::Delta>,
    {
        let mut view = view(ticket);
        let output = self.job.run(ticket.task, &mut view, scratch);
        // SAFETY: the output of a task is touched only by who runs it until the block is over.
        unsafe { self.outputs.set(ticket.task.index(), output) };
    }

    /// Writes back a key whose value is elsewhere, by its number among these. All tasks are done; each number once.
    #[expect(unsafe_code, reason = "each key has one finisher, see `cells.rs`")]
    pub(crate) fn write_back(&self, number: usize, folding: &mut Vec<u32>) {
        let key = self.memory.plan.moved(number);
        let last = self.memory.plan.last_place(key);
        let value = match last.kind() {
            Kind::Added(_) => self.sum(last, key, folding),
            Kind::Folded(fold) => {
                self.sum_up(fold, key, folding);
                self.at(last, key).clone()
            }
            Kind::Value | Kind::Cell(_) => self.at(last, key).clone(),
        };
        // SAFETY: all tasks are done, and nobody else writes this key back.
        unsafe { self.values.set(key.index(), value) };
    }

    /// The value at a place that is not `Added`.
    #[inline]
    #[expect(unsafe_code, reason = "published by the producer's flag, see `cells.rs`")]
    pub(crate) fn at(&self, place: Place, key: Key) -> &J::Value {
        match place.kind() {
            // SAFETY: its producer is done; and the next to write there either waits for the reader, being the only one that
            // reads it, or has a cell of its own. Keys are written back when no task runs any more.
            Kind::Value => unsafe { self.values.get(key.index()) },
            // SAFETY: as above.
            Kind::Cell(slot) | Kind::Added(slot) => unsafe { self.memory.cells.get(slot as usize) },
            // SAFETY: folds are summed up before the task that reads them runs, and once only.
            Kind::Folded(fold) => unsafe { self.memory.folds.get(fold as usize) },
        }
    }

    /// Replaces the value at a place.
    ///
    /// # Safety
    /// The place is one that a running task writes to.
    #[inline]
    #[expect(unsafe_code, reason = "the place is the running task's alone, see `cells.rs`")]
    pub(crate) unsafe fn set(&self, place: Place, key: Key, value: J::Value) {
        match place.kind() {
            // SAFETY: the task is the only one that reads what was there, or nobody does.
            Kind::Value => unsafe { self.values.set(key.index(), value) },
            // SAFETY: as above.
            Kind::Cell(slot) => unsafe { self.memory.cells.set(slot as usize, value) },
            Kind::Added(_) | Kind::Folded(_) => unreachable!("no task writes there"),
        }
    }

    /// Replaces the value of a running task's slot.
    #[inline]
    #[expect(unsafe_code, reason = "the task's own place, see `cells.rs`")]
    pub(crate) fn write(&self, ticket: Ticket<'_>, slot: usize, value: J::Value) {
        let slot = &ticket.slots[slot];
        assert!(slot.mode() == Mode::Write, "a task writes what it declares to write");
        // SAFETY: the task runs, and this is where it writes to.
        unsafe { self.set(slot.to(), slot.key(), value) };
    }

    /// Adds to a running task's slot.
    #[inline]
    #[expect(unsafe_code, reason = "the task's own cell, see `cells.rs`")]
    pub(crate) fn add(&self, ticket: Ticket<'_>, slot: usize, delta: J::Delta) {
        let (number, slot) = ticket.slot(slot);
        assert!(slot.mode() == Mode::Add, "a task adds to what it declares to add to");
        // SAFETY: the delta of a slot is touched only by who runs its task, until that is done.
        unsafe { self.memory.deltas.set(number, delta) };
        slot.set_added();
    }
}

/// What a task sees that is ready.
struct PlannedView<'a, 'b, J: Job> {
    block: &'a Block<'b, J>,
    ticket: Ticket<'a>,
}

impl<J: Job> View for PlannedView<'_, '_, J> {
    type Value = J::Value;
    type Delta = J::Delta;

    #[inline]
    fn read(&self, slot: usize) -> &J::Value {
        let slot = &self.ticket.slots[slot];
        assert!(slot.mode() != Mode::Add, "what a task adds to it does not see");
        self.block.at(slot.from(), slot.key())
    }

    #[inline]
    fn write(&mut self, slot: usize, value: J::Value) {
        self.block.write(self.ticket, slot, value);
    }

    #[inline]
    fn add(&mut self, slot: usize, delta: J::Delta) {
        self.block.add(self.ticket, slot, delta);
    }
}
