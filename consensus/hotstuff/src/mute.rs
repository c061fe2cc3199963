//! The way back for a validator that lost its safety record. R9.

use std::collections::BTreeMap;

use heddle_types::Committee;
use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::encode;

use crate::limits;

/// Asking the others where they are.
#[derive(Debug)]
pub(crate) struct Mute {
    nonce: [u8; 32],
    answers: BTreeMap<ValidatorIndex, View>,
    asked: Instant,
}

impl Mute {
    pub(crate) const fn new(nonce: [u8; 32], now: Instant) -> Self {
        Self { nonce, answers: BTreeMap::new(), asked: now }
    }

    pub(crate) const fn nonce(&self) -> [u8; 32] {
        self.nonce
    }

    /// A verified answer of another validator to this very question. Once a quorum has answered, nothing more is asked: whoever
    /// kept listening would move the view that has to be passed along with the others, and never pass it.
    pub(crate) fn answer(&mut self, committee: &Committee, voter: ValidatorIndex, view: View) {
        if self.highest(committee).is_none() {
            self.answers.entry(voter).or_insert(view);
        }
    }

    /// The highest view answered, once the answers come from a quorum. `me` is never among them.
    pub(crate) fn highest(&self, committee: &Committee) -> Option<View> {
        let quorum = committee.is_quorum(self.answers.keys().copied());
        self.answers.values().max().copied().filter(|_| quorum)
    }

    /// Asked again.
    pub(crate) const fn on_asked(&mut self, now: Instant) {
        self.asked = now;
    }

    /// When to ask again.
    pub(crate) const fn deadline(&self) -> Instant {
        self.asked.after(Millis::new(limits::ANNOUNCE_INTERVAL_MS))
    }
}

/// What an answer's signature covers.
pub(crate) fn message(
    committee: &Committee,
    nonce: &[u8; 32],
    view: View,
    asker: ValidatorIndex,
) -> Hash32 {
    let (chain, epoch) = (committee.chain(), encode(&committee.epoch()));
    let parts = [chain.as_bytes().as_slice(), &epoch, nonce, &encode(&view), &encode(&asker)];
    Hash32::of(Domain::UNMUTE, &parts)
}
