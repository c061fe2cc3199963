//! Who can be asked.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::limits;

/// The connected peers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peers(BTreeMap<ValidatorIndex, Standing>);

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    connected: bool,
    strikes: u32,
    avoided_until: Instant,
}

/// Whom to ask next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// This one.
    Peer(ValidatorIndex),
    /// Whoever could be asked has enough to do for now.
    Busy,
    /// Everybody who is connected was asked in vain, or is avoided for now.
    Nobody {
        /// When the first who was not asked is no longer avoided.
        until: Option<Instant>,
    },
}

impl Peers {
    pub(crate) fn connect(&mut self, peer: ValidatorIndex) {
        if self.0.len() < limits::PEERS_MAX || self.0.contains_key(&peer) {
            self.0.entry(peer).or_default().connected = true;
        }
    }

    /// Its strikes stay: reconnecting makes nobody honest.
    pub(crate) fn disconnect(&mut self, peer: ValidatorIndex) {
        if let Some(standing) = self.0.get_mut(&peer) {
            standing.connected = false;
        }
    }

    /// Another epoch began: each peer's new index by its old one.
    pub(crate) fn renumber(&mut self, names: &BTreeMap<ValidatorIndex, ValidatorIndex>) {
        let old = std::mem::take(&mut self.0);
        let renamed = |(peer, standing)| Some((*names.get(&peer)?, standing));
        self.0 = old.into_iter().filter_map(renamed).collect();
    }

    /// Avoids the peer for a while, twice as long each time.
    pub(crate) fn strike(&mut self, now: Instant, peer: ValidatorIndex) {
        if let Some(standing) = self.0.get_mut(&peer) {
            let wait = doubled(limits::AVOID_MS, standing.strikes, limits::AVOID_MS_MAX);
            standing.avoided_until = now.after(wait);
            standing.strikes = standing.strikes.saturating_add(1);
        }
    }

    /// Forgets what the peer did: it was of use.
    pub(crate) fn forgive(&mut self, peer: ValidatorIndex) {
        if let Some(standing) = self.0.get_mut(&peer) {
            standing.strikes = 0;
            standing.avoided_until = Instant::START;
        }
    }

    pub(crate) fn has_connected(&self) -> bool {
        self.0.values().any(|standing| standing.connected)
    }

    /// Whether the peer is connected and not avoided.
    pub(crate) fn is_willing(&self, now: Instant, peer: ValidatorIndex) -> bool {
        let standing = self.0.get(&peer);
        standing.is_some_and(|standing| standing.connected && standing.avoided_until <= now)
    }

    /// The least loaded peer that was not tried and is not avoided; of several the first from `start` on, in a circle.
    pub(crate) fn pick(
        &self,
        now: Instant,
        tried: &BTreeSet<ValidatorIndex>,
        start: ValidatorIndex,
        load: impl Fn(ValidatorIndex) -> Option<usize>,
    ) -> Pick {
        let untried = || {
            let connected = self.0.iter().filter(|(_, standing)| standing.connected);
            connected.filter(|(peer, _)| !tried.contains(peer))
        };
        let willing = || untried().filter(|(_, standing)| standing.avoided_until <= now);
        let from_start = |peer: ValidatorIndex| peer.get().wrapping_sub(start.get());
        let best =
            willing().filter_map(|(peer, _)| Some((load(*peer)?, from_start(*peer), *peer))).min();
        match best {
            Some((_, _, peer)) => Pick::Peer(peer),
            None if willing().next().is_some() => Pick::Busy,
            None => {
                Pick::Nobody { until: untried().map(|(_, standing)| standing.avoided_until).min() }
            }
        }
    }
}

/// `first · 2^count`, at most `max`.
pub(crate) fn doubled(first_ms: u64, count: u32, max_ms: u64) -> Millis {
    let factor = 1_u64.checked_shl(count).unwrap_or(u64::MAX);
    Millis::new(first_ms.saturating_mul(factor).min(max_ms))
}
