//! The memory of a block is that of the blocks before it. A test binary of its own, because it counts what all threads
//! allocate.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use heddle_engine::Blocked;
use heddle_engine::Config;
use heddle_engine::Key;
use heddle_engine::OpenEngine;
use heddle_engine::OpenJob;
use heddle_engine::OpenView;
use heddle_engine::Task;

const TASKS: u32 = 10_000;
/// Starting the threads of a block, and its report.
const ALLOCATIONS_MAX: usize = 100;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "a counting allocator hands on to the system's")]
// SAFETY: every call is handed on unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` by `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Each task reads two keys, writes both and adds to a third.
struct Transfers {
    keys: u32,
}

impl OpenJob for Transfers {
    type Value = u128;
    type Delta = u128;
    type Output = u64;
    type Scratch = ();

    fn base(&self, _: Key) -> u128 {
        1 << 64
    }

    fn fold(&self, _: Key, value: &mut u128, delta: &u128) {
        *value += delta;
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ()) -> Result<u64, Blocked>
    where
        V: OpenView<Value = u128, Delta = u128>,
    {
        let [from, to] = [7919, 104_729].map(|step| Key::new(task.get() * step % self.keys));
        let (left, right) = (view.read(from)?, view.read(to)?);
        view.write(from, left - 1);
        view.write(to, right + 1);
        view.add(Key::new(self.keys), 1);
        Ok(1)
    }
}

/// What the last of several blocks has allocated, at least: what is needed may still grow with the luck of the threads.
fn allocations(threads: usize, keys: u32) -> usize {
    let mut engine = OpenEngine::new(Config::threads(threads));
    let job = Transfers { keys };
    let mut sum = 0;
    let mut block = || {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        engine.run(&job, TASKS);
        engine.writes(|_, value| sum += value >> 64);
        ALLOCATIONS.load(Ordering::Relaxed) - before
    };
    (0..10).for_each(|_| _ = block());
    let least = (0..5).map(|_| block()).min();
    assert!(sum > 0);
    least.unwrap()
}

#[test]
fn a_block_like_those_before_it_allocates_nothing_for_its_tasks() {
    for threads in [1, 2, 4] {
        for keys in [3, 100, 20_011] {
            let allocations = allocations(threads, keys);
            assert!(
                allocations <= ALLOCATIONS_MAX,
                "{allocations} at {threads} threads, {keys} keys"
            );
        }
    }
}
