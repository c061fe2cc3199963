//! The workers of a planned block: what each of them does from its beginning to its end.

use std::hint;
use std::ops::Range;
use std::panic;
use std::panic::AssertUnwindSafe;

use crate::claim::ByLevel;
use crate::claim::InOrder;
use crate::job::Job;
use crate::plan::Planner;
use crate::planned::Block;
use crate::planned::Obstacle;
use crate::planned::Readiness;
use crate::planned::Ticket;
use crate::report::Doing;
use crate::report::Span;
use crate::speculate::Claim;
use crate::speculate::Try;
use crate::sync::AtomicU32;
use crate::sync::Ordering;
use crate::waiters::Waiters;
use crate::waiters::Waiting;
use crate::worker::Worker;

/// Looks around for this many times before it sleeps. Not for long: the machine may be shared.
const SPINS_MAX: u32 = 200;
/// Tasks that are planned before they are published.
const PLAN_CHUNK: u32 = 64;
/// Keys that are written back at once.
const WRITE_BACK_CHUNK: u32 = 256;

/// Where the tasks of a block come from.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// In order, while they are planned.
    InOrder(InOrder),
    /// By level; planned beforehand.
    ByLevel(ByLevel<'a>),
}

/// A block on its way through the workers.
pub(crate) struct Crew<'a, J: Job> {
    pub(crate) block: Block<'a, J>,
    pub(crate) source: Source<'a>,
    /// One of [`CrewState`].
    pub(crate) state: AtomicU32,
    pub(crate) written_back: AtomicU32,
    pub(crate) moved: AtomicU32,
    /// Whether waiting tasks may be tried ahead of time.
    pub(crate) speculates: bool,
    /// Tasks that a worker finishes before it looks after those that wait for them.
    pub(crate) batch: usize,
    /// How many tasks ahead of the running one values are fetched.
    pub(crate) ahead: usize,
    pub(crate) clock: Option<fn() -> u64>,
}

/// How far a block is.
pub(crate) struct CrewState;

impl CrewState {
    /// There are tasks that are not done.
    pub(crate) const RUNNING: u32 = 0;
    /// All tasks are done.
    pub(crate) const DONE: u32 = 1;
    /// A worker has panicked.
    pub(crate) const BROKEN: u32 = 2;
}

