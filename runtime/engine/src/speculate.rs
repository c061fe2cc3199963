//! Running a waiting task ahead of time, on the newest values that are there, when a worker has nothing else to do.
//!
//! It pays where tasks declare more than they touch: then most of the values that a task waits for stay as they are. Such a
//! run counts only if, when all that the task waits for is done, every value that it could see is still the one that it
//! saw; whoever finishes the last of what the task waits for looks. A task has at most one such run.
//!
//! ```text
//! waiting --speculator--> running --speculator--> tried --releaser--> taken        (the run counts, or the task runs again)
//!    |                       \--releaser--> late --speculator looks itself
//!     \--releaser--> taken                                                         (the task runs)
//! ```
//!
//! Values must not be replaced where they are in a block that speculates: the plan gives every write a cell of its own.

use crate::job::Job;
use crate::job::Mode;
use crate::job::View;
use crate::place::Kind;
use crate::place::Place;
use crate::planned::Block;
use crate::planned::Ticket;
use crate::ready::Ready;
use crate::sync::AtomicU32;
use crate::sync::Ordering;

/// Older values of a key that are looked at, at most.
const STEPS_MAX: u32 = 256;

/// What is known of the tasks that may be tried ahead of time.
#[derive(Debug, Default)]
pub(crate) struct Speculation {
    /// Tasks that had to wait.
    pub(crate) waiting: Ready,
    /// By task: one of [`State`].
    states: Vec<AtomicU32>,
    /// By slot: where the value is that the try saw.
    seen: Vec<AtomicU32>,
    /// Tries that counted, and that did not.
    counted: AtomicU32,
    spoiled: AtomicU32,
}

/// How far a task is; see the module.
struct State;

impl State {
    const WAITING: u32 = 0;
    const RUNNING: u32 = 1;
    const TRIED: u32 = 2;
    const LATE: u32 = 3;
    const TAKEN: u32 = 4;
}

/// What whoever found a task ready has to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Run it.
    Run,
    /// Look whether its try counts.
    Look,
    /// Nothing: its speculator looks.
    Leave,
}

impl Speculation {
    /// For so many tasks and slots, none of which was tried.
    pub(crate) fn reset(&mut self, tasks: usize, slots: usize) {
        self.waiting.reset(tasks);
        self.states.truncate(tasks);
        for state in &self.states {
            state.store(State::WAITING, Ordering::Relaxed);
        }
        self.states.resize_with(tasks, AtomicU32::default);
        self.counted.store(0, Ordering::Relaxed);
        self.spoiled.store(0, Ordering::Relaxed);
        if self.seen.len() < slots {
            self.seen.resize_with(slots, AtomicU32::default);
        }
    }

    /// Whether there is a task to try, and tries are worth it in this block.
    pub(crate) fn may_try(&self) -> bool {
        const SPOILED_MIN: u32 = 16;
        let spoiled = self.spoiled.load(Ordering::Relaxed);
        let is_vain = spoiled >= SPOILED_MIN && spoiled > self.counted.load(Ordering::Relaxed);
        !is_vain && !self.waiting.is_empty()
    }

    /// Notes whether a try counted.
    pub(crate) fn note(&self, counts: bool) {
        let tally = if counts { &self.counted } else { &self.spoiled };
        tally.fetch_add(1, Ordering::Relaxed);
    }

    /// A task is ready: who runs it?
    pub(crate) fn claim(&self, task: u32) -> Claim {
        let state = &self.states[task as usize];
        let mut now = state.load(Ordering::Acquire);
        loop {
            let (next, claim) = match now {
                State::WAITING => (State::TAKEN, Claim::Run),
                State::TRIED => (State::TAKEN, Claim::Look),
                State::RUNNING => (State::LATE, Claim::Leave),
                state => unreachable!("a task becomes ready once, it was {state}"),
            };
            // Acquires what the try left; releases what made the task ready to a speculator that looks itself.
            match state.compare_exchange_weak(now, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return claim,
                Err(other) => now = other,
            }
        }
    }

