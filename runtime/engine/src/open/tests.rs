//! Under loom: the schedule's protocols with up to three preemptions of a thread, and the whole, but for the pool, with one.

use std::sync::Arc as StdArc;

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

use super::memory::Memory;
use super::memory::Spare;
use super::schedule::Doomed;
use super::schedule::Schedule;
use super::schedule::Step;
use super::status::Doom;
use super::worker::Record;
use super::worker::Shared;
use super::worker::Worker;
use crate::job::Blocked;
use crate::job::Key;
use crate::job::OpenJob;
use crate::job::OpenView;
use crate::job::Task;

/// What a task does at one key.
#[derive(Clone, Copy)]
enum Op {
    /// Reads it and leaves one more.
    Increment(u32),
    Add(u32),
    Read(u32),
    /// Copies the first to the second.
    Copy(u32, u32),
}

#[derive(Clone)]
struct Block(StdArc<[Op]>);

impl OpenJob for Block {
    type Value = u32;
    type Delta = u32;
    type Output = u32;
    type Scratch = ();

    fn base(&self, _: Key) -> u32 {
        0
    }

    fn fold(&self, _: Key, value: &mut u32, delta: &u32) {
        *value += delta;
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ()) -> Result<u32, Blocked>
    where
        V: OpenView<Value = u32, Delta = u32>,
    {
        match self.0[task.index()] {
            Op::Increment(key) => {
                let value = view.read(Key::new(key))?;
                view.write(Key::new(key), value + 1);
                Ok(value)
            }
            Op::Add(key) => {
                view.add(Key::new(key), 1);
                Ok(0)
            }
            Op::Read(key) => view.read(Key::new(key)),
            Op::Copy(from, to) => {
                let value = view.read(Key::new(from))?;
                view.write(Key::new(to), value);
                Ok(value)
            }
        }
    }
}

struct World {
    block: Block,
    memory: Memory<Block>,
    schedule: Schedule,
    records: Vec<Record<u32>>,
}

impl World {
    fn new(block: Block) -> Self {
        let tasks = u32::try_from(block.0.len()).unwrap();
        let mut memory = Memory::new();
        memory.start_block();
        // Segments are not made under the model: it does not know `OnceLock`.
        let mut spare = Spare::default();
        (0..4).map(Key::new).for_each(|key| drop(memory.chain(key, &mut spare)));
        memory.start_block();
        let mut schedule = Schedule::new(2);
        schedule.start_block(tasks);
        let records = (0..tasks).map(|_| Record::default()).collect();
        Self { block, memory, schedule, records }
    }

    fn work(&self, number: u32) {
        let shared = Shared {
            job: &self.block,
            memory: &self.memory,
            schedule: &self.schedule,
            records: &self.records,
            clock: None,
        };
        Worker::new(number).work(&shared);
    }
}

/// Two workers run `ops`, a task each; tasks leave `outputs` and keys `values`.
fn check(ops: &[Op], outputs: &[u32], values: &[u32]) {
    let block = Block(ops.into());
    let (outputs, values) = (outputs.to_vec(), values.to_vec());
    let mut builder = Builder::new();
    builder.preemption_bound = Some(1);
    builder.max_branches = 100_000;
    builder.check(move || {
        let world = Arc::new(World::new(block.clone()));
        let other = thread::spawn({
            let world = world.clone();
            move || world.work(1)
        });
        world.work(0);
        other.join().unwrap();
        let mut world = Arc::try_unwrap(world).ok().unwrap();
        assert!(!world.schedule.is_broken());
        let left = world.records.iter_mut().map(Record::take).collect::<Vec<_>>();
        assert_eq!(left, outputs);
        for (key, value) in (0..).map(Key::new).zip(&values) {
            let mut spare = Spare::default();
            assert_eq!(world.memory.chain(key, &mut spare).settled(&world.block, key), value);
        }
    });
}

#[test]
fn tasks_that_increment_a_key_come_one_after_the_other() {
    check(&[Op::Increment(0), Op::Increment(0)], &[0, 1], &[2]);
}

#[test]
fn a_reader_sees_all_adds_below_it() {
    check(&[Op::Add(0), Op::Add(0), Op::Read(0)], &[0, 0, 2], &[2]);
}

#[test]
fn a_task_that_waits_is_resumed() {
    check(&[Op::Increment(0), Op::Copy(0, 1), Op::Copy(1, 2)], &[0, 1, 1], &[1, 1, 1]);
}

/// What two workers get to do next that finish, or do not, the two tasks of a block at the same time.
fn race(
    first: impl Fn(&Schedule) -> Option<Step> + Sync + Send + 'static,
    second: impl Fn(&Schedule) -> Option<Step> + Sync + Send + 'static,
    then: impl Fn(&Schedule, Vec<Step>) + Sync + Send + 'static,
) {
    let (first, second) = (StdArc::new(first), StdArc::new(second));
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let mut schedule = Schedule::new(2);
        schedule.start_block(2);
        assert_eq!(schedule.next(|| ()), Some(Step::Run(0)));
        assert_eq!(schedule.next(|| ()), Some(Step::Run(1)));
        let schedule = Arc::new(schedule);
        let other = thread::spawn({
            let (schedule, second) = (schedule.clone(), second.clone());
            move || second(&schedule)
        });
        let mine = first(&schedule);
        let steps = [mine, other.join().unwrap()].into_iter().flatten().collect();
        then(&schedule, steps);
    });
}

#[test]
fn what_two_workers_finish_is_committed() {
    race(
        |schedule| schedule.finish(0).unwrap(),
        |schedule| schedule.finish(1).unwrap(),
        |schedule, steps| {
            assert_eq!(steps, []);
            assert_eq!((schedule.frontier(), schedule.is_stopped()), (2, true));
        },
    );
}

#[test]
fn who_begins_to_wait_when_the_other_ends_is_run_once() {
    race(
        |schedule| schedule.finish(0).unwrap(),
        |schedule| schedule.wait(1, 0),
        |_, steps| assert_eq!(steps, [Step::Run(1)]),
    );
}

#[test]
fn who_is_deferred_when_the_frontier_moves_is_run_once() {
    race(
        |schedule| schedule.finish(0).unwrap(),
        |schedule| {
            assert_eq!(schedule.retry(1), Some(Step::Run(1)));
            schedule.retry(1)
        },
        |_, steps| assert_eq!(steps, [Step::Run(1)]),
    );
}

#[test]
fn a_doomed_run_is_not_committed() {
    race(
        |schedule| {
            if schedule.doom(1, 0) == Doom::Executed {
                schedule.requeue(1);
            }
            schedule.finish(0).unwrap()
        },
        |schedule| schedule.finish(1).unwrap_or_else(|Doomed| schedule.retry(1)),
        |schedule, steps| {
            let step = steps.first().cloned().or_else(|| schedule.next(|| ()));
            assert_eq!((step, schedule.frontier()), (Some(Step::Run(1)), 1));
        },
    );
}

#[test]
fn who_sleeps_is_woken_when_the_block_ends() {
    race(
        |schedule| schedule.finish(0).unwrap(),
        |schedule| {
            assert_eq!(schedule.finish(1), Ok(None));
            schedule.next(|| ())
        },
        |_, steps| assert_eq!(steps, []),
    );
}
