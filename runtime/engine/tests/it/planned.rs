//! Whatever the number of threads, the chunks and the timing: values and outputs are those of the order.

use heddle_engine::Broken;
use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Engine;
use heddle_engine::Job;
use heddle_engine::Key;
use heddle_engine::Mode;
use heddle_engine::Reason;
use heddle_engine::Report;
use heddle_engine::Task;
use heddle_engine::Tasks;
use heddle_engine::View;
use proptest::prelude::*;

use crate::rig::Script;
use crate::rig::Touch;
use crate::rig::script;

fn in_order(script: &Script) -> (Vec<u128>, Vec<u128>) {
    let mut engine = Engine::new(Config { choice: Choice::Sequential, ..Config::threads(1) });
    let mut values = script.values();
    engine.run(script, &script.declared(), &mut values).expect("nothing breaks");
    (values, engine.outputs().to_vec())
}

fn check(engine: &mut Engine<Script>, script: &Script, cost: u32) -> Report {
    let mut tasks = Tasks::default();
    for touches in &script.tasks {
        touches.iter().for_each(|touch| tasks.declare(Key::new(touch.key), touch.mode));
        tasks.end_task(cost);
    }
    let mut values = script.values();
    let report = engine.run(script, &tasks, &mut values).expect("nothing breaks");
    let (expected, outputs) = in_order(script);
    assert_eq!(values, expected, "{report:?}");
    assert_eq!(engine.outputs(), outputs, "{report:?}");
    report
}

fn planned(threads: usize, chunk: Option<u32>) -> Engine<Script> {
    Engine::new(Config { choice: Choice::Planned, chunk, ..Config::threads(threads) })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn planned_blocks_end_as_their_order_says(
        scripts in prop::collection::vec(script(40, 150), 1..4),
        threads in prop::sample::select(vec![1, 2, 3, 4, 8, 16]),
        chunk in prop::sample::select(vec![None, Some(1), Some(3), Some(64)]),
        cost in prop::sample::select(vec![10, 100_000]),
    ) {
        let mut engine = planned(threads, chunk);
        for script in &scripts {
            check(&mut engine, script, cost);
        }
    }

    #[test]
    fn timing_does_not_matter(
        script in script(12, 80),
        chunk in prop::sample::select(vec![Some(1), Some(4)]),
        cost in prop::sample::select(vec![10, 100_000]),
    ) {
        // Four times more threads than cores.
        let mut engine = planned(8, chunk);
        check(&mut engine, &Script { is_disturbed: true, ..script }, cost);
    }

    #[test]
    fn the_automatic_way_gives_the_same(script in script(10_000, 3_000)) {
        let mut engine = Engine::new(Config::threads(3));
        check(&mut engine, &script, 1_000);
    }
}

fn uses(key: u32, mode: Mode) -> Touch {
    Touch { key, mode, is_used: true }
}

/// Every task does the same.
fn uniform(keys: u32, tasks: usize, touches: &[Touch]) -> Script {
    Script { keys, tasks: vec![touches.to_vec(); tasks], is_disturbed: false }
}

#[test]
fn each_task_runs_once_where_none_is_tried_ahead_of_time() {
    let one_chain = uniform(1, 500, &[uses(0, Mode::Write)]);
    let hot_add = uniform(2, 500, &[uses(0, Mode::Add), uses(1, Mode::Read)]);
    for script in [one_chain, hot_add] {
        for cost in [10, 100_000] {
            let mut engine = planned(4, Some(1));
            engine.config().speculate = false;
            let report = check(&mut engine, &script, cost);
            assert_eq!((report.executions, report.tasks), (500, 500));
        }
    }
}

#[test]
fn over_declared_tasks_are_tried_ahead_of_time_and_no_task_runs_more_than_twice() {
    let idle = |key| Touch { key, mode: Mode::Write, is_used: false };
    let mut script = uniform(300, 0, &[]);
    script.is_disturbed = true;
    for number in 1..300 {
        // All declare key 0; every tenth writes it.
        let touches = if number % 10 == 0 {
            [uses(0, Mode::Write), uses(number, Mode::Write)]
        } else {
            [idle(0), uses(number, Mode::Write)]
        };
        script.tasks.push(touches.to_vec());
    }
    let (mut speculative, mut counted) = (0, 0);
    for chunk in [None, Some(1), Some(7)] {
        let report = check(&mut planned(4, chunk), &script, 50_000);
        assert_eq!(report.executions, 299 + report.aborts);
        assert!(report.aborts <= report.speculative);
        speculative += report.speculative;
        counted += report.speculative - report.aborts;
    }
    assert!(speculative > 0 && counted > 0, "{counted} of {speculative} tries counted");
}

