//! What one thread does during a block, and keeps from block to block.

use std::mem;
use std::ops::Range;

use smallvec::SmallVec;

use super::chain::Change;
use super::chain::Reader;
use super::chain::Run;

use super::in_order::InOrder;
use super::memory::Memory;
use super::memory::Spare;
use super::schedule::Doomed;
use super::schedule::Schedule;
use super::schedule::Step;
use super::status::Doom;
use super::view::Speculative;
use crate::job::Key;
use crate::job::OpenJob;
use crate::job::Task;
use crate::report::Doing;
use crate::report::Span;
use crate::sync::Mutex;
use crate::sync::alone;
use crate::sync::lock;

/// Keys of conflicts that a worker notes in a block.
const CONFLICTS_MAX: usize = 256;
/// Stretches of time that a worker notes in a block.
const SPANS_MAX: usize = 1024;

/// What all workers share during a block.
pub(super) struct Shared<'a, O: OpenJob> {
    pub(super) job: &'a O,
    pub(super) memory: &'a Memory<O>,
    pub(super) schedule: &'a Schedule,
    pub(super) records: &'a [Record<O::Output>],
    pub(super) clock: Option<fn() -> u64>,
}

/// What the last run of a task left. On its own cache line, since workers run neighbours at the same time.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Record<T>(Mutex<Left<T>>);

#[derive(Debug, Default)]
struct Left<T> {
    output: T,
    /// The keys that it changed.
    keys: SmallVec<[Key; 4]>,
}

/// What a worker did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) executions: u64,
    pub(super) speculative: u64,
    pub(super) in_order: u32,
}

/// Runs that came to nothing.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    pub(super) aborts: u64,
    pub(super) waits: u64,
    /// Where, up to a limit.
    pub(super) keys: Vec<Key>,
}

/// Keys that were changed, each on one worker's list.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) keys: Vec<Key>,
    /// Of these, those that were added to.
    pub(super) added: Vec<Key>,
}

/// What a worker's runs use.
pub(super) struct Own<O: OpenJob> {
    /// What the run changes.
    pub(super) changes: Vec<(Key, Change<O>)>,
    pub(super) spare: Spare,
}

/// A worker.
pub(super) struct Worker<O: OpenJob> {
    pub(super) number: u32,
    pub(super) counts: Counts,
    pub(super) changed: Changed,
    pub(super) conflicts: Conflicts,
    pub(super) timeline: Vec<Span>,
    scratch: O::Scratch,
    own: Own<O>,
    keys: Vec<Key>,
    stale: Vec<Reader>,
}

impl<O: OpenJob> Worker<O> {
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            counts: Counts::default(),
            changed: Changed::default(),
            conflicts: Conflicts::default(),
            timeline: Vec::new(),
            scratch: O::Scratch::default(),
            own: Own { changes: Vec::new(), spare: Spare::default() },
            keys: Vec::new(),
            stale: Vec::new(),
        }
    }

    pub(super) fn start_block(&mut self) {
        self.counts = Counts::default();
        self.forget();
        self.conflicts.aborts = 0;
        self.conflicts.waits = 0;
        self.conflicts.keys.clear();
        self.timeline.clear();
    }

    /// What was written so far is void: memory starts anew.
    pub(super) fn forget(&mut self) {
        self.own.spare = Spare::default();
        self.changed.keys.clear();
        self.changed.added.clear();
    }

    /// Works until the block is done.
    pub(super) fn work(&mut self, shared: &Shared<'_, O>) {
        let mut watch = Watch::start(shared.clock, self.number);
        let mut next = None;
        loop {
            let step = match next.take() {
                Some(step) => step,
                None => match shared.schedule.next(|| watch.pause(&mut self.timeline)) {
                    Some(step) => step,
                    None => break,
                },
            };
            watch.resume(&mut self.timeline);
            next = match step {
                Step::Run(task) => {
                    watch.tasks += 1;
                    self.run(shared, task)
                }
                Step::InOrder(tasks) => {
                    let end = tasks.end;
                    watch.tasks += end - tasks.start;
                    self.counts.in_order += end - tasks.start;
                    self.run_in_order(shared, tasks);
                    shared.schedule.reopen(end);
                    None
                }
            };
        }
        watch.pause(&mut self.timeline);
    }

    /// Runs tasks in order and in place. All before them are committed, and nobody else runs any.
    pub(super) fn run_in_order(&mut self, shared: &Shared<'_, O>, tasks: Range<u32>) {
        for task in tasks {
            self.own.changes.clear();
            let mut view = InOrder { shared, own: &mut self.own };
            let output = shared
                .job
                .run(Task::new(task), &mut view, &mut self.scratch)
                .expect("a job is blocked only when the view says so");
            lock(&shared.records[task as usize].0).output = output;
            for (key, change) in self.own.changes.drain(..) {
                let mut chain = shared.memory.chain(key, &mut self.own.spare);
                self.changed.note(key, chain.list_for(&change));
                chain.settle(shared.job, key, change);
            }
            self.counts.executions += 1;
        }
    }

    fn run(&mut self, shared: &Shared<'_, O>, task: u32) -> Option<Step> {
        let schedule = shared.schedule;
        let run =
            Run { task, incarnation: schedule.incarnation(task), frontier: schedule.frontier() };
        schedule.note(run);
        self.counts.executions += 1;
        self.counts.speculative += u64::from(!run.is_final());
        self.own.changes.clear();
        let mut view = Speculative::new(shared, run, &mut self.own);
        let result = shared.job.run(Task::new(task), &mut view, &mut self.scratch);
        match (view.into_obstacle(), result) {
            (None, Ok(output)) => self.complete(shared, run, output),
            (Some((_, other)), _) if other == task => schedule.retry(task),
            (Some((key, other)), _) => {
                self.conflicts.waits += 1;
                self.conflicts.note(key);
                schedule.wait(task, other)
            }
            (None, Err(_)) => {
                schedule.break_off();
                None
            }
        }
    }

    /// Makes visible what a run has changed.
    fn complete(&mut self, shared: &Shared<'_, O>, run: Run, output: O::Output) -> Option<Step> {
        self.record(shared, run, output);
        for (key, change) in self.own.changes.drain(..) {
            let mut chain = shared.memory.chain(key, &mut self.own.spare);
            self.changed.note(key, chain.list_for(&change));
            chain.install((shared.job, key), run, change, &mut self.stale);
            drop(chain);
            self.conflicts.abort(shared, key, &mut self.stale);
        }
        for key in self.keys.drain(..) {
            shared.memory.touched(key).withdraw((shared.job, key), run, &mut self.stale);
            self.conflicts.abort(shared, key, &mut self.stale);
        }
        match shared.schedule.finish(run.task) {
            Ok(step) => step,
            Err(Doomed) => {
                estimate(shared, run.task);
                shared.schedule.retry(run.task)
            }
        }
    }

    /// Keeps a run's output and the keys that it changes; `self.keys` are then those of the run before.
    fn record(&mut self, shared: &Shared<'_, O>, run: Run, output: O::Output) {
        let mut record = lock(&shared.records[run.task as usize].0);
        record.output = output;
        self.keys.clear();
        // Of a run before that was done; a first run, or one after runs in vain, has none.
        self.keys.extend(record.keys.drain(..));
        record.keys.extend(self.own.changes.iter().map(|(key, _)| *key));
    }
}

