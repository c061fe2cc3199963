//! Workers that take turns as the test says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use super::*;

fn schedule(tasks: u32) -> Schedule {
    let mut schedule = Schedule::new(4);
    schedule.start_block(tasks);
    schedule
}

fn next(schedule: &Schedule) -> u32 {
    match schedule.next(|| panic!("there is work")) {
        Some(Step::Run(task)) => task,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tasks_are_claimed_in_order() {
    let schedule = schedule(3);
    assert_eq!([(); 3].map(|()| next(&schedule)), [0, 1, 2]);
}

#[test]
fn tasks_are_committed_in_order() {
    let schedule = schedule(4);
    (0..4).for_each(|task| assert_eq!(next(&schedule), task));
    let frontiers = [2, 1, 0, 3].map(|task| {
        assert_eq!(schedule.finish(task), Ok(None));
        schedule.frontier()
    });
    assert_eq!(frontiers, [0, 0, 3, 4]);
    assert_eq!(schedule.next(|| ()), None);
}

#[test]
fn who_waits_is_resumed_by_the_task_that_it_waits_for() {
    let schedule = schedule(3);
    (0..3).for_each(|task| assert_eq!(next(&schedule), task));
    assert_eq!(schedule.wait(2, 0), None);
    assert_eq!(schedule.finish(1), Ok(None));
    assert_eq!(schedule.finish(0), Ok(Some(Step::Run(2))));
    assert_eq!(schedule.incarnation(2), 1);
}

#[test]
fn nobody_waits_for_an_executed_task() {
    let schedule = schedule(3);
    (0..3).for_each(|task| assert_eq!(next(&schedule), task));
    assert_eq!(schedule.finish(1), Ok(None));
    assert_eq!(schedule.wait(2, 1), Some(Step::Run(2)));
}

#[test]
fn a_doomed_run_is_not_executed() {
    let schedule = schedule(2);
    (0..2).for_each(|task| assert_eq!(next(&schedule), task));
    assert_eq!(schedule.doom(1, 0), Doom::Running);
    assert_eq!(schedule.finish(0), Ok(None));
    assert_eq!(schedule.finish(1), Err(Doomed));
    assert_eq!(schedule.retry(1), Some(Step::Run(1)));
    assert_eq!(schedule.doom(1, 0), Doom::TooLate);
    assert_eq!(schedule.finish(1), Ok(None));
}

#[test]
fn an_aborted_task_is_queued_and_comes_before_new_ones() {
    let schedule = schedule(4);
    (0..3).for_each(|task| assert_eq!(next(&schedule), task));
    assert_eq!(schedule.finish(2), Ok(None));
    assert_eq!(schedule.doom(2, 0), Doom::Executed);
    assert_eq!(schedule.doom(2, 0), Doom::TooLate);
    schedule.requeue(2);
    assert_eq!([next(&schedule), next(&schedule)], [2, 3]);
}

#[test]
fn after_a_few_runs_in_vain_a_task_waits_for_the_frontier() {
    let schedule = schedule(2);
    (0..2).for_each(|task| assert_eq!(next(&schedule), task));
    for _ in 1..schedule.speculations {
        assert_eq!(schedule.retry(1), Some(Step::Run(1)));
    }
    assert_eq!(schedule.retry(1), None);
    assert_eq!(schedule.finish(0), Ok(Some(Step::Run(1))));
}

#[test]
fn where_nothing_is_won_a_stretch_begins_once_all_that_was_claimed_is_committed() {
    let schedule = schedule(1000);
    let mut ahead = next(&schedule);
    let mut step = None;
    while step.is_none() {
        let task = ahead;
        ahead = next(&schedule);
        schedule.retry(task);
        schedule.note(Run { task, incarnation: 1, frontier: task });
        step = schedule.finish(task).unwrap();
        assert!(task < 100, "no stretch begins");
        if schedule.closing.load(Ordering::SeqCst) {
            assert_eq!(step, None);
            step = schedule.finish(ahead).unwrap();
        }
    }
    let Some(Step::InOrder(stretch)) = step else { panic!("{step:?}") };
    assert_eq!(stretch.start, ahead + 1);
    assert!(!schedule.has_work());
    schedule.reopen(stretch.end);
    assert_eq!(next(&schedule), stretch.end);
}
