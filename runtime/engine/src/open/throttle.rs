//! Whether running tasks at the same time is worth while.
//!
//! A task is *serialised* when its last run began only after all tasks before it were committed, and not for the first time:
//! nothing was won by running it earlier. When nearly all tasks are, one worker runs a stretch of tasks in order, in place,
//! while the others sleep; then it is tried again. Each time that it is no better the stretch is twice as long.

use crate::sync::AtomicU32;
use crate::sync::Ordering;

/// Tasks that are looked at together.
const SAMPLE_TASKS: u32 = 32;
/// Of these, as many serialised ones as make a stretch.
const SERIALISED_MIN: u32 = 26;
const STRETCH_TASKS_MIN: u32 = 64;
const STRETCH_TASKS_MAX: u32 = 4096;

/// What is known about the block's tasks so far.
#[derive(Debug)]
pub(super) struct Throttle {
    /// Since the last sample was full.
    serialised: AtomicU32,
    stretch: AtomicU32,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Self { serialised: AtomicU32::new(0), stretch: AtomicU32::new(STRETCH_TASKS_MIN) }
    }

    pub(super) fn start_block(&self) {
        self.serialised.store(0, Ordering::Relaxed);
        self.stretch.store(STRETCH_TASKS_MIN, Ordering::Relaxed);
    }

    pub(super) fn note_serialised(&self) {
        self.serialised.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether tasks are to be run in order for a while, now that those from `start` to `end` are committed.
    pub(super) fn is_due(&self, start: u32, end: u32) -> bool {
        if start / SAMPLE_TASKS == end / SAMPLE_TASKS {
            return false;
        }
        let is_due = self.serialised.swap(0, Ordering::Relaxed) >= SERIALISED_MIN;
        if !is_due {
            self.stretch.store(STRETCH_TASKS_MIN, Ordering::Relaxed);
        }
        is_due
    }

    /// How long the stretch is that starts now.
    pub(super) fn stretch(&self) -> u32 {
        let stretch = self.stretch.load(Ordering::Relaxed);
        self.stretch.store(STRETCH_TASKS_MAX.min(2 * stretch), Ordering::Relaxed);
        stretch
    }
}
