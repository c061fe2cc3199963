//! One key, and runs that come in any order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use super::*;
use crate::job::Blocked;
use crate::job::OpenView;
use crate::job::Task;

const KEY: Key = Key::new(0);
const BASE: u64 = 100;

/// Values at keys, nothing more.
struct Values;

impl OpenJob for Values {
    type Value = u64;
    type Delta = u64;
    type Output = ();
    type Scratch = ();

    fn base(&self, _: Key) -> u64 {
        BASE
    }

    fn fold(&self, _: Key, value: &mut u64, delta: &u64) {
        *value += delta;
    }

    fn run<V>(&self, _: Task, _: &mut V, (): &mut ()) -> Result<(), Blocked>
    where
        V: OpenView<Value = u64, Delta = u64>,
    {
        Ok(())
    }
}

/// A chain, with shorter names.
struct Rig(Chain<Values>);

impl Rig {
    fn new() -> Self {
        Self(Chain::new())
    }

    fn read(&mut self, task: u32) -> Result<u64, u32> {
        self.0.read(&Values, KEY, run(task, 0))
    }

    fn read_all<const N: usize>(&mut self, tasks: [u32; N]) {
        tasks.into_iter().for_each(|task| _ = self.read(task).unwrap());
    }

    fn change(&mut self, run: Run, change: Change<Values>) -> Vec<u32> {
        let mut stale = Vec::new();
        self.0.install((&Values, KEY), run, change, &mut stale);
        stale.iter().map(|reader| reader.task).collect()
    }

    fn put(&mut self, task: u32, value: u64) -> Vec<u32> {
        self.change(run(task, 0), Change::Put(value))
    }

    fn add(&mut self, task: u32, delta: u64) -> Vec<u32> {
        self.change(run(task, 0), Change::Add(delta))
    }
}

const fn run(task: u32, incarnation: u32) -> Run {
    Run { task, incarnation, frontier: 1 }
}

#[test]
fn a_task_reads_the_highest_version_below_it() {
    let mut chain = Rig::new();
    chain.put(7, 70);
    chain.put(3, 30);
    chain.add(5, 1);
    let read = [3, 4, 5, 6, 7, 8].map(|task| chain.read(task).unwrap());
    assert_eq!(read, [BASE, 30, 30, 31, 31, 70]);
}

#[test]
fn a_replacement_dooms_the_readers_up_to_the_next() {
    let mut chain = Rig::new();
    chain.put(6, 60);
    chain.read_all([2, 3, 4, 5, 6, 7]);
    assert_eq!(chain.put(3, 30), [4, 5, 6]);
}

#[test]
fn an_add_dooms_those_who_read_the_sum() {
    let mut chain = Rig::new();
    chain.add(6, 1);
    chain.read_all([3, 5, 8]);
    assert_eq!(chain.add(4, 1), [5, 8]);
    assert_eq!(chain.read(9), Ok(BASE + 2));
}

#[test]
fn adds_doom_nobody_who_only_adds() {
    let mut chain = Rig::new();
    assert_eq!(chain.add(5, 1), []);
    assert_eq!(chain.add(3, 1), []);
    assert_eq!(chain.add(4, 1), []);
}

#[test]
fn the_same_value_again_dooms_nobody() {
    let mut chain = Rig::new();
    chain.put(3, 30);
    chain.read(5).unwrap();
    chain.0.estimate(3);
    assert_eq!(chain.change(run(3, 1), Change::Put(30)), []);
    assert_eq!(chain.change(run(3, 2), Change::Put(31)), [5]);
}

#[test]
fn an_estimate_blocks_those_above_it() {
    let mut chain = Rig::new();
    chain.add(3, 30);
    chain.add(4, 1);
    chain.0.estimate(3);
    assert_eq!((chain.read(3), chain.read(4), chain.read(5)), (Ok(BASE), Err(3), Err(3)));
    chain.put(5, 50);
    assert_eq!(chain.read(6), Ok(50));
}

#[test]
fn what_is_not_changed_again_is_withdrawn() {
    let mut chain = Rig::new();
    chain.put(3, 30);
    chain.read(5).unwrap();
    let mut stale = Vec::new();
    chain.0.withdraw((&Values, KEY), run(3, 0), &mut stale);
    assert_eq!(stale, []);
    chain.0.withdraw((&Values, KEY), run(3, 1), &mut stale);
    assert_eq!(stale, [Reader { task: 5, incarnation: 0 }]);
    assert_eq!((chain.read(6), chain.0.take()), (Ok(BASE), None));
}

#[test]
fn a_run_at_the_frontier_is_not_doomed() {
    let mut chain = Rig::new();
    chain.read(1).unwrap();
    assert_eq!(chain.put(0, 30), []);
}

#[test]
fn committed_versions_become_one() {
    let mut chain = Rig::new();
    chain.add(0, 1);
    chain.add(1, 2);
    chain.change(Run { task: 4, incarnation: 0, frontier: 2 }, Change::Add(4));
    assert_eq!(chain.0.versions.len(), 1);
    assert_eq!((chain.read(3), chain.read(5)), (Ok(BASE + 3), Ok(BASE + 7)));
}

#[test]
fn readers_of_committed_tasks_are_forgotten() {
    let mut chain = Rig::new();
    for task in 1..1000 {
        let run = Run { task: task + 1, incarnation: 0, frontier: task };
        chain.0.read(&Values, KEY, run).unwrap();
    }
    assert!(chain.0.readers.capacity() <= 8, "{}", chain.0.readers.capacity());
}

#[test]
fn a_cleared_chain_starts_from_the_base() {
    let mut chain = Rig::new();
    chain.put(3, 30);
    chain.read(5).unwrap();
    chain.0.clear();
    assert_eq!((chain.read(9), chain.put(4, 40), chain.0.take()), (Ok(BASE), vec![9], Some(40)));
}
