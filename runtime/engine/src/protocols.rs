//! The protocols between workers under loom: every order that the memory model allows. Run by `make loom`.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU32;
use loom::sync::atomic::Ordering;
use loom::thread;

use crate::idle::Idle;
use crate::ready::Ready;
use crate::speculate::Claim;
use crate::speculate::Speculation;
use crate::waiters::Waiters;
use crate::waiters::Waiting;

/// Something that one thread leaves for another. Loom sees unordered access.
struct Left(UnsafeCell<u32>);

#[expect(unsafe_code, reason = "loom checks what is promised here")]
// SAFETY: loom fails the test if two threads touch it at the same time.
unsafe impl Sync for Left {}

impl Left {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    #[expect(unsafe_code, reason = "loom checks what is promised here")]
    fn set(&self, value: u32) {
        // SAFETY: as above.
        self.0.with_mut(|place| unsafe { *place = value });
    }

    #[expect(unsafe_code, reason = "loom checks what is promised here")]
    fn get(&self) -> u32 {
        // SAFETY: as above.
        self.0.with(|place| unsafe { *place })
    }
}

#[test]
fn a_waiter_is_looked_after_once_by_one_who_sees_what_it_waited_for() {
    loom::model(|| {
        let mut waiters = Waiters::default();
        waiters.reset(3);
        let shared = Arc::new((waiters, Left::new(), AtomicU32::new(0)));
        let look_after = |shared: &(Waiters, Left, AtomicU32), waiter: u32| {
            assert!(shared.0.is_done(0));
            assert_eq!(shared.1.get(), 7);
            shared.2.fetch_add(1 << (8 * waiter), Ordering::Relaxed);
        };
        let wait = |waiter: u32| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                if shared.0.is_done(0) {
                    return look_after(&shared, waiter);
                }
                if let Waiting::Done(released) = shared.0.wait(waiter, 0) {
                    released.for_each(|waiter| look_after(&shared, waiter));
                }
            })
        };
        let threads = [wait(1), wait(2)];
        shared.1.set(7);
        shared.0.finish(0);
        Waiters::fence();
        shared.0.release(0).for_each(|waiter| look_after(&shared, waiter));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(shared.2.load(Ordering::Relaxed), 1 << 8 | 1 << 16);
    });
}

#[test]
fn a_task_that_is_pushed_is_popped_once_by_one_who_sees_what_made_it_ready() {
    loom::model(|| {
        let mut ready = Ready::default();
        ready.reset(2);
        let shared = Arc::new((ready, Left::new()));
        let pop = || {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let task = shared.0.pop();
                if task == Some(5) {
                    assert_eq!(shared.1.get(), 7);
                }
                usize::from(task.is_some())
            })
        };
        let threads = [pop(), pop()];
        shared.1.set(7);
        shared.0.push(5);
        let popped: usize = threads.map(|thread| thread.join().unwrap()).iter().sum();
        let left = usize::from(shared.0.pop().is_some());
        assert_eq!(popped + left, 1);
    });
}

#[test]
fn who_sleeps_is_woken_by_work() {
    loom::model(|| {
        let mut ready = Ready::default();
        ready.reset(1);
        let shared = Arc::new((ready, Idle::default()));
        let sleeper = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                // Loom fails the test if this sleeps for ever.
                shared.1.sleep_until(|| !shared.0.is_empty());
            })
        };
        shared.0.push(0);
        shared.1.wake_one();
        sleeper.join().unwrap();
    });
}

#[test]
fn a_try_is_looked_at_once_by_one_who_sees_both_the_try_and_what_the_task_waited_for() {
    loom::model(|| {
        let mut speculation = Speculation::default();
        speculation.reset(1, 0);
        let shared = Arc::new((speculation, Left::new(), Left::new(), AtomicU32::new(0)));
        let speculator = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                if !shared.0.start(0) {
                    return;
                }
                shared.1.set(1);
                if !shared.0.end_tried(0) {
                    assert_eq!((shared.1.get(), shared.2.get()), (1, 2));
                    shared.3.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        shared.2.set(2);
        match shared.0.claim(0) {
            Claim::Run => {
                shared.1.set(3);
                shared.3.fetch_add(1, Ordering::Relaxed);
            }
            Claim::Look => {
                assert_eq!((shared.1.get(), shared.2.get()), (1, 2));
                shared.3.fetch_add(1, Ordering::Relaxed);
            }
            Claim::Leave => {}
        }
        speculator.join().unwrap();
        assert_eq!(shared.3.load(Ordering::Relaxed), 1);
    });
}
