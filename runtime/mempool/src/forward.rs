//! When a transaction is sent on to the next leaders: at once, then at growing intervals until it is final.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::CheckedTransaction;
use heddle_types::Instant;
use heddle_types::Millis;

/// When a transaction is due. Equal moments go by admission, which keeps each lane in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Forwarding {
    due: Instant,
    arrival: u64,
}

#[derive(Clone, Debug)]
struct Waiting {
    tx: Arc<CheckedTransaction>,
    /// How long to wait after the next time.
    interval: Millis,
}

/// The transactions that this node answers for, by when they are due.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedule(BTreeMap<Forwarding, Waiting>);

impl Schedule {
    /// Adds a transaction that is due at once.
    pub(crate) fn add(
        &mut self,
        tx: Arc<CheckedTransaction>,
        arrival: u64,
        interval: Millis,
    ) -> Forwarding {
        let at = Forwarding { due: Instant::START, arrival };
        self.0.insert(at, Waiting { tx, interval });
        at
    }

    /// Forgets one.
    pub(crate) fn remove(&mut self, at: Forwarding) {
        self.0.remove(&at);
    }

    /// When the first is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.first_key_value().map(|(at, _)| at.due)
    }

    /// Takes the first one if it is due and at most `bytes` large, and sets its next time, at most `interval_max` away.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        bytes: usize,
        interval_max: Millis,
    ) -> Option<(Arc<CheckedTransaction>, Forwarding)> {
        let first = self.0.first_entry()?;
        if first.key().due > now || first.get().tx.bytes() > bytes {
            return None;
        }
        let (at, waiting) = first.remove_entry();
        let again = Forwarding { due: now.after(waiting.interval), arrival: at.arrival };
        // Saturates far above the maximum that then applies.
        let interval = Millis::new(waiting.interval.get().saturating_mul(2)).min(interval_max);
        self.0.insert(again, Waiting { tx: Arc::clone(&waiting.tx), interval });
        Some((waiting.tx, again))
    }
}
