//! Which task runs next, and which are committed.
//!
//! A task is *committed* when it is executed and all before it are committed. Only a task below can doom another, and it does
//! so before it is executed itself; so what is executed at the frontier stays so, and the frontier moves in order without
//! validating anything.
//!
//! Two words of one protocol, therefore `SeqCst`: who sets a task's status to executed or deferred looks at the frontier
//! afterwards; who moves the frontier looks at the next task's status afterwards. One of them sees the other. The same holds
//! for `closing` and the frontier.
//!
//! Bounds. A task is claimed only within a window above the frontier (`throttle.rs`). Once it has run a few times it waits for the
//! frontier and then runs for good: [`SPECULATIONS_MAX`]` + 1` executions at most. More workers
//! get one more try for each doubling of their number.
//!
//! No deadlock: a worker sleeps only when there is nothing to claim and nothing in the queue. The task at the frontier then
//! has a worker: who moved the frontier takes a deferred one, who executes a task resumes those that wait for it, and an
//! unclaimed one is claimable, or belongs to the in-order stretch.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint;
use std::ops::Range;

use super::chain::Run;
use super::status::Doom;
use super::status::Phase;
use super::status::Status;
use super::throttle::Throttle;
use crate::idle::Idle;
use crate::sync::AtomicBool;
use crate::sync::AtomicU32;
use crate::sync::Mutex;
use crate::sync::Ordering;
use crate::sync::alone;
use crate::sync::lock;
use crate::sync::seq_cst;

/// Runs that a task gets while tasks before it are not committed, however many workers there are.
const SPECULATIONS_MAX: u32 = 5;
/// How often a worker that has nothing to do looks again before it sleeps.
const SPINS: u32 = 64;
/// In `next`: no task is to be claimed for now.
const CLOSED: u32 = 1 << 31;

/// What a worker does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Run this task, speculatively unless it is at the frontier. It is in phase `Running`.
    Run(u32),
    /// Run these, in order; nobody else runs anything. Then [`Schedule::reopen`].
    InOrder(Range<u32>),
}

/// The run that should finish has read a value which has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doomed;

/// One to a cache line, or two: processors fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

#[derive(Debug)]
#[repr(align(64))]
struct Slot {
    status: Status,
    /// Tasks that are to be resumed when this one is executed.
    waiters: Mutex<Vec<u32>>,
}

/// The schedule of a block.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The lowest task that nobody has claimed yet, and [`CLOSED`].
    next: Apart<AtomicU32>,
    /// All tasks below are committed.
    frontier: Apart<AtomicU32>,
    queue: Apart<Mutex<BinaryHeap<Reverse<u32>>>>,
    /// How many the queue holds. A hint that is exact under its lock.
    queued: AtomicU32,
    /// All is committed, or something broke.
    stopped: AtomicBool,
    broken: AtomicBool,
    /// The in-order stretch starts as soon as all claimed tasks are committed.
    closing: AtomicBool,
    throttle: Throttle,
    /// Runs that a task gets while tasks before it are not committed.
    speculations: u32,
    idle: Idle,
    tasks: u32,
    /// By task, and more from larger blocks.
    slots: Vec<Slot>,
}

impl Schedule {
    /// For so many workers, at least one.
    pub(super) fn new(workers: usize) -> Self {
        Self {
            next: Apart(AtomicU32::new(0)),
            frontier: Apart(AtomicU32::new(0)),
            queue: Apart(Mutex::new(BinaryHeap::new())),
            queued: AtomicU32::new(0),
            stopped: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            throttle: Throttle::new(),
            speculations: SPECULATIONS_MAX.min(1 + workers.ilog2()),
            idle: Idle::default(),
            tasks: 0,
            slots: Vec::new(),
        }
    }

    /// From here on the tasks are those of another block.
    pub(super) fn start_block(&mut self, tasks: u32) {
        self.tasks = tasks;
        let len = self.slots.len().max(tasks as usize);
        self.slots.resize_with(len, Slot::new);
        for slot in &mut self.slots[..tasks as usize] {
            slot.status.reset();
            alone(&mut slot.waiters).clear();
        }
        self.next.0.store(0, Ordering::Relaxed);
        self.frontier.0.store(0, Ordering::Relaxed);
        lock(&self.queue.0).clear();
        self.queued.store(0, Ordering::Relaxed);
        self.stopped.store(tasks == 0, Ordering::Relaxed);
        self.broken.store(false, Ordering::Relaxed);
        self.closing.store(false, Ordering::Relaxed);
        self.throttle.start_block();
    }

