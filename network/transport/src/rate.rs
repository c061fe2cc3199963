//! How quickly a peer is read.

use std::time::Duration;
use std::time::Instant;

/// A bucket that fills steadily and holds a second's worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    per_second: u64,
    /// Free from this moment; in the past when the peer sends less than it may.
    free_at: Instant,
}

impl Rate {
    pub(crate) fn new(per_second: u64, now: Instant) -> Self {
        Self { per_second, free_at: now }
    }

    /// Whether nothing is owed.
    pub(crate) fn is_free(&self, now: Instant) -> bool {
        self.free_at <= now
    }

    /// Takes `amount`; how long to wait before more is read, if not at all.
    pub(crate) fn take(&mut self, amount: u64, now: Instant) -> Option<Duration> {
        const BURST: Duration = Duration::from_secs(1);
        let nanos = u128::from(amount) * 1_000_000_000 / u128::from(self.per_second.max(1));
        let cost = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let earliest = now.checked_sub(BURST).unwrap_or(self.free_at);
        self.free_at = self.free_at.max(earliest) + cost;
        self.free_at.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests;
