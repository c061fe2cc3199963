//! Tasks that declare nothing: whatever the threads do, the result is that of the sequential order.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use heddle_engine::Blocked;
use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Key;
use heddle_engine::OpenEngine;
use heddle_engine::OpenJob;
use heddle_engine::OpenView;
use heddle_engine::Reason;
use heddle_engine::Task;
use heddle_engine::Way;
use proptest::prelude::*;
use proptest::test_runner::Config as Cases;

use self::block::Block;
use self::block::Delay;
use self::block::Op;
use self::block::blocks;

mod block;
mod interning;

const THREADS: [usize; 6] = [1, 2, 3, 4, 8, 16];
/// Of a task, however unlucky.
const EXECUTIONS_MAX: u64 = 6;

/// Runs the blocks one after the other on one engine, and compares each with what it gives in order.
fn check(blocks: &[Block], threads: usize) -> Vec<heddle_engine::Report> {
    let mut engine = OpenEngine::new(Config::threads(threads));
    blocks.iter().map(|block| check_on(&mut engine, block)).collect()
}

fn check_on(engine: &mut OpenEngine<Block>, block: &Block) -> heddle_engine::Report {
    let report = engine.run(block, block.len());
    let expected = block.in_order();
    assert_eq!(engine.outputs(), expected.outputs, "outputs");
    let mut writes = Vec::new();
    engine.writes(|key, value| writes.push((key.get(), value)));
    assert_eq!(writes, expected.writes, "writes");
    assert_eq!(report.tasks, block.len());
    assert_ne!(report.reason, Reason::Broken, "{report:?}");
    assert!(report.executions <= EXECUTIONS_MAX * u64::from(block.len()), "{report:?}");
    report
}

proptest! {
    #![proptest_config(Cases::with_cases(96))]

    #[test]
    fn any_block_gives_the_result_of_running_it_in_order(
        blocks in prop::collection::vec(blocks(Delay::None), 1..4),
        threads in prop::sample::select(&THREADS),
    ) {
        check(&blocks, threads);
    }

    #[test]
    fn it_does_so_on_a_machine_with_too_few_cores(blocks in prop::collection::vec(blocks(Delay::Random), 1..3)) {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        check(&blocks, 4 * cores);
    }
}

/// Each task reads `key(task)` and writes what it read, changed, to the same key.
fn chains(tasks: u32, key: impl Fn(u32) -> u32) -> Block {
    let task = |task| vec![Op::Read(key(task)), Op::Write(key(task))];
    Block::new((0..tasks).map(task).collect(), Delay::Spin)
}

#[test]
fn a_block_of_one_chain_is_run_in_order_and_says_so() {
    let mut block = chains(4000, |_| 0);
    block.overlap();
    let report = check(&[block], 2).remove(0);
    assert_eq!((report.way, report.reason), (Way::Open, Reason::Serial));
    assert!(report.in_order > 2000, "{report:?}");
}

#[test]
fn tasks_that_touch_different_keys_run_once() {
    let report = check(&[chains(4000, |task| task)], 4).remove(0);
    assert_eq!((report.way, report.reason), (Way::Open, Reason::Parallel));
    assert_eq!((report.executions, report.aborts, report.waits), (4000, 0, 0));
    assert!(report.conflicts.is_empty());
}

#[test]
fn tasks_that_add_to_one_key_run_once() {
    let block = Block::new(vec![vec![Op::Add(3)]; 4000], Delay::Spin);
    let report = check(&[block], 4).remove(0);
    assert_eq!((report.executions, report.aborts, report.waits), (4000, 0, 0));
}

#[test]
fn a_reader_of_a_key_that_is_added_to_depends_on_the_adds() {
    let task = |task| if task % 5 == 4 { vec![Op::Read(3)] } else { vec![Op::Add(3)] };
    check(&[Block::new((0..2000).map(task).collect(), Delay::Random)], 4);
}

#[test]
fn conflicts_name_the_keys() {
    let block = chains(4000, |task| if task % 2 == 0 { 7 } else { task });
    let report = check(&[block], 4).remove(0);
    assert!(report.conflicts.iter().all(|key| key.get() == 7), "{report:?}");
}

#[test]
fn one_thread_runs_in_order() {
    let report = check(&[chains(100, |task| task % 3)], 1).remove(0);
    assert_eq!((report.way, report.reason), (Way::Sequential, Reason::OneThread));
    assert_eq!((report.executions, report.in_order), (100, 100));
}

#[test]
fn in_order_may_be_asked_for() {
    let mut config = Config::threads(2);
    config.choice = Choice::Sequential;
    let report = check_on(&mut OpenEngine::new(config), &chains(100, |task| task % 3));
    assert_eq!((report.way, report.reason), (Way::Sequential, Reason::Asked));
}

#[test]
fn an_empty_block_leaves_nothing() {
    let blocks = [chains(50, |task| task), chains(0, |task| task), chains(50, |task| task + 7)];
    check(&blocks, 3);
}

#[test]
fn a_task_that_is_blocked_at_first_forgets_what_its_number_changed_in_the_block_before() {
    // Each block has keys of its own and one that every third task waits for.
    let block = |offset: u32| {
        let mut block = chains(600, |task| if task % 3 == 0 { offset } else { offset + task });
        block.overlap();
        block
    };
    let blocks: Vec<_> = (0..6).map(|number| block(number * 1_000)).collect();
    for threads in [2, 4, 8] {
        check(&blocks, threads);
    }
}

/// Panics in task 50, once or always.
struct Panics {
    block: Block,
    again: bool,
    armed: AtomicBool,
}

impl OpenJob for Panics {
    type Value = u64;
    type Delta = u64;
    type Output = u64;
    type Scratch = ();

    fn base(&self, key: Key) -> u64 {
        self.block.base(key)
    }

    fn fold(&self, key: Key, value: &mut u64, delta: &u64) {
        self.block.fold(key, value, delta);
    }

    fn run<V>(&self, task: Task, view: &mut V, scratch: &mut ()) -> Result<u64, Blocked>
    where
        V: OpenView<Value = u64, Delta = u64>,
    {
        assert!(task.get() != 50 || !self.armed.swap(self.again, Ordering::Relaxed), "armed");
        self.block.run(task, view, scratch)
    }
}

#[test]
fn a_panic_breaks_the_block_which_is_then_run_in_order() {
    let mut engine = OpenEngine::new(Config::threads(4));
    let job =
        Panics { block: chains(200, |task| task % 7), again: false, armed: AtomicBool::new(true) };
    for reason in [Reason::Broken, Reason::Parallel] {
        let report = engine.run(&job, 200);
        assert_eq!(report.reason, reason);
        assert_eq!(engine.outputs(), job.block.in_order().outputs);
        let mut writes = Vec::new();
        engine.writes(|key, value| writes.push((key.get(), value)));
        assert_eq!(writes, job.block.in_order().writes);
    }
}

#[test]
fn a_panic_that_comes_again_goes_to_the_caller() {
    let mut engine = OpenEngine::new(Config::threads(4));
    let mut job =
        Panics { block: chains(200, |task| task % 7), again: true, armed: AtomicBool::new(true) };
    assert!(catch_unwind(AssertUnwindSafe(|| engine.run(&job, 200))).is_err());
    job.again = false;
    job.armed = AtomicBool::new(false);
    engine.run(&job, 200);
    assert_eq!(engine.outputs(), job.block.in_order().outputs);
}
