//! Whether running tasks ahead is worth while.
//!
//! A task is *serialised* when it is run again only when all tasks before it are committed, or all but the last: nothing was
//! won by running it earlier. It is run *alone* when all before it are committed already at its first run: other workers were
//! busy or had not come yet, which says nothing. Of any other task something was won. When nearly all are serialised, one worker runs a
//! stretch of tasks in order, in place, while the others sleep; then it is tried again, with little run ahead. Each time that
//! it is no better the stretch is longer, and when it is better the next is shorter again. Blocks are like those before them, so what is known is kept.
//!
//! Several workers may be here at the same time. What they count is then a little wrong, and nothing but time depends on it.

use super::chain::Run;
use crate::sync::AtomicU32;
use crate::sync::Ordering;

/// Tasks that are judged together, those run alone not counted.
const SAMPLE_TASKS: u32 = 32;
const STRETCH_TASKS_MIN: u32 = 32;
const STRETCH_TASKS_MAX: u32 = 4096;
/// By how much a stretch is longer than that before.
const STRETCH_GROWTH: u32 = 4;
/// How far above the frontier tasks are claimed. Bounds what chains hold.
const WINDOW_TASKS: u32 = 512;
/// The same while it is not known whether anything is won: what is run in vain is run once more before a stretch begins.
const WINDOW_TASKS_TRIAL: u32 = 64;

/// What is known about the tasks so far.
#[derive(Debug)]
pub(super) struct Throttle {
    /// The first task of the sample.
    start: AtomicU32,
    /// In this sample.
    serialised: AtomicU32,
    /// In this sample.
    alone: AtomicU32,
    /// How many tasks the next stretch has.
    stretch: AtomicU32,
    /// How far above the frontier tasks are claimed now.
    window: AtomicU32,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Self {
            start: AtomicU32::new(0),
            serialised: AtomicU32::new(0),
            alone: AtomicU32::new(0),
            stretch: AtomicU32::new(STRETCH_TASKS_MIN),
            window: AtomicU32::new(WINDOW_TASKS_TRIAL),
        }
    }

    pub(super) fn start_block(&self) {
        self.start_sample(0);
    }

    /// How far above the frontier tasks are to be claimed.
    pub(super) fn window(&self) -> u32 {
        self.window.load(Ordering::Relaxed)
    }

    /// A run begins.
    pub(super) fn note(&self, run: Run) {
        if run.frontier + 1 >= run.task && run.incarnation > 0 {
            self.serialised.fetch_add(1, Ordering::Relaxed);
        } else if run.is_final() {
            self.alone.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether tasks are to be run in order for a while, now that all below `end` are committed.
    pub(super) fn is_due(&self, end: u32) -> bool {
        let committed = end.saturating_sub(self.start.load(Ordering::Relaxed));
        if committed < SAMPLE_TASKS {
            return false;
        }
        let judged = committed.saturating_sub(self.alone.load(Ordering::Relaxed));
        if judged < SAMPLE_TASKS {
            return false;
        }
        let is_due = self.serialised.load(Ordering::Relaxed) >= judged - judged / 5;
        if is_due {
            self.window.store(WINDOW_TASKS_TRIAL, Ordering::Relaxed);
        } else {
            self.window.store(WINDOW_TASKS, Ordering::Relaxed);
            let stretch = self.stretch.load(Ordering::Relaxed) / STRETCH_GROWTH;
            self.stretch.store(stretch.max(STRETCH_TASKS_MIN), Ordering::Relaxed);
        }
        self.start_sample(end);
        is_due
    }

    /// How long the stretch is that starts now, at task `start`.
    pub(super) fn start_stretch(&self, start: u32) -> u32 {
        let stretch = self.stretch.load(Ordering::Relaxed);
        self.stretch.store(STRETCH_TASKS_MAX.min(STRETCH_GROWTH * stretch), Ordering::Relaxed);
        self.start_sample(start + stretch);
        stretch
    }

    fn start_sample(&self, start: u32) {
        self.start.store(start, Ordering::Relaxed);
        self.serialised.store(0, Ordering::Relaxed);
        self.alone.store(0, Ordering::Relaxed);
    }
}
