//! Whether a home whose database was lost has again what it had, so that nothing that is answered goes back.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use heddle_types::Epoch;
use heddle_types::Height;
use parking_lot::Mutex;

/// How long a node has all that it knows of before it is believed that there is no more. While it catches up over epochs it knows of
/// nothing beyond the end of the one that it is in, and has all of that for a moment.
const LEVEL_FOR: Duration = Duration::from_secs(1);

/// Becomes true once, and stays so.
pub(crate) struct Whole {
    is_whole: AtomicBool,
    floor: Height,
    level: Mutex<Option<Level>>,
}

/// A time in which nothing that is known of is missing.
#[derive(Clone, Copy)]
struct Level {
    epoch: Epoch,
    since: Instant,
    /// What was certified when it began.
    certified: Height,
}

impl Whole {
    /// Of a database that has everything.
    pub(crate) const fn already() -> Self {
        Self { is_whole: AtomicBool::new(true), floor: Height::ZERO, level: Mutex::new(None) }
    }

    /// Of one that lacks what somebody may have been told: up to `floor`, and perhaps more.
    pub(crate) const fn above(floor: Height) -> Self {
        Self { is_whole: AtomicBool::new(false), floor, level: Mutex::new(None) }
    }

    /// Whether it still has to be found out: what is [noted](Self::note) matters until then.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_whole.load(Ordering::SeqCst)
    }

    /// Nothing that is known of is missing now: in this epoch, up to this certified height. None: something is.
    pub(crate) fn note(&self, known: Option<(Epoch, Height)>, now: Instant) {
        let mut level = self.level.lock();
        *level = known.map(|(epoch, certified)| {
            let goes_on = level.filter(|level| level.epoch == epoch);
            goes_on.unwrap_or(Level { epoch, since: now, certified })
        });
    }

    /// Whether it is there, with `height` as its last durable block.
    pub(crate) fn is_whole(&self, height: Height, now: Instant) -> bool {
        if self.is_whole.load(Ordering::SeqCst) {
            return true;
        }
        let is_level = |level: Level| {
            height >= level.certified && now.saturating_duration_since(level.since) >= LEVEL_FOR
        };
        let is_whole = height >= self.floor && self.level.lock().is_some_and(is_level);
        if is_whole {
            self.is_whole.store(true, Ordering::SeqCst);
        }
        is_whole
    }
}

#[cfg(test)]
mod tests;
