//! Tasks that declare nothing: Block-STM (Gelashvili et al., PPoPP'23, arXiv:2203.06871).
//!
//! Workers run tasks in order of their numbers, ahead of those before them, on the values that are there. Each key has a
//! chain of versions; a task reads the highest version below it. A task that has read a value which then changes is aborted:
//! what it wrote becomes `ESTIMATE`, for others to wait on, and it is run again as its next incarnation.
//!
//! Deviations from the paper:
//! * *Who validates.* There, readers compare their read sets again and again, whenever a task below has been executed. Here
//!   reads are registered at the chain, and who changes a chain dooms the readers to which that makes a difference (as
//!   Aptos' Block-STM v2 does). A task costs two locks for a key that it reads and writes, no validation of its own, and is
//!   aborted at the first moment at which that is known.
//! * *What is compared.* Values, not versions: a task that is run again and writes the same aborts nobody. Adds have no
//!   version that a reader could name, since what it reads is their fold.
//! * *Commit.* In order, as tasks end (`schedule.rs`): committed versions are folded into one, so that chains stay short.
//! * *Bounds.* A window above the committed tasks; a limit on speculative runs of a task; and when nearly nothing is won by
//!   running tasks ahead, one worker runs a stretch of them in order (`throttle.rs`).

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use self::memory::Memory;
use self::schedule::Schedule;
use self::worker::Record;
use self::worker::Shared;
use self::worker::Worker;
use crate::engine::Choice;
use crate::engine::Config;
use crate::job::Key;
use crate::job::OpenJob;
use crate::pool::Pool;
use crate::report::Reason;
use crate::report::Report;
use crate::report::Way;
use crate::sync::Mutex;
use crate::sync::lock;

mod chain;
mod in_order;
mod memory;
mod schedule;
mod status;
#[cfg(all(test, loom))]
mod tests;
mod throttle;
mod view;
mod worker;

/// Runs blocks of tasks that declare nothing. Keeps its threads and its memory from block to block.
pub struct OpenEngine<O: OpenJob> {
    config: Config,
    pool: Pool,
    memory: Memory<O>,
    schedule: Schedule,
    records: Vec<Record<O::Output>>,
    workers: Vec<Mutex<Worker<O>>>,
    outputs: Vec<O::Output>,
    /// By key, one bit each: whether it was changed. Zero between uses.
    changed: Vec<u64>,
}

impl<O: OpenJob> OpenEngine<O> {
    /// With these settings. Of [`Config::choice`] only [`Choice::Sequential`] makes a difference; [`Config::chunk`] and
    /// [`Config::speculate`] make none.
    ///
    /// # Panics
    /// When the system gives no threads.
    pub fn new(config: Config) -> Self {
        let pool = Pool::new(config.threads);
        let threads = pool.threads();
        let workers = (0_u32..).take(threads).map(Worker::new).map(Mutex::new).collect();
        Self {
            config,
            pool,
            memory: Memory::new(),
            schedule: Schedule::new(threads),
            records: Vec::new(),
            workers,
            outputs: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// Runs tasks `0..tasks`. What they leave is then in [`Self::outputs`] and [`Self::writes`].
    ///
    /// # Panics
    /// At 2^30 tasks and more; and when the job panics also when its tasks are run in order.
    pub fn run(&mut self, job: &O, tasks: u32) -> Report {
        assert!(tasks < Key::COUNT_MAX, "fewer than 2^30 tasks");
        self.start_block(tasks);
        let alone = if self.config.choice == Choice::Sequential {
            Some(Reason::Asked)
        } else if self.workers.len() == 1 {
            Some(Reason::OneThread)
        } else if tasks < 2 {
            Some(Reason::LittleWork)
        } else {
            self.run_open(job).then_some(Reason::Broken)
        };
        if let Some(reason) = alone {
            self.run_in_order(job, tasks);
            let way = Way::Sequential;
            let report = Report { way, reason, threads: 1, tasks, ..Report::default() };
            return Report { in_order: tasks, ..self.finish(job, report) };
        }
        let threads = u32::try_from(self.workers.len()).unwrap_or(u32::MAX);
        let report = Report { way: Way::Open, threads, tasks, ..Report::default() };
        let report = self.finish(job, report);
        let is_serial = report.in_order > tasks / 2;
        let reason = if is_serial { Reason::Serial } else { Reason::Parallel };
        Report { reason, ..report }
    }

    /// What the tasks of the last block left, by task.
    pub fn outputs(&mut self) -> &mut [O::Output] {
        &mut self.outputs
    }

    /// Takes what the last block left at each key that a task wrote or added to, ascending by key.
    pub fn writes(&mut self, mut each: impl FnMut(Key, O::Value)) {
        for worker in &self.workers {
            for key in lock(worker).changed.keys.drain(..) {
                let (word, bit) = (key.index() / 64, key.get() % 64);
                if self.changed.len() <= word {
                    self.changed.resize(word + 1, 0);
                }
                self.changed[word] |= 1 << bit;
            }
        }
        for (word, base) in self.changed.iter_mut().zip((0_u32..).step_by(64)) {
            while *word != 0 {
                let key = Key::new(base + word.trailing_zeros());
                *word &= *word - 1;
                // Keys that only an aborted run has changed have nothing.
                if let Some(value) = self.memory.touched(key).take() {
                    each(key, value);
                }
            }
        }
    }

    fn start_block(&mut self, tasks: u32) {
        self.memory.start_block();
        self.schedule.start_block(tasks);
        let len = self.records.len().max(tasks as usize);
        self.records.resize_with(len, Record::default);
        self.records.iter_mut().take(tasks as usize).for_each(Record::forget_keys);
        for worker in &self.workers {
            lock(worker).start_block();
        }
    }

    /// On all threads. Whether that failed.
    fn run_open(&self, job: &O) -> bool {
        let shared = self.shared(job);
        let workers = &self.workers;
        self.pool.on_all(|number| {
            let mut worker = lock(&workers[number]);
            if catch_unwind(AssertUnwindSafe(|| worker.work(&shared))).is_err() {
                shared.schedule.break_off();
            }
        });
        self.schedule.is_broken()
    }

    /// On the calling thread, from the beginning.
    fn run_in_order(&mut self, job: &O, tasks: u32) {
        self.memory.start_block();
        for worker in &self.workers {
            lock(worker).forget();
        }
        lock(&self.workers[0]).run_in_order(&self.shared(job), 0..tasks);
    }

    fn shared<'a>(&'a self, job: &'a O) -> Shared<'a, O> {
        Shared {
            job,
            memory: &self.memory,
            schedule: &self.schedule,
            records: &self.records,
            clock: self.config.clock,
        }
    }

    /// Collects what the workers have.
    fn finish(&mut self, job: &O, mut report: Report) -> Report {
        self.outputs.clear();
        let records = self.records.iter_mut().take(report.tasks as usize);
        self.outputs.extend(records.map(Record::take));
        for worker in &self.workers {
            let mut worker = lock(worker);
            for key in worker.changed.added.drain(..) {
                self.memory.touched(key).settled(job, key);
            }
            report.executions += worker.counts.executions;
            report.speculative += worker.counts.speculative;
            report.in_order += worker.counts.in_order;
            report.aborts += worker.conflicts.aborts;
            report.waits += worker.conflicts.waits;
            report.conflicts.extend_from_slice(&worker.conflicts.keys);
            report.timeline.extend_from_slice(&worker.timeline);
        }
        report
    }
}
