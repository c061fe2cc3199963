//! Tasks that are ready and looking for a worker: a queue that each task of a block enters at most once.
//!
//! Because of that bound it needs no ring: places are taken in ascending order and never used again within a block.

use crate::sync::AtomicU32;
use crate::sync::Ordering;

#[derive(Debug)]
pub(crate) struct Ready {
    places: Vec<AtomicU32>,
    pushed: AtomicU32,
    popped: AtomicU32,
}

const EMPTY: u32 = u32::MAX;

impl Default for Ready {
    fn default() -> Self {
        Self { places: Vec::new(), pushed: AtomicU32::new(0), popped: AtomicU32::new(0) }
    }
}

impl Ready {
    /// For `len` tasks, none of which is in it.
    pub(crate) fn reset(&mut self, len: usize) {
        let used = self.pushed.load(Ordering::Relaxed) as usize;
        for place in &self.places[..used] {
            place.store(EMPTY, Ordering::Relaxed);
        }
        if self.places.len() < len {
            self.places.resize_with(len, || AtomicU32::new(EMPTY));
        }
        self.pushed.store(0, Ordering::Relaxed);
        self.popped.store(0, Ordering::Relaxed);
    }

    /// Whether there is nothing to pop, as far as can be seen from here.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // Ordered by the fence of whoever parks on this; otherwise a hint.
        self.popped.load(Ordering::Relaxed) >= self.pushed.load(Ordering::Relaxed)
    }

    pub(crate) fn push(&self, task: u32) {
        // A place of one's own; its contents are what publishes.
        let place = self.pushed.fetch_add(1, Ordering::Relaxed);
        // Release: whoever pops the task sees what made it ready.
        self.places[place as usize].store(task, Ordering::Release);
    }

    /// A task that was pushed; none when there is none, or the next is only just being pushed.
    #[inline]
    pub(crate) fn pop(&self) -> Option<u32> {
        let mut place = self.popped.load(Ordering::Relaxed);
        loop {
            if place >= self.pushed.load(Ordering::Relaxed) {
                return None;
            }
            // Acquires what `push` released.
            let task = self.places[place as usize].load(Ordering::Acquire);
            if task == EMPTY {
                return None;
            }
            // A place that was passed is never used again in this block, so no other task can be taken for this one.
            let next = place + 1;
            match self.popped.compare_exchange_weak(
                place,
                next,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(task),
                Err(now) => place = now,
            }
        }
    }
}
