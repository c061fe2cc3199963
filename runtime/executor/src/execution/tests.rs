use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use heddle_engine::Doing;
use heddle_types::ProgramId;

use super::*;

fn key(n: u8) -> StateKey {
    StateKey::new(ProgramId::LEDGER, &[&[n]]).unwrap()
}

fn report(way: Way, reason: Reason, tasks: u32) -> Report {
    Report { way, reason, tasks, ..Report::default() }
}

/// The mode and reason of a block whose parts have these reports.
fn check(parts: &[Report], mode: ExecutionMode, reason: Reason) {
    let mut recorder = Recorder::start(None);
    parts.iter().for_each(|part| recorder.add(part, []));
    let execution = recorder.finish();
    assert_eq!((execution.mode, execution.reason), (mode, reason), "{parts:?}");
}

#[test]
fn a_block_whose_parts_ran_in_two_ways_is_mixed() {
    let planned = report(Way::Planned, Reason::Parallel, 3);
    let few = report(Way::Sequential, Reason::LittleWork, 2);
    let open = report(Way::Open, Reason::Asked, 1);
    let none = report(Way::Sequential, Reason::Asked, 0);
    check(&[], ExecutionMode::Sequential, Reason::Asked);
    check(&[planned.clone(), none.clone()], ExecutionMode::Planned, Reason::Parallel);
    check(&[none.clone(), open.clone()], ExecutionMode::Open, Reason::Asked);
    check(&[none, few.clone()], ExecutionMode::Sequential, Reason::LittleWork);
    check(&[few.clone(), few.clone()], ExecutionMode::Sequential, Reason::LittleWork);
    check(&[planned.clone(), open], ExecutionMode::Mixed, Reason::Parallel);
    check(&[planned.clone(), planned.clone(), few], ExecutionMode::Mixed, Reason::Parallel);
    let broken = report(Way::Sequential, Reason::Broken, 1);
    check(&[planned, broken], ExecutionMode::Mixed, Reason::Broken);
}

#[test]
fn the_counts_of_the_parts_are_summed_up_and_the_most_threads_count() {
    let part = |threads| Report {
        threads,
        tasks: 1,
        executions: 2,
        speculative: 3,
        aborts: 4,
        waits: 5,
        total_cost: 60,
        critical_path: 7,
        ..Report::default()
    };
    let mut recorder = Recorder::start(None);
    recorder.add(&part(2), []);
    recorder.add(&part(1), []);
    let expected = BlockExecution {
        transactions: 2,
        executions: 4,
        speculative: 6,
        aborts: 8,
        waits: 10,
        threads: 2,
        total_cost_ns: 120,
        critical_path_ns: 14,
        ..BlockExecution::default()
    };
    assert_eq!(recorder.finish(), expected);
}

#[test]
fn the_hottest_keys_come_first_and_equal_ones_by_key() {
    let mut recorder = Recorder::start(None);
    recorder.add(&Report::default(), [key(3), key(1), key(3), key(2)]);
    recorder.add(&Report::default(), [key(3), key(2), key(0)]);
    let hot: Vec<_> = recorder.finish().hot_keys.iter().map(|hot| (hot.key, hot.count)).collect();
    assert_eq!(hot, [(key(3), 3), (key(2), 2), (key(0), 1), (key(1), 1)]);
}

#[test]
fn of_many_hot_keys_the_hottest_are_kept() {
    let mut recorder = Recorder::start(None);
    recorder.add(&Report::default(), (0..40).flat_map(|n| vec![key(n); usize::from(n) + 1]));
    let hot = recorder.finish().hot_keys;
    assert_eq!(hot.len(), HOT_KEYS_MAX);
    assert_eq!(
        (hot[0], hot[15]),
        (HotKey { key: key(39), count: 40 }, HotKey { key: key(24), count: 25 },)
    );
}

#[test]
fn of_a_long_timeline_the_longest_spans_are_kept_in_their_order() {
    let span = |n: u64, nanos| Span {
        worker: 0,
        doing: Doing::Running,
        start_ns: 1_000 * n,
        end_ns: 1_000 * n + nanos,
        tasks: 1,
    };
    let count = SPANS_MAX as u64;
    // Short ones between long ones.
    let timeline = (0..2 * count).map(|n| span(n, if n % 2 == 0 { 9 } else { 10 })).collect();
    let mut recorder = Recorder::start(None);
    recorder.add(&Report { timeline, ..Report::default() }, []);
    let kept = recorder.finish().timeline;
    let expected: Vec<Span> = (0..count).map(|n| span(2 * n + 1, 10)).collect();
    assert_eq!(kept, expected);
}

/// A clock that is a hundred nanoseconds further each time it is read, from a thousand on.
fn clock() -> u64 {
    static NOW: AtomicU64 = AtomicU64::new(1_000);
    NOW.fetch_add(100, Ordering::SeqCst)
}

#[test]
fn stages_and_spans_are_timed_from_the_begin_of_the_block() {
    let mut recorder = Recorder::start(Some(clock));
    recorder.end_stage(Stage::Plan, 5);
    let span = Span { worker: 1, doing: Doing::Idle, start_ns: 1_150, end_ns: 1_180, tasks: 0 };
    recorder.add(&Report { timeline: vec![span], ..Report::default() }, []);
    recorder.end_stage(Stage::Declared, 4);
    let execution = recorder.finish();
    let expected = [(Stage::Plan, 5), (Stage::Declared, 4)];
    assert_eq!(
        execution.stages,
        expected.map(|(stage, items)| StageTime { stage, items, nanos: 100 })
    );
    assert_eq!(execution.timeline, [Span { start_ns: 150, end_ns: 180, ..span }]);
}