#[test]
fn what_a_try_added_is_forgotten_when_the_task_runs_again() {
    // Whether a task adds depends on what it sees at key 0, which every other task changes.
    let mut script = uniform(2, 0, &[]);
    script.is_disturbed = true;
    for number in 0..200 {
        let read = [uses(0, Mode::Read), uses(1, Mode::Add)];
        script.tasks.push(if number % 2 == 0 { vec![uses(0, Mode::Write)] } else { read.to_vec() });
    }
    for _ in 0..10 {
        check(&mut planned(4, Some(1)), &script, 50_000);
    }
}

#[test]
fn sums_are_read_between_adds_by_tasks_that_run_late() {
    // All readers wait for the first task, and are then released at once, the last first.
    let mut script = Script { keys: 3, ..Script::default() };
    script.tasks.push(vec![uses(1, Mode::Write)]);
    for _ in 0..300 {
        script.tasks.push(vec![uses(0, Mode::Add)]);
        script.tasks.push(vec![uses(0, Mode::Read), uses(1, Mode::Read), uses(2, Mode::Add)]);
    }
    script.is_disturbed = true;
    for threads in [1, 2, 5] {
        check(&mut planned(threads, Some(1)), &script, 10);
    }
}

#[test]
fn adds_do_not_wait_for_each_other() {
    let script = uniform(1, 1000, &[uses(0, Mode::Add)]);
    let report = check(&mut planned(4, None), &script, 10);
    assert_eq!(report.waits, 0);
}

#[test]
fn a_chain_is_found_to_be_one() {
    let script = uniform(1, 1000, &[uses(0, Mode::Write)]);
    let report = check(&mut Engine::new(Config::threads(4)), &script, 1_000);
    assert_eq!(report.reason, Reason::Serial);
    let report = check(&mut planned(4, None), &script, 1_000);
    assert_eq!((report.critical_path, report.total_cost), (1_000_000, 1_000_000));
}

#[test]
fn independent_work_is_found_to_be_parallel_and_little_of_it_is_not() {
    let tasks = |count: u32| (0..count).map(|key| vec![uses(key, Mode::Write)]).collect();
    let many = Script { keys: 1000, tasks: tasks(1000), is_disturbed: false };
    let few = Script { keys: 1000, tasks: tasks(10), is_disturbed: false };
    let mut engine = Engine::new(Config::threads(2));
    assert_eq!(check(&mut engine, &many, 5_000).reason, Reason::Parallel);
    assert_eq!(check(&mut engine, &few, 100).reason, Reason::LittleWork);
    assert_eq!(check(&mut Engine::new(Config::threads(1)), &many, 5_000).reason, Reason::OneThread);
}

/// Panics in one of its tasks.
struct Panicking(u32);

impl Job for Panicking {
    type Value = u32;
    type Delta = u32;
    type Output = ();
    type Scratch = ();

    fn fold(&self, _key: Key, value: &mut u32, delta: &u32) {
        *value += delta;
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ())
    where
        V: View<Value = u32, Delta = u32>,
    {
        assert_ne!(task.get(), self.0, "as the test wants it");
        let value = *view.read(0);
        view.write(0, value + 1);
    }
}

#[test]
fn a_job_that_panics_breaks_its_block_and_no_other() {
    let mut tasks = Tasks::default();
    for key in 0..100 {
        tasks.declare(Key::new(key % 7), Mode::Write);
        tasks.end_task(10);
    }
    for threads in [1, 2, 8] {
        let choice = Choice::Planned;
        let mut engine = Engine::new(Config { choice, ..Config::threads(threads) });
        let mut values = [0; 7];
        assert_eq!(engine.run(&Panicking(50), &tasks, &mut values), Err(Broken));
        values = [0; 7];
        engine.run(&Panicking(u32::MAX), &tasks, &mut values).unwrap();
        assert_eq!(values, [15, 15, 14, 14, 14, 14, 14]);
    }
}

#[test]
#[should_panic(expected = "a task declares a key once")]
fn a_key_that_a_task_declares_twice_is_a_bug_of_the_caller() {
    let script = uniform(1, 1, &[uses(0, Mode::Write), uses(0, Mode::Read)]);
    planned(1, None).plan_ahead(&script.declared(), 1);
}

#[test]
fn a_block_that_was_planned_ahead_ends_as_any_other() {
    let script = uniform(3, 200, &[uses(0, Mode::Write), uses(1, Mode::Add), uses(2, Mode::Read)]);
    for threads in [1, 3] {
        let mut engine = planned(threads, Some(2));
        engine.plan_ahead(&script.declared(), 3);
        let mut values = script.values();
        engine.run(&script, &script.declared(), &mut values).unwrap();
        assert_eq!(values, in_order(&script).0);
    }
}