    /// What to do next; none when the block is done. Sleeps until there is something.
    pub(super) fn next(&self, mut on_idle: impl FnMut()) -> Option<Step> {
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(task) = self.take_queued().or_else(|| self.claim()) {
                return Some(Step::Run(task));
            }
            if !self.is_work_soon() {
                on_idle();
                self.idle.sleep_until(|| self.has_work());
            }
        }
    }

    /// The task's run is done and all that it changed is visible. What its worker does next, if there is something.
    ///
    /// # Errors
    /// [`Doomed`] when the run has to be thrown away; then [`Self::retry`].
    pub(super) fn finish(&self, task: u32) -> Result<Option<Step>, Doomed> {
        let slot = self.slot(task);
        let is_waited = slot.status.finish().ok_or(Doomed)?;
        let resumed = if is_waited { self.resume(slot) } else { None };
        match (self.commit(), resumed) {
            (Some(step), Some(task)) => {
                self.offer(task);
                Ok(Some(step))
            }
            (Some(step), None) => Ok(Some(step)),
            (None, resumed) => Ok(resumed.map(|task| {
                self.slot(task).status.advance(Phase::Ready, Phase::Running);
                Step::Run(task)
            })),
        }
    }

    /// The caller's run of `task` has come to nothing: it runs again, now or later.
    pub(super) fn retry(&self, task: u32) -> Option<Step> {
        let status = &self.slot(task).status;
        if self.may_speculate(task) {
            status.leave(Phase::Running);
            return Some(Step::Run(task));
        }
        status.leave(Phase::Deferred);
        self.commit()
    }

    /// The caller's run of `task` met an `ESTIMATE` of `other`.
    pub(super) fn wait(&self, task: u32, other: u32) -> Option<Step> {
        if !self.may_speculate(task) {
            return self.retry(task);
        }
        let status = &self.slot(task).status;
        status.leave(Phase::Blocked);
        let slot = self.slot(other);
        let mut waiters = lock(&slot.waiters);
        if slot.status.wait() {
            waiters.push(task);
            return None;
        }
        drop(waiters);
        status.advance(Phase::Blocked, Phase::Running);
        Some(Step::Run(task))
    }

    /// What a doomed run has written are `ESTIMATE`s now: its task is to run again.
    pub(super) fn requeue(&self, task: u32) {
        let status = &self.slot(task).status;
        if self.may_speculate(task) {
            status.leave(Phase::Ready);
            self.offer(task);
        } else {
            // The caller is about to finish a task below, and will look at the frontier then.
            status.leave(Phase::Deferred);
        }
    }

    /// Says that a run has read a value which has changed. By the worker of a task below, before that one finishes.
    pub(super) fn doom(&self, task: u32, incarnation: u32) -> Doom {
        self.slot(task).status.doom(incarnation)
    }

    /// The in-order stretch is over: all tasks below `end` are committed.
    pub(super) fn reopen(&self, end: u32) {
        self.frontier.0.store(end, Ordering::SeqCst);
        self.next.0.store(end, Ordering::SeqCst);
        if end == self.tasks {
            self.stopped.store(true, Ordering::SeqCst);
        }
        self.idle.wake_all();
    }

    /// Makes all workers stop: the block has to be run in another way.
    pub(super) fn break_off(&self) {
        self.broken.store(true, Ordering::SeqCst);
        self.stopped.store(true, Ordering::SeqCst);
        self.idle.wake_all();
    }

    /// A run begins.
    pub(super) fn note(&self, run: Run) {
        self.throttle.note(run);
    }

    /// How often `task` was run before.
    pub(super) fn incarnation(&self, task: u32) -> u32 {
        self.slot(task).status.incarnation()
    }

    /// Whether the run of `task` is in vain already.
    pub(super) fn is_doomed(&self, task: u32) -> bool {
        self.slot(task).status.phase() == Phase::Doomed
    }

    /// All tasks below are committed.
    pub(super) fn frontier(&self) -> u32 {
        self.frontier.0.load(Ordering::SeqCst)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::SeqCst)
    }

    fn slot(&self, task: u32) -> &Slot {
        &self.slots[task as usize]
    }

    /// Whether the next run of `task` may come before all tasks below are committed.
    fn may_speculate(&self, task: u32) -> bool {
        self.incarnation(task) + 1 < self.speculations
    }

    /// Moves the frontier as far as it goes. What the caller has to run then, if it is for the caller to do.
    fn commit(&self) -> Option<Step> {
        loop {
            // After the status was set, or the frontier moved: see the head of this file.
            seq_cst();
            let start = self.frontier();
            let mut end = start;
            while end < self.tasks && self.slot(end).status.phase() == Phase::Executed {
                end += 1;
            }
            if end > start {
                let moved = self.frontier.0.compare_exchange(
                    start,
                    end,
                    Ordering::SeqCst,
                    Ordering::SeqCst,
                );
                if moved.is_ok() {
                    self.on_committed(start, end);
                }
                continue;
            }
            if start == self.tasks {
                return None;
            }
            if self.slot(start).status.advance(Phase::Deferred, Phase::Running) {
                return Some(Step::Run(start));
            }
            return self.start_stretch(start);
        }
    }

    fn on_committed(&self, start: u32, end: u32) {
        if end == self.tasks {
            self.stopped.store(true, Ordering::SeqCst);
            self.idle.wake_all();
            return;
        }
        // Not for every place in the window: being woken costs more than a task.
        let room = self.throttle.window() / 2;
        if start / room != end / room {
            self.idle.wake_all();
        }
        if self.throttle.is_due(end) {
            self.next.0.fetch_or(CLOSED, Ordering::SeqCst);
            self.closing.store(true, Ordering::SeqCst);
        }
    }

    /// The in-order stretch, if it is wanted and all that was claimed is committed.
    fn start_stretch(&self, frontier: u32) -> Option<Step> {
        if !self.closing.load(Ordering::SeqCst)
            || self.next.0.load(Ordering::SeqCst) != frontier | CLOSED
        {
            return None;
        }
        self.closing.compare_exchange(true, false, Ordering::SeqCst, Ordering::SeqCst).ok()?;
        Some(Step::InOrder(
            frontier..self.tasks.min(frontier + self.throttle.start_stretch(frontier)),
        ))
    }

    /// The lowest unclaimed task, if it is within the window.
    fn claim(&self) -> Option<u32> {
        let mut next = self.next.0.load(Ordering::SeqCst);
        while self.is_claimable(next) {
            let claimed =
                self.next.0.compare_exchange(next, next + 1, Ordering::SeqCst, Ordering::SeqCst);
            match claimed {
                Ok(task) => return Some(task),
                Err(now) => next = now,
            }
        }
        None
    }

    fn is_claimable(&self, next: u32) -> bool {
        next & CLOSED == 0 && next < self.tasks && next < self.frontier() + self.throttle.window()
    }

    /// Makes those that wait for an executed task ready. One is for the caller, the others are offered to all.
    fn resume(&self, slot: &Slot) -> Option<u32> {
        let mut waiters = lock(&slot.waiters);
        let mut first = None;
        for task in waiters.drain(..) {
            self.slot(task).status.advance(Phase::Blocked, Phase::Ready);
            if let Some(before) = first.replace(task) {
                self.offer(before);
            }
        }
        first
    }

    /// Puts a ready task into the queue.
    fn offer(&self, task: u32) {
        let mut queue = lock(&self.queue.0);
        queue.push(Reverse(task));
        self.queued.fetch_add(1, Ordering::SeqCst);
        drop(queue);
        self.idle.wake_one();
    }

    fn take_queued(&self) -> Option<u32> {
        if self.queued.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut queue = lock(&self.queue.0);
        let Reverse(task) = queue.pop()?;
        self.queued.fetch_sub(1, Ordering::SeqCst);
        drop(queue);
        self.slot(task).status.advance(Phase::Ready, Phase::Running);
        Some(task)
    }

    fn has_work(&self) -> bool {
        self.is_stopped()
            || self.queued.load(Ordering::SeqCst) > 0
            || self.is_claimable(self.next.0.load(Ordering::SeqCst))
    }

    /// Looks for work for a short while.
    fn is_work_soon(&self) -> bool {
        (0..SPINS).any(|_| {
            hint::spin_loop();
            self.has_work()
        })
    }
}

impl Slot {
    fn new() -> Self {
        Self { status: Status::new(), waiters: Mutex::new(Vec::new()) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
