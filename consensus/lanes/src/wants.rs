//! Batches that are missing here: who was asked, and whom to ask next.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_types::Hash32;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::lane::Origin;
use crate::limits;
use crate::place::Place;

/// What a batch is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) place: Place,
    /// The number below the first batch that is needed.
    pub(crate) above: u64,
    pub(crate) origin: Origin,
    /// Who ought to have it.
    pub(crate) hint: Option<ValidatorIndex>,
}

/// All that is wanted. Told anew whenever it may have changed, so it holds what is missing now and nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wants(BTreeMap<(ValidatorIndex, Place), Want>);

#[derive(Clone, Debug)]
struct Want {
    need: Need,
    /// Asked, and not answered yet.
    asked: BTreeSet<ValidatorIndex>,
    /// Asked since everybody was asked in vain the last time.
    tried: BTreeSet<ValidatorIndex>,
    /// How often somebody was asked: twice as many the next time.
    attempts: u32,
    /// How often everybody was asked in vain.
    rounds: u32,
    again: Instant,
}

/// To ask these for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) lane: ValidatorIndex,
    pub(crate) need: Need,
    pub(crate) peers: Vec<ValidatorIndex>,
}

impl Wants {
    /// Exactly these are missing.
    pub(crate) fn set(&mut self, now: Instant, needs: &BTreeMap<(ValidatorIndex, Place), Need>) {
        self.0.retain(|key, _| needs.contains_key(key));
        for (key, need) in needs {
            let want = self.0.entry(*key).or_insert_with(|| Want::new(now, *need));
            want.need = *need;
        }
    }

    /// What a peer was asked for and has not answered yet. It counts as answered now.
    pub(crate) fn take_asked(
        &mut self,
        peer: ValidatorIndex,
        digest: &Hash32,
    ) -> Option<(ValidatorIndex, Need)> {
        let mut wants = self.0.iter_mut();
        let ((lane, _), want) = wants
            .find(|((_, place), want)| place.digest == *digest && want.asked.contains(&peer))?;
        want.asked.remove(&peer);
        Some((*lane, want.need))
    }

    /// A peer's answer was of no use. If nobody else was asked, somebody is now.
    pub(crate) fn on_vain(&mut self, now: Instant, lane: ValidatorIndex, place: Place) {
        if let Some(want) = self.0.get_mut(&(lane, place))
            && want.asked.is_empty()
        {
            want.again = want.again.min(now);
        }
    }

    /// Whom to ask for what now. `order` names those to ask for a batch, best first. L9
    pub(crate) fn ask(
        &mut self,
        now: Instant,
        order: impl Fn(ValidatorIndex, &Need) -> Vec<ValidatorIndex>,
    ) -> Vec<Ask> {
        let mut asks = Vec::new();
        for ((lane, _), want) in self.0.iter_mut().filter(|(_, want)| want.again <= now) {
            let peers = want.next(now, &order(*lane, &want.need));
            if !peers.is_empty() {
                asks.push(Ask { lane: *lane, need: want.need, peers });
            }
        }
        asks
    }

    /// When to ask again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.values().map(|want| want.again).min()
    }

    /// How many are wanted.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Want {
    fn new(now: Instant, need: Need) -> Self {
        let (asked, tried) = (BTreeSet::new(), BTreeSet::new());
        Self { need, asked, tried, attempts: 0, rounds: 0, again: now }
    }

    /// The next peers to ask: one, then two more, then four more, until all of `order` were; then, after a pause, from the start.
    fn next(&mut self, now: Instant, order: &[ValidatorIndex]) -> Vec<ValidatorIndex> {
        let untried = order.iter().copied().filter(|peer| !self.tried.contains(peer));
        let count = 1_usize.checked_shl(self.attempts).unwrap_or(usize::MAX);
        let peers: Vec<_> = untried.take(count).collect();
        if peers.is_empty() {
            self.tried.clear();
            self.again = now.after(doubled(limits::FETCH_PAUSE_MS, self.rounds));
            self.rounds = self.rounds.saturating_add(1);
            return peers;
        }
        self.tried.extend(&peers);
        self.asked.extend(&peers);
        self.attempts = self.attempts.saturating_add(1);
        self.again = now.after(doubled(limits::FETCH_TIMEOUT_MS, self.rounds));
        peers
    }
}

/// `first · 2^count`, at most the longest wait for an answer.
fn doubled(first_ms: u64, count: u32) -> Millis {
    let factor = 1_u64.checked_shl(count).unwrap_or(u64::MAX);
    Millis::new(first_ms.saturating_mul(factor).min(limits::FETCH_TIMEOUT_MS_MAX))
}
