//! In a steady state no task costs a heap allocation.

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Engine;
use heddle_engine::Job;
use heddle_engine::Key;
use heddle_engine::Mode;
use heddle_engine::Task;
use heddle_engine::Tasks;
use heddle_engine::View;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: all is done by the system's allocator.
#[expect(unsafe_code, reason = "that is how allocations are counted")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Moves something from one key to another and counts.
struct Moves;

impl Job for Moves {
    type Value = u128;
    type Delta = u128;
    type Output = u64;
    type Scratch = ();

    fn fold(&self, _key: Key, value: &mut u128, delta: &u128) {
        *value = value.wrapping_add(*delta);
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ()) -> u64
    where
        V: View<Value = u128, Delta = u128>,
    {
        let (from, rate) = (*view.read(0), *view.read(1));
        view.write(0, from.wrapping_sub(rate));
        view.add(2, rate.wrapping_add(from));
        u64::from(task.get())
    }
}

fn block(seed: u32) -> Tasks {
    let mut tasks = Tasks::default();
    for task in 0..2_000_u32 {
        tasks.declare(Key::new((task * 7 + seed) % 97), Mode::Write);
        tasks.declare(Key::new(100 + task % 3), Mode::Read);
        tasks.declare(Key::new(200 + task % 2), Mode::Add);
        tasks.end_task(if seed == 0 { 100 } else { 20_000 });
    }
    tasks
}

#[test]
fn a_steady_state_allocates_nothing_for_a_task() {
    let blocks = [block(0), block(1)];
    for (threads, choice) in
        [(1, Choice::Sequential), (1, Choice::Planned), (2, Choice::Planned), (3, Choice::Auto)]
    {
        let mut engine = Engine::new(Config { choice, ..Config::threads(threads) });
        let mut values = vec![1; 300];
        // What is kept grows to what the worst timing needs only now and then: so the least of several counts.
        let least = (0..30).map(|_| {
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            for tasks in &blocks {
                engine.run(&Moves, tasks, &mut values).unwrap();
            }
            ALLOCATIONS.load(Ordering::Relaxed) - before
        });
        let least = least.min().unwrap();
        assert!(least < 40, "{least} allocations for 4,000 tasks on {threads} threads, {choice:?}");
    }
}
