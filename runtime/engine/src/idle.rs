//! Workers without work: where they sleep, and how they are woken.
//!
//! An event count. Who makes work first publishes it, then asks whether anyone sleeps; who wants to sleep first says so, then
//! looks for work once more. The two fences order these, so that at least one of them sees the other.

use crate::sync::AtomicU32;
use crate::sync::Condvar;
use crate::sync::Mutex;
use crate::sync::Ordering;
use crate::sync::fence;
use crate::sync::lock;

#[derive(Debug, Default)]
pub(crate) struct Idle {
    /// Workers that look for work, asleep or not.
    searching: AtomicU32,
    /// Workers that sleep, or are about to.
    sleeping: AtomicU32,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Idle {
    /// Whether a worker is looking for work. A hint.
    #[inline]
    pub(crate) fn is_anyone_searching(&self) -> bool {
        self.searching.load(Ordering::Relaxed) > 0
    }

    /// The caller looks for work from now on.
    pub(crate) fn start_search(&self) {
        self.searching.fetch_add(1, Ordering::Relaxed);
    }

    /// The caller has found work, or there will be none.
    pub(crate) fn end_search(&self) {
        self.searching.fetch_sub(1, Ordering::Relaxed);
    }

    /// Sleeps until `has_work`.
    pub(crate) fn sleep_until(&self, has_work: impl Fn() -> bool) {
        self.sleeping.fetch_add(1, Ordering::Relaxed);
        // Pairs with the fence of `wake`: either it sees us sleeping, or we see its work.
        fence(Ordering::SeqCst);
        let mut guard = lock(&self.lock);
        while !has_work() {
            guard = match self.wake.wait(guard) {
                Ok(guard) => guard,
                Err(poisoned) => poisoned.into_inner(),
            };
        }
        drop(guard);
        self.sleeping.fetch_sub(1, Ordering::Relaxed);
    }

    /// Wakes one sleeper, if there is one. To be called after work was published.
    pub(crate) fn wake_one(&self) {
        if self.has_sleepers() {
            // A sleeper that has looked and not found holds the lock until it waits.
            drop(lock(&self.lock));
            self.wake.notify_one();
        }
    }

    /// Wakes all sleepers.
    pub(crate) fn wake_all(&self) {
        if self.has_sleepers() {
            drop(lock(&self.lock));
            self.wake.notify_all();
        }
    }

    #[inline]
    fn has_sleepers(&self) -> bool {
        // Pairs with the fence of `sleep_until`.
        fence(Ordering::SeqCst);
        self.sleeping.load(Ordering::Relaxed) > 0
    }
}
