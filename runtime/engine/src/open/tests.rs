//! The whole of it but for the threads, under loom: every interleaving with few preemptions.

use std::sync::Arc as StdArc;

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

use super::memory::Memory;
use super::memory::Spare;
use super::schedule::Schedule;
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

/// Two workers run `ops`, a task each; tasks leave `outputs` and keys `values`. A thread is preempted so often at most.
fn check(preemptions: usize, ops: &[Op], outputs: &[u32], values: &[u32]) {
    let block = Block(ops.into());
    let (outputs, values) = (outputs.to_vec(), values.to_vec());
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
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
    check(2, &[Op::Increment(0), Op::Increment(0)], &[0, 1], &[2]);
}

#[test]
fn a_reader_sees_all_adds_below_it() {
    check(2, &[Op::Add(0), Op::Add(0), Op::Read(0)], &[0, 0, 2], &[2]);
}

#[test]
fn a_task_that_waits_is_resumed() {
    let ops = [Op::Increment(0), Op::Copy(0, 1), Op::Copy(1, 2)];
    check(1, &ops, &[0, 1, 1], &[1, 1, 1]);
}