    /// Starts a try. False when the task is past it.
    pub(crate) fn start(&self, task: u32) -> bool {
        self.states[task as usize]
            .compare_exchange(State::WAITING, State::RUNNING, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Ends a try that was made. False when the task has become ready meanwhile, so that the caller has to look after it.
    pub(crate) fn end_tried(&self, task: u32) -> bool {
        self.end(task, State::TRIED)
    }

    /// Ends a try. False when the task has become ready meanwhile, so that the caller has to look after it.
    fn end(&self, task: u32, state: u32) -> bool {
        // Releases what the try left; acquires what made the task ready.
        self.states[task as usize]
            .compare_exchange(State::RUNNING, state, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn seen(&self, slot: usize) -> Place {
        Place::from_bits(self.seen[slot].load(Ordering::Relaxed))
    }
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Try {
    /// The task is past it, or some value that it needs is nowhere yet.
    Refused,
    /// As `Refused`, but it is ready now: the caller runs it.
    Late,
    /// It was run; whoever finds it ready looks.
    Made,
    /// It was run, and is ready: the caller looks.
    MadeLate,
}

impl<J: Job> Block<'_, J> {
    /// Runs a task that waits on what there is.
    pub(crate) fn speculate(&self, task: u32, scratch: &mut J::Scratch) -> Try {
        let speculation = &self.memory.speculation;
        if !speculation.start(task) {
            return Try::Refused;
        }
        let ticket = self.ticket(task);
        if !self.see_all(ticket) {
            let is_late = !speculation.end(task, State::WAITING);
            return if is_late { Try::Late } else { Try::Refused };
        }
        self.copy_seen(ticket);
        self.execute_in(ticket, scratch, |ticket| SpeculativeView { block: self, ticket });
        if speculation.end_tried(task) { Try::Made } else { Try::MadeLate }
    }

    /// Whether a try counts: every value that it saw is the one that the task must see. The task is ready.
    pub(crate) fn is_as_seen(&self, ticket: Ticket<'_>) -> bool {
        ticket.slots().all(|(number, slot)| {
            let seen = self.memory.speculation.seen(number);
            match slot.mode() {
                Mode::Add => true,
                Mode::Read | Mode::Write => {
                    let (from, key) = (slot.from(), slot.key());
                    seen == from || !from.is_folded() && self.at(seen, key) == self.at(from, key)
                }
            }
        })
    }

    /// Forgets a try that does not count.
    pub(crate) fn forget_try(&self, ticket: Ticket<'_>) {
        for (_, slot) in ticket.slots() {
            if slot.mode() == Mode::Add {
                slot.set_not_added();
            }
        }
    }

    /// Notes the newest value that is there for each slot. False when there is none for one.
    fn see_all(&self, ticket: Ticket<'_>) -> bool {
        ticket.slots().all(|(number, slot)| {
            let place = match slot.mode() {
                Mode::Add => Some(Place::VALUE),
                Mode::Read | Mode::Write => self.newest(slot.from(), slot.producer()),
            };
            place.is_some_and(|place| {
                self.memory.speculation.seen[number].store(place.to_bits(), Ordering::Relaxed);
                true
            })
        })
    }

    /// The newest value at or before `place` that is there.
    fn newest(&self, mut place: Place, mut producer: Option<u32>) -> Option<Place> {
        for _ in 0..STEPS_MAX {
            let is_done = producer.is_none_or(|task| self.memory.waiters.is_done(task));
            let slot = match place.kind() {
                Kind::Folded(fold) => {
                    return self.memory.plan.folds[fold as usize].is_ready().then_some(place);
                }
                Kind::Value => return Some(place),
                Kind::Cell(_) if is_done => return Some(place),
                Kind::Cell(slot) | Kind::Added(slot) => slot,
            };
            let slot = &self.memory.plan.slots[slot as usize];
            (place, producer) = (slot.from(), slot.producer());
        }
        None
    }

    #[expect(unsafe_code, reason = "the task's own cells, see `cells.rs`")]
    fn copy_seen(&self, ticket: Ticket<'_>) {
        for (number, slot) in ticket.slots() {
            if slot.mode() == Mode::Write {
                let seen = self.memory.speculation.seen(number);
                let value = self.at(seen, slot.key()).clone();
                // SAFETY: the cell is this task's, whose state says that only this worker runs it.
                unsafe { self.set(slot.to(), slot.key(), value) };
            }
        }
    }
}

/// What a task sees that is tried.
struct SpeculativeView<'a, 'b, J: Job> {
    block: &'a Block<'b, J>,
    ticket: Ticket<'a>,
}

impl<J: Job> View for SpeculativeView<'_, '_, J> {
    type Value = J::Value;
    type Delta = J::Delta;

    fn read(&self, slot: usize) -> &J::Value {
        let (number, slot) = self.ticket.slot(slot);
        assert!(slot.mode() != Mode::Add, "what a task adds to it does not see");
        self.block.at(self.block.memory.speculation.seen(number), slot.key())
    }

    fn write(&mut self, slot: usize, value: J::Value) {
        self.block.write(self.ticket, slot, value);
    }

    fn add(&mut self, slot: usize, delta: J::Delta) {
        self.block.add(self.ticket, slot, delta);
    }
}
