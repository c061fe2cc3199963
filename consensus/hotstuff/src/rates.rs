//! How often something is done for each peer, whatever it sends.

use std::collections::BTreeMap;

use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::limits;

/// What is done for each peer no oftener than this.
pub(crate) struct Rates {
    /// Telling it the certificates: some may be lost.
    pub(crate) answers: Rate,
    /// Telling it what it may have missed, once it can be reached again.
    pub(crate) reached: Rate,
    /// Asking it what is final.
    pub(crate) asked: Rate,
    /// Telling it how an epoch ended.
    pub(crate) ends: Rate,
    /// Verifying its proof of how one ended.
    pub(crate) proofs: Rate,
    /// Answering while it is muted.
    pub(crate) unmuted: Rate,
}

impl Rates {
    pub(crate) fn new() -> Self {
        let one = || Rate::one(limits::ANSWER_INTERVAL_MS);
        Self {
            answers: Rate::some(limits::ANSWER_INTERVAL_MS, limits::ANSWERS_AT_ONCE),
            reached: one(),
            asked: one(),
            ends: one(),
            proofs: Rate::one(limits::PROOF_INTERVAL_MS),
            unmuted: one(),
        }
    }
}

/// Once an interval on average, and some at once after a while without: the generic cell rate algorithm (ITU-T I.371).
#[derive(Debug)]
pub(crate) struct Rate {
    interval_ms: u64,
    at_once: u64,
    /// Until when what was done for each peer counts.
    paid_until: BTreeMap<ValidatorIndex, Instant>,
}

impl Rate {
    /// One an interval.
    pub(crate) const fn one(interval_ms: u64) -> Self {
        Self::some(interval_ms, 1)
    }

    /// One an interval on average, `at_once` at most, which is not 0.
    pub(crate) const fn some(interval_ms: u64, at_once: u64) -> Self {
        Self { interval_ms, at_once, paid_until: BTreeMap::new() }
    }

    /// Whether it may be done for `peer` now; notes that it is.
    pub(crate) fn is_due(&mut self, peer: ValidatorIndex, now: Instant) -> bool {
        let paid = self.paid_until.get(&peer).map_or(now, |until| now.max(*until));
        let ahead = Millis::new(self.interval_ms.saturating_mul(self.at_once.saturating_sub(1)));
        let due = paid <= now.after(ahead);
        if due {
            self.paid_until.insert(peer, paid.after(Millis::new(self.interval_ms)));
        }
        due
    }
}
