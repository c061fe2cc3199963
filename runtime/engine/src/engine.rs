//! The engine: its settings, its threads and memory, and the choice of a way.

use std::fmt;
use std::ops::Range;

use crate::cells::SharedSlice;
use crate::choose;
use crate::claim::ByLevel;
use crate::claim::InOrder;
use crate::claim::Queue;
use crate::crew::Crew;
use crate::crew::CrewState;
use crate::crew::Source;
use crate::job::Job;
use crate::levels::Levels;
use crate::plan::Outline;
use crate::plan::Planner;
use crate::planned::Block;
use crate::planned::Memory;
use crate::pool::Pool;
use crate::report::Reason;
use crate::report::Report;
use crate::report::Way;
use crate::sequential;
use crate::sync::AtomicU32;
use crate::sync::Mutex;
use crate::sync::Ordering;
use crate::sync::alone;
use crate::sync::lock;
use crate::tasks::Tasks;
use crate::worker::Worker;

/// How declared tasks are to be run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// As the engine thinks best.
    #[default]
    Auto,
    /// One after the other, on the calling thread.
    Sequential,
    /// Planned, whatever that costs.
    Planned,
}

/// An engine's settings.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Threads that run tasks, the calling one included; at least 1.
    pub threads: usize,
    /// How declared tasks are run.
    pub choice: Choice,
    /// Tasks that a worker claims at once; none to go by their expected cost.
    pub chunk: Option<u32>,
    /// Whether a worker that has nothing else to do may run a waiting task on values that may be stale.
    pub speculate: bool,
    /// Nanoseconds since some time, for the timeline of a block's report.
    pub clock: Option<fn() -> u64>,
}

impl Config {
    /// The defaults on this many threads.
    pub const fn threads(threads: usize) -> Self {
        Self { threads, choice: Choice::Auto, chunk: None, speculate: true, clock: None }
    }
}

/// Tasks that are planned to find out whether threads pay.
const SAMPLE: u32 = 512;
/// Tasks that run in order before that is asked again.
const STRIDE: u32 = 4096;
/// Tasks of this expected cost and above are planned beforehand, and run by level where that matters.
const LONG_NS: u64 = 2_000;
/// Work that a worker claims at once, in nanoseconds: with less it could not fetch values ahead.
const CHUNK_NS: u64 = 8_000;
/// Tasks that a worker claims at once, at most.
const CHUNK_MAX: u64 = 32;
/// Claims that a worker makes in a block at least, if there are as many tasks, so that all end at about the same time.
const SHARES: u64 = 64;

/// Work after which a worker looks after those that wait for what it has done, in nanoseconds.
const BATCH_NS: u64 = 1_000;
/// Tasks after which it does so at the latest.
const BATCH_MAX: usize = 8;

/// What a block runs on.
struct Input<'a, J: Job> {
    job: &'a J,
    tasks: &'a Tasks,
    values: &'a mut [J::Value],
}

/// Runs blocks of tasks. Keeps its threads and its memory from block to block.
pub struct Engine<J: Job> {
    config: Config,
    pool: Pool,
    memory: Memory<J>,
    workers: Vec<Mutex<Worker<J>>>,
    levels: Levels,
    queue: Queue,
    outputs: Vec<J::Output>,
    /// Of the tasks that were planned ahead.
    ahead: Option<Ahead>,
}

/// Tasks that are planned before the first of them runs.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    outline: Outline,
    /// Whether they may be tried ahead of time: every write has a cell of its own then.
    speculates: bool,
}

