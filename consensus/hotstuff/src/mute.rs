//! The way back for a validator that lost its safety record. R9, L3.

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

/// What has to happen before it signs again.
#[derive(Debug)]
pub(crate) enum Mute {
    /// R9: the others are asked where they are.
    Asking(Asking),
    /// L3: nothing above this view was signed, which is all that they could tell.
    Until(View),
}

/// Asking the others where they are.
#[derive(Debug)]
pub(crate) struct Asking {
    nonce: [u8; 32],
    answers: BTreeMap<ValidatorIndex, View>,
    asked: Instant,
}

impl Mute {
    pub(crate) const fn asking(nonce: [u8; 32], now: Instant) -> Self {
        Self::Asking(Asking { nonce, answers: BTreeMap::new(), asked: now })
    }

    pub(crate) const fn until(limit: View) -> Self {
        Self::Until(limit)
    }

    /// The question, if one is asked.
    pub(crate) const fn question(&mut self) -> Option<&mut Asking> {
        match self {
            Self::Asking(asking) => Some(asking),
            Self::Until(_) => None,
        }
    }

    /// The question's nonce, if one is asked.
    pub(crate) const fn nonce(&self) -> Option<[u8; 32]> {
        match self {
            Self::Asking(asking) => Some(asking.nonce),
            Self::Until(_) => None,
        }
    }

    /// What was signed before is of this view or a lower one, once that is known: it signs again with a QC of a higher one. `me`
    /// is never among those who answered.
    pub(crate) fn floor(&self, committee: &Committee) -> Option<View> {
        match self {
            Self::Asking(asking) => asking.highest(committee).map(View::next),
            Self::Until(limit) => Some(*limit),
        }
    }

    /// When to ask again.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Asking(asking) => {
                Some(asking.asked.after(Millis::new(limits::ANNOUNCE_INTERVAL_MS)))
            }
            Self::Until(_) => None,
        }
    }
}

impl Asking {
    /// Asked again; gives the nonce.
    pub(crate) const fn ask(&mut self, now: Instant) -> [u8; 32] {
        self.asked = now;
        self.nonce
    }

    /// A verified answer of another validator to this very question. Once a quorum has answered, nothing more is asked: whoever
    /// kept listening would move the view that has to be passed along with the others, and never pass it.
    pub(crate) fn answer(&mut self, committee: &Committee, voter: ValidatorIndex, view: View) {
        if self.highest(committee).is_none() {
            self.answers.entry(voter).or_insert(view);
        }
    }

    /// The highest view answered, once the answers come from a quorum.
    fn highest(&self, committee: &Committee) -> Option<View> {
        let quorum = committee.is_quorum(self.answers.keys().copied());
        self.answers.values().max().copied().filter(|_| quorum)
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