impl<J: Job> Crew<'_, J> {
    /// Takes part in the block until it is over. Who plans it does so first.
    pub(crate) fn join(&self, worker: &mut Worker<J>, planner: Option<&mut Planner<'_>>) {
        // A job that panics breaks the block: nothing of it is kept, so nothing half done can be seen.
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            if let Some(planner) = planner {
                self.timed(worker, Doing::Planning, |_| self.plan(planner));
            }
            self.work(worker);
            if self.state.load(Ordering::Acquire) == CrewState::DONE {
                self.timed(worker, Doing::Finishing, |worker| self.write_back(worker));
            }
        }));
        if result.is_err() {
            self.end(CrewState::BROKEN);
        }
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let Source::InOrder(in_order) = &self.source else { return };
        let len = u32::try_from(self.block.tasks.len()).expect("at most 2^30 tasks");
        let mut end = in_order.planned();
        while end < len {
            end = len.min(end + PLAN_CHUNK);
            planner.plan_until(end);
            if end == len {
                self.moved.store(planner.outline.moved, Ordering::Relaxed);
            }
            in_order.publish(end);
            self.block.memory.idle.wake_one();
        }
    }

    fn work(&self, worker: &mut Worker<J>) {
        while self.is_running() {
            self.timed(worker, Doing::Running, |worker| while self.take_part(worker) {});
            self.tell(worker);
            self.timed(worker, Doing::Idle, |_| self.search());
        }
    }

    /// Runs something. False when there is nothing to run.
    fn take_part(&self, worker: &mut Worker<J>) -> bool {
        if !self.is_running() {
            return false;
        }
        match &self.source {
            Source::InOrder(in_order) => {
                if let Some(task) = worker.local.pop() {
                    self.share(worker);
                    self.run(task, worker);
                } else if let Some(task) = self.block.memory.ready.pop() {
                    self.start(task, worker);
                } else if let Some(tasks) = in_order.claim() {
                    self.run_chunk(tasks, worker);
                } else if !worker.finished.is_empty() || !worker.released.is_empty() {
                    self.release(worker);
                } else {
                    return self.speculates && self.speculate(worker);
                }
            }
            Source::ByLevel(by_level) => {
                match by_level.pop() {
                    Some(task) => self.start(task, worker),
                    None if self.speculates && self.speculate(worker) => {}
                    None => return false,
                }
                self.release(worker);
                while let Some(task) = worker.local.pop() {
                    by_level.push(task);
                    if !worker.local.is_empty() {
                        self.block.memory.idle.wake_one();
                    }
                }
            }
        }
        true
    }

    fn run_chunk(&self, tasks: Range<u32>, worker: &mut Worker<J>) {
        let mut tasks = tasks;
        let mut ahead = if self.ahead > 0 { tasks.clone() } else { 0..0 };
        if self.ahead > 0 {
            self.block.prefetch_plan(&tasks);
            ahead.by_ref().take(self.ahead).for_each(|task| self.block.prefetch(task));
        }
        while let Some(task) = tasks.next() {
            if let Some(task) = ahead.next() {
                self.block.prefetch(task);
            }
            self.start(task, worker);
            while let Some(task) = worker.local.pop() {
                self.share(worker);
                self.run(task, worker);
                if self.block.memory.idle.is_anyone_searching() {
                    self.give_away(tasks.by_ref());
                }
            }
        }
        self.tell_often(worker);
    }

    /// Runs a task if it is ready, else leaves it with one that it waits for.
    #[inline]
    fn start(&self, task: u32, worker: &mut Worker<J>) {
        let ticket = self.block.ticket(task);
        if let Some(prepare) = self.check(task, ticket, worker) {
            self.run_ready(task, ticket, prepare, worker);
        } else if self.speculates {
            self.block.memory.speculation.waiting.push(task);
            self.block.memory.idle.wake_one();
        }
    }

    /// Runs a task that was found ready.
    fn run(&self, task: u32, worker: &mut Worker<J>) {
        let ticket = self.block.ticket(task);
        self.run_ready(task, ticket, true, worker);
    }

    /// Whether a task is ready; if so, whether it has to be prepared. If not, it waits: whoever finishes what it waits for looks after
    /// it.
    #[inline]
    fn check(&self, task: u32, ticket: Ticket<'_>, worker: &mut Worker<J>) -> Option<bool> {
        match self.block.readiness(ticket) {
            Readiness::Ready { prepare } => Some(prepare),
            Readiness::Blocked(obstacle) => {
                self.wait(task, obstacle, worker);
                None
            }
        }
    }

    #[cold]
    fn wait(&self, task: u32, obstacle: Obstacle, worker: &mut Worker<J>) {
        worker.tally.note(obstacle.key);
        match self.block.memory.waiters.wait(task, obstacle.task) {
            Waiting::Listed => {}
            Waiting::Done(released) => worker.released.extend(released),
        }
    }

    /// Runs a task that is ready.
    #[inline]
    fn run_ready(&self, task: u32, ticket: Ticket<'_>, prepare: bool, worker: &mut Worker<J>) {
        if self.speculates && !self.is_mine(task, ticket, worker) {
            return;
        }
        self.run_taken(task, ticket, prepare, worker);
    }

    /// Runs a task that is ready and that nobody else runs.
    #[inline]
    fn run_taken(&self, task: u32, ticket: Ticket<'_>, prepare: bool, worker: &mut Worker<J>) {
        if prepare {
            self.block.prepare(ticket, &mut worker.folding);
        }
        self.block.execute(ticket, &mut worker.scratch);
        worker.tally.executions += 1;
        self.finish(task, worker);
    }

    /// Ends a task that has run on the right values.
    #[inline]
    fn finish(&self, task: u32, worker: &mut Worker<J>) {
        self.block.memory.waiters.finish(task);
        worker.finished.push(task);
        if worker.finished.len() >= self.batch {
            self.release(worker);
        }
    }

    /// Whether a task that is ready is to be run here: not if it was tried ahead of time and that counts, or is being tried.
    #[cold]
    fn is_mine(&self, task: u32, ticket: Ticket<'_>, worker: &mut Worker<J>) -> bool {
        match self.block.memory.speculation.claim(task) {
            Claim::Run => true,
            Claim::Leave => false,
            Claim::Look => !self.look(task, ticket, worker),
        }
    }

    /// Ends a task that is ready if its try counts; else forgets the try.
    fn look(&self, task: u32, ticket: Ticket<'_>, worker: &mut Worker<J>) -> bool {
        let counts = self.block.is_as_seen(ticket);
        self.block.memory.speculation.note(counts);
        if counts {
            self.finish(task, worker);
        } else {
            worker.tally.aborts += 1;
            self.block.forget_try(ticket);
        }
        counts
    }

    /// Tries a task that waits. False when none can be tried.
    fn speculate(&self, worker: &mut Worker<J>) -> bool {
        let speculation = &self.block.memory.speculation;
        while speculation.may_try()
            && let Some(task) = speculation.waiting.pop()
        {
            let result = self.block.speculate(task, &mut worker.scratch);
            let is_made = matches!(result, Try::Made | Try::MadeLate);
            worker.tally.executions += u64::from(is_made);
            worker.tally.speculative += u64::from(is_made);
            let ticket = self.block.ticket(task);
            match result {
                Try::Refused => continue,
                Try::Made => {}
                Try::MadeLate if self.look(task, ticket, worker) => {}
                Try::Late | Try::MadeLate => self.run_taken(task, ticket, true, worker),
            }
            return true;
        }
        false
    }

    /// Looks after those that wait for tasks that were finished here; the ones that are ready are this worker's next.
    fn release(&self, worker: &mut Worker<J>) {
        if worker.finished.is_empty() && worker.released.is_empty() {
            return;
        }
        let waiters = &self.block.memory.waiters;
        Waiters::fence();
        let finished = std::mem::take(&mut worker.finished);
        let count = u32::try_from(finished.len()).expect("a batch");
        worker.untold += count;
        for task in &finished {
            worker.released.extend(waiters.release(*task));
        }
        worker.finished = finished;
        worker.finished.clear();
        while let Some(waiter) = worker.released.pop() {
            if self.check(waiter, self.block.ticket(waiter), worker).is_some() {
                worker.local.push(waiter);
            }
        }
    }

    /// Gives half of what is ready here to those who search.
    fn share(&self, worker: &mut Worker<J>) {
        let memory = self.block.memory;
        if worker.local.is_empty() || !memory.idle.is_anyone_searching() {
            return;
        }
        let half = worker.local.len().div_ceil(2);
        for task in worker.local.drain(..half) {
            memory.ready.push(task);
            memory.idle.wake_one();
        }
    }

    /// Gives away tasks that nobody has looked at yet.
    fn give_away(&self, tasks: impl Iterator<Item = u32>) {
        for task in tasks {
            self.block.memory.ready.push(task);
            self.block.memory.idle.wake_one();
        }
    }

    fn tell_often(&self, worker: &mut Worker<J>) {
        const OFTEN: u32 = 256;
        if worker.untold >= OFTEN {
            self.tell(worker);
        }
    }

    /// Says how many tasks were run since it was last said. Whoever says the last ends the block.
    fn tell(&self, worker: &mut Worker<J>) {
        let count = std::mem::take(&mut worker.untold);
        // Releases what those tasks wrote and acquires what all others wrote, for whoever writes back.
        if count > 0 && self.block.remaining.fetch_sub(count, Ordering::AcqRel) == count {
            self.end(CrewState::DONE);
        }
    }

    fn end(&self, state: u32) {
        let _ = self.state.compare_exchange(
            CrewState::RUNNING,
            state,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        self.block.memory.idle.wake_all();
    }

    fn is_running(&self) -> bool {
        self.state.load(Ordering::Acquire) == CrewState::RUNNING
    }

    /// Waits until there is something to run, or the block is over.
    fn search(&self) {
        let idle = &self.block.memory.idle;
        let has_work = || {
            let has_more = match &self.source {
                Source::InOrder(in_order) => in_order.has_more(),
                Source::ByLevel(by_level) => by_level.has_more(),
            };
            let memory = self.block.memory;
            let may_try = self.speculates && memory.speculation.may_try();
            has_more || may_try || !memory.ready.is_empty() || !self.is_running()
        };
        idle.start_search();
        let mut spins = 0;
        while !has_work() {
            if spins < SPINS_MAX {
                spins += 1;
                hint::spin_loop();
            } else {
                idle.sleep_until(has_work);
            }
        }
        idle.end_search();
    }

    fn write_back(&self, worker: &mut Worker<J>) {
        let moved = self.moved.load(Ordering::Relaxed);
        loop {
            let start = self.written_back.fetch_add(WRITE_BACK_CHUNK, Ordering::Relaxed);
            if start >= moved {
                return;
            }
            for number in start..moved.min(start + WRITE_BACK_CHUNK) {
                self.block.write_back(number as usize, &mut worker.folding);
            }
        }
    }

    /// Notes how long `work` took, if there is a clock.
    fn timed(&self, worker: &mut Worker<J>, doing: Doing, work: impl FnOnce(&mut Worker<J>)) {
        let Some(clock) = self.clock else {
            return work(worker);
        };
        let (start_ns, before) = (clock(), worker.tally.executions);
        work(worker);
        let tasks = u32::try_from(worker.tally.executions - before).unwrap_or(u32::MAX);
        let end_ns = clock();
        worker.tally.spans.push(Span { worker: worker.number, doing, start_ns, end_ns, tasks });
    }
}
