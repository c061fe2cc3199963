//! When a view has taken too long.
//!
//! The timer of a view starts when something is known to wait for it, else after the idle interval, so that an idle
//! chain does not time out. Its length follows the time that views took lately, grows by half with each view in a row
//! that failed, and is capped. A commit ends the row. A leader that has been silent for some views is given a part of it
//! only, and its failure says nothing about how long views take.

use heddle_types::Instant;
use heddle_types::Millis;

use crate::limits;

/// The pacemaker's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacemakerConfig {
    /// The shortest view timeout.
    pub timeout_base: Millis,
    /// The longest view timeout.
    pub timeout_max: Millis,
    /// How long a leader with nothing to order waits before it proposes an empty block.
    pub idle_interval: Millis,
}

/// The timer of the current view.
#[derive(Debug)]
pub(crate) struct Pacemaker {
    config: PacemakerConfig,
    entered: Instant,
    /// When it was last known that nothing waits.
    idle_since: Instant,
    /// When something began to wait for this view.
    armed: Option<Instant>,
    /// Somebody is known to be at work in this view.
    stirred: bool,
    /// When this node gave up on the view, last said.
    gave_up: Option<Instant>,
    /// The view's leader has signed nothing for some views.
    silent: bool,
    failures: u32,
    /// What a view takes: at once up to a longer one, slowly down to shorter ones.
    view_time: Micros,
}

type Micros = u64;

/// How a view was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The view before it succeeded.
    Certified,
    /// A later view succeeded than the one that was being waited for.
    Skipped,
    /// The view before it was given up.
    GivenUp,
}

impl Pacemaker {
    pub(crate) const fn new(config: PacemakerConfig, now: Instant) -> Self {
        Self {
            config,
            entered: now,
            idle_since: now,
            armed: None,
            stirred: false,
            gave_up: None,
            silent: false,
            failures: 0,
            view_time: 0,
        }
    }

    /// A new view begins.
    pub(crate) fn enter(&mut self, now: Instant, how: Entry) {
        match how {
            Entry::Certified => self.observe(now),
            Entry::GivenUp if self.silent => {}
            Entry::Skipped => {}
            Entry::GivenUp => self.failures = self.failures.saturating_add(1),
        }
        self.entered = now;
        self.idle_since = now;
        self.armed = None;
        self.stirred = false;
        self.gave_up = None;
        self.silent = false;
    }

    /// Whether the view's leader has signed nothing for some views; told after every input.
    pub(crate) const fn set_silent(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// Something of this view was heard.
    pub(crate) const fn stir(&mut self) {
        self.stirred = true;
    }

    /// Whether something waits to be ordered or made final; told after every input.
    pub(crate) fn set_waiting(&mut self, now: Instant, waiting: bool) {
        if !waiting && !self.stirred {
            if self.armed.take().is_some() {
                self.idle_since = now;
            }
        } else if self.armed.is_none() {
            self.armed = Some(now);
        }
    }

    /// Blocks became final.
    pub(crate) const fn on_commit(&mut self) {
        self.failures = 0;
    }

    /// This node gave up on the view, or says so again.
    pub(crate) const fn on_gave_up(&mut self, now: Instant) {
        self.gave_up = Some(now);
    }

    /// How long the current view may take.
    pub(crate) fn timeout(&self) -> Millis {
        let observed = self.view_time.saturating_mul(limits::TIMEOUT_FACTOR) / 1000;
        let cap = self.config.timeout_max.get();
        let mut timeout = observed.max(self.config.timeout_base.get()).max(1);
        for _ in 0..self.failures {
            if timeout >= cap {
                break;
            }
            timeout = timeout.saturating_add(timeout.div_ceil(2));
        }
        Millis::new(timeout.min(cap))
    }

    /// When to give up on the view, or to say so again.
    pub(crate) fn deadline(&self) -> Instant {
        if let Some(said) = self.gave_up {
            let again = self.timeout().get().min(limits::REBROADCAST_MS_MAX);
            return said.after(Millis::new(again));
        }
        let start = self.armed.unwrap_or_else(|| self.idle_since.after(self.config.idle_interval));
        let patience = self.timeout().get();
        let patience = if self.silent { patience / limits::SILENT_SHARE } else { patience };
        start.after(Millis::new(patience.max(1)))
    }

    /// When a leader with nothing to order proposes nevertheless.
    pub(crate) const fn idle_until(&self) -> Instant {
        self.entered.after(self.config.idle_interval)
    }

    fn observe(&mut self, now: Instant) {
        let Some(armed) = self.armed else { return };
        // Longer than its timeout a view takes when a quorum, or this node, stood still.
        let cap = self.timeout().get().saturating_mul(1000);
        let sample = now.as_micros().saturating_sub(armed.as_micros()).min(cap);
        let excess = self.view_time.saturating_sub(sample);
        self.view_time = self.view_time.max(sample).saturating_sub(excess / 8);
    }
}

#[cfg(test)]
mod tests;