impl<T: Default> Record<T> {
    /// Forgets the keys of an earlier block: this one may not touch them.
    pub(super) fn forget_keys(&mut self) {
        alone(&mut self.0).keys.clear();
    }

    /// Takes the output.
    pub(super) fn take(&mut self) -> T {
        mem::take(&mut alone(&mut self.0).output)
    }
}

impl Conflicts {
    /// Aborts the runs that have read a value at `key` which is another now.
    fn abort<O: OpenJob>(&mut self, shared: &Shared<'_, O>, key: Key, stale: &mut Vec<Reader>) {
        for Reader { task, incarnation } in stale.drain(..) {
            match shared.schedule.doom(task, incarnation) {
                Doom::TooLate => continue,
                Doom::Running => {}
                Doom::Executed => {
                    estimate(shared, task);
                    shared.schedule.requeue(task);
                }
            }
            self.aborts += 1;
            self.note(key);
        }
    }

    fn note(&mut self, key: Key) {
        if self.keys.len() < CONFLICTS_MAX {
            self.keys.push(key);
        }
    }
}

/// Makes what the last run of `task` has changed `ESTIMATE`s.
fn estimate<O: OpenJob>(shared: &Shared<'_, O>, task: u32) {
    for key in &lock(&shared.records[task as usize].0).keys {
        shared.memory.touched(*key).estimate(task);
    }
}

impl Changed {
    fn note(&mut self, key: Key, (is_first, is_first_add): (bool, bool)) {
        if is_first {
            self.keys.push(key);
        }
        if is_first_add {
            self.added.push(key);
        }
    }
}

/// Notes what a worker does when.
struct Watch {
    clock: Option<fn() -> u64>,
    worker: u32,
    doing: Doing,
    since_ns: u64,
    tasks: u32,
}

impl Watch {
    fn start(clock: Option<fn() -> u64>, worker: u32) -> Self {
        let since_ns = clock.map_or(0, |clock| clock());
        Self { clock, worker, doing: Doing::Running, since_ns, tasks: 0 }
    }

    /// The worker has nothing to do.
    fn pause(&mut self, timeline: &mut Vec<Span>) {
        self.turn_to(Doing::Idle, timeline);
    }

    /// It has.
    fn resume(&mut self, timeline: &mut Vec<Span>) {
        self.turn_to(Doing::Running, timeline);
    }

    fn turn_to(&mut self, doing: Doing, timeline: &mut Vec<Span>) {
        let Some(clock) = self.clock.filter(|_| self.doing != doing) else { return };
        let end_ns = clock();
        if timeline.len() < SPANS_MAX {
            let Self { worker, doing, since_ns: start_ns, tasks, .. } = *self;
            timeline.push(Span { worker, doing, start_ns, end_ns, tasks });
        }
        self.doing = doing;
        self.since_ns = end_ns;
        self.tasks = 0;
    }
}