/// A block broke in the planned way: the job panicked, or an invariant of the engine does not hold. Values and outputs are of no
/// use; start over on the values from before the block, with [`Choice::Sequential`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl<J: Job> Engine<J> {
    /// With these settings.
    ///
    /// # Panics
    /// When the system gives no threads.
    pub fn new(config: Config) -> Self {
        let pool = Pool::new(config.threads);
        let numbers = 0..u32::try_from(pool.threads()).expect("fewer than 2^32 threads");
        Self {
            config,
            pool,
            memory: Memory::default(),
            workers: numbers.map(|number| Mutex::new(Worker::new(number))).collect(),
            levels: Levels::default(),
            queue: Queue::default(),
            outputs: Vec::new(),
            ahead: None,
        }
    }

    /// Its settings; changes hold from the next block on, the number of threads excepted.
    pub const fn config(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Plans `tasks` on `keys` keys now. If the next block that runs is of these tasks and runs planned, it starts at once.
    pub fn plan_ahead(&mut self, tasks: &Tasks, keys: usize) {
        self.ahead = Some(self.plan_all(tasks, keys));
    }

    /// Runs `tasks` on `values`, which are by key and are afterwards what holds when the last task is done.
    ///
    /// # Errors
    /// [`Broken`], of the planned way only.
    ///
    /// # Panics
    /// When a task declares a key twice or one that has no value, or the job panics while tasks run in order.
    pub fn run(
        &mut self,
        job: &J,
        tasks: &Tasks,
        values: &mut [J::Value],
    ) -> Result<Report, Broken> {
        assert!(tasks.keys() as usize <= values.len(), "every key has a value");
        self.outputs.clear();
        self.outputs.resize_with(tasks.len(), J::Output::default);
        let ahead = self.ahead.take();
        let input = Input { job, tasks, values };
        let report = match self.config.choice {
            Choice::Sequential => self.in_order(input, 0..count(tasks)),
            Choice::Planned => self.planned(input, 0, ahead)?,
            Choice::Auto => self.auto(input)?,
        };
        Ok(Report { tasks: count(tasks), ..report })
    }

    /// What the tasks of the last block left, by task.
    pub fn outputs(&mut self) -> &mut [J::Output] {
        &mut self.outputs
    }

    fn auto(&mut self, input: Input<'_, J>) -> Result<Report, Broken> {
        let Input { job, tasks, values } = input;
        let len = count(tasks);
        let threads = self.pool.threads();
        if threads == 1 {
            let report = self.in_order(Input { job, tasks, values }, 0..len);
            return Ok(Report { reason: Reason::OneThread, ..report });
        }
        if !choose::could_pay(threads, mean_cost(tasks)) {
            let report = self.in_order(Input { job, tasks, values }, 0..len);
            return Ok(Report { reason: Reason::LittleWork, ..report });
        }
        self.memory.plan.reset(tasks, values.len(), false);
        let mut at = 0;
        let mut reason = Reason::LittleWork;
        while at < len {
            let sampled = SAMPLE.min(len - at);
            let mut planner = Planner::new(&self.memory.plan, tasks, at);
            planner.plan_until(at + sampled);
            let outline = planner.outline;
            self.memory.plan.restart();
            reason = choose::choose(threads, len - at, sampled, &outline);
            if reason == Reason::Parallel {
                let report = self.planned(Input { job, tasks, values }, at, None)?;
                let executions = report.executions + u64::from(at);
                return Ok(Report { executions, reason, ..report });
            }
            let end = len.min(at + STRIDE);
            self.in_order(Input { job, tasks, values }, at..end);
            at = end;
        }
        Ok(Report { executions: u64::from(len), reason, threads: 1, ..Report::default() })
    }

    fn in_order(&mut self, input: Input<'_, J>, range: Range<u32>) -> Report {
        let Input { job, tasks, values } = input;
        let executions = u64::from(range.end - range.start);
        sequential::run(job, tasks, range, values, &mut self.outputs);
        Report { executions, threads: 1, ..Report::default() }
    }

    /// Runs the tasks from `start` on in parallel.
    fn planned(
        &mut self,
        input: Input<'_, J>,
        start: u32,
        ahead: Option<Ahead>,
    ) -> Result<Report, Broken> {
        let Input { job, tasks, values } = input;
        let len = count(tasks);
        if start == len {
            return Ok(Report { way: Way::Planned, threads: 1, ..Report::default() });
        }
        let cost = mean_cost(tasks);
        let is_long = cost >= LONG_NS && start == 0;
        let ahead = ahead.or_else(|| is_long.then(|| self.plan_all(tasks, values.len())));
        if ahead.is_none() {
            self.memory.reset(tasks, values.len(), false);
        }
        let speculates = ahead.is_some_and(|ahead| ahead.speculates);
        let ahead = ahead.map(|ahead| ahead.outline);
        let is_uneven = ahead.is_some_and(|outline| is_long && self.is_uneven(&outline));
        let source = if is_uneven {
            self.levels.work_out(&self.memory.plan, tasks);
            Source::ByLevel(ByLevel::new(&self.levels, std::mem::take(&mut self.queue)))
        } else {
            let planned = if ahead.is_some() { len } else { start };
            Source::InOrder(InOrder::new(start, planned, self.chunk(len - start, cost)))
        };
        let mut planner = Planner::new(&self.memory.plan, tasks, start);
        let crew = Crew {
            block: Block {
                job,
                tasks,
                memory: &self.memory,
                values: SharedSlice::new(values),
                outputs: SharedSlice::new(&mut self.outputs),
                remaining: AtomicU32::new(len - start),
            },
            source,
            state: AtomicU32::new(CrewState::RUNNING),
            written_back: AtomicU32::new(0),
            moved: AtomicU32::new(ahead.map_or(0, |outline| outline.moved)),
            speculates,
            batch: batch(cost),
            ahead: if self.pool.threads() > 1 { ahead_of(cost) } else { 0 },
            clock: self.config.clock,
        };
        let planning = Mutex::new(if ahead.is_some() { None } else { Some(&mut planner) });
        self.pool.on_all(|number| {
            let mut worker = lock(&self.workers[number]);
            worker.reset();
            let planner = if number == 0 { lock(&planning).take() } else { None };
            crew.join(&mut worker, planner);
        });
        let state = crew.state.load(Ordering::Acquire);
        if let Source::ByLevel(by_level) = crew.source {
            self.queue = by_level.into_queue();
        }
        if state == CrewState::DONE {
            let outline = ahead.unwrap_or(planner.outline);
            Ok(self.report(&outline))
        } else {
            Err(Broken)
        }
    }

    /// Whether waiting tasks may be tried ahead of time: only long ones are worth it.
    fn may_speculate(&self, tasks: &Tasks) -> bool {
        self.config.speculate && self.pool.threads() > 1 && mean_cost(tasks) >= LONG_NS
    }

    /// Plans all tasks; such as may be tried ahead of time if long ones wait for each other, else such as replace values where they are.
    fn plan_all(&mut self, tasks: &Tasks, keys: usize) -> Ahead {
        let ahead = self.plan_as(tasks, keys, false);
        match self.may_speculate(tasks) && self.is_uneven(&ahead.outline) {
            true => self.plan_as(tasks, keys, true),
            false => ahead,
        }
    }

    fn plan_as(&mut self, tasks: &Tasks, keys: usize, speculates: bool) -> Ahead {
        self.memory.reset(tasks, keys, speculates);
        let mut planner = Planner::new(&self.memory.plan, tasks, 0);
        planner.plan_until(count(tasks));
        Ahead { outline: planner.outline, speculates }
    }

    /// Whether it matters that the longest chains start first: they are long beside what each thread has to do.
    fn is_uneven(&self, outline: &Outline) -> bool {
        const SHARE: u64 = 20;
        let threads = u64::try_from(self.pool.threads()).unwrap_or(u64::MAX);
        u64::from(outline.critical_path).saturating_mul(threads * SHARE) > outline.total_cost
    }

    /// By how long tasks are, and more if there are many: neighbours lie next to each other in memory, and a worker that claims several can fetch
    /// values ahead.
    fn chunk(&self, tasks: u32, cost: u64) -> u32 {
        let threads = u64::try_from(self.pool.threads()).unwrap_or(u64::MAX);
        let by_share = u64::from(tasks) / threads.saturating_mul(SHARES);
        let chunk = (CHUNK_NS / cost.max(1)).max(by_share).clamp(1, CHUNK_MAX);
        self.config.chunk.unwrap_or_else(|| u32::try_from(chunk).expect("at most CHUNK_MAX"))
    }

    fn report(&mut self, outline: &Outline) -> Report {
        let mut report = Report {
            way: Way::Planned,
            threads: u32::try_from(self.pool.threads()).expect("fewer than 2^32 threads"),
            total_cost: outline.total_cost,
            critical_path: u64::from(outline.critical_path),
            ..Report::default()
        };
        for worker in &mut self.workers {
            let tally = &alone(worker).tally;
            report.executions += tally.executions;
            report.speculative += tally.speculative;
            report.aborts += tally.aborts;
            report.waits += tally.waits;
            report.conflicts.extend(&tally.conflicts);
            report.timeline.extend(&tally.spans);
        }
        report.timeline.sort_by_key(|span| (span.start_ns, span.worker));
        report
    }
}

impl<J: Job> fmt::Debug for Engine<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Tasks whose waiters are looked after together.
fn batch(cost: u64) -> usize {
    usize::try_from(BATCH_NS / cost.max(1)).map_or(BATCH_MAX, |batch| batch.clamp(1, BATCH_MAX))
}

/// How many tasks ahead values are fetched: what another core's cache takes to answer, in tasks.
fn ahead_of(cost: u64) -> usize {
    const ANSWER_NS: u64 = 800;
    usize::try_from(ANSWER_NS / cost.max(100)).map_or(1, |tasks| tasks.max(1))
}

fn mean_cost(tasks: &Tasks) -> u64 {
    tasks.total_cost() / u64::from(count(tasks).max(1))
}

fn count(tasks: &Tasks) -> u32 {
    u32::try_from(tasks.len()).expect("at most 2^30 tasks")
}
