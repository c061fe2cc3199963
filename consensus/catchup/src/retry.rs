//! One thing that is wanted: who was asked for it, and when to ask again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::io::Action;
use crate::limits;
use crate::peers::Peers;
use crate::peers::Pick;
use crate::peers::doubled;
use crate::request::Request;
use crate::request::RequestId;

/// With what requests are made.
pub(crate) struct Asking<'a> {
    pub(crate) now: Instant,
    pub(crate) peers: &'a Peers,
    pub(crate) last_id: &'a mut RequestId,
    pub(crate) actions: &'a mut Vec<Action>,
}

impl Asking<'_> {
    /// Sends a request that is answered within `timeout`, or not.
    pub(crate) fn send(&mut self, to: ValidatorIndex, request: Request, timeout: Millis) -> Asked {
        *self.last_id = self.last_id.next();
        let id = *self.last_id;
        self.actions.push(Action::Send { to, id, request });
        Asked { peer: to, id, deadline: self.now.after(timeout) }
    }
}

/// A request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) peer: ValidatorIndex,
    pub(crate) id: RequestId,
    pub(crate) deadline: Instant,
}

/// What asking in vain has come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retry {
    /// Asked in vain in this round.
    tried: BTreeSet<ValidatorIndex>,
    /// Requests that were not answered in time.
    late: u32,
    /// Rounds in which everybody was asked in vain.
    rounds: u32,
    not_before: Instant,
}

impl Retry {
    /// Whom to ask now, if anybody. When everybody was asked in vain, a new round begins after a pause.
    pub(crate) fn pick(
        &mut self,
        now: Instant,
        peers: &Peers,
        start: ValidatorIndex,
        load: impl Fn(ValidatorIndex) -> Option<usize>,
    ) -> Option<ValidatorIndex> {
        if self.not_before > now || !peers.has_connected() {
            return None;
        }
        match peers.pick(now, &self.tried, start, load) {
            Pick::Peer(peer) => Some(peer),
            Pick::Busy => None,
            Pick::Nobody { until: Some(until) } if self.tried.is_empty() => {
                self.not_before = until;
                None
            }
            Pick::Nobody { until } => {
                let pause = doubled(limits::PAUSE_MS, self.rounds, limits::PAUSE_MS_MAX);
                let next_round = now.after(pause);
                self.not_before = until.map_or(next_round, |until| until.min(next_round));
                self.rounds = self.rounds.saturating_add(1);
                self.tried.clear();
                None
            }
        }
    }

    /// How often everybody was asked in vain.
    pub(crate) const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The peer has it not, or lied.
    pub(crate) fn on_vain(&mut self, peer: ValidatorIndex) {
        self.tried.insert(peer);
    }

    /// The peer did not answer in time.
    pub(crate) fn on_late(&mut self, peer: ValidatorIndex) {
        self.tried.insert(peer);
        self.late = self.late.saturating_add(1);
    }

    /// Somebody new can be asked.
    pub(crate) fn on_connected(&mut self, now: Instant, peer: ValidatorIndex) {
        self.tried.remove(&peer);
        self.not_before = self.not_before.min(now);
    }

    /// Another epoch began: each peer's new index by its old one.
    pub(crate) fn renumber(&mut self, names: &BTreeMap<ValidatorIndex, ValidatorIndex>) {
        self.tried = self.tried.iter().filter_map(|peer| names.get(peer).copied()).collect();
    }

    /// How long the next request may take: longer after each that took too long.
    pub(crate) fn timeout(&self, first_ms: u64) -> Millis {
        doubled(first_ms, self.late, limits::TIMEOUT_MS_MAX)
    }

    /// When to look again, if that is not before something else happens.
    pub(crate) fn wake_at(&self, now: Instant) -> Option<Instant> {
        (self.not_before > now).then_some(self.not_before)
    }
}
