//! Blocks that are missing here, and of whom each was asked.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_types::BlockHash;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::io::Action;
use crate::limits;

/// A block that is missing.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) height: Height,
    /// All others, who has it most likely first.
    pub(crate) holders: Vec<ValidatorIndex>,
}

/// What is asked for. Told anew after every input, so it holds what is missing now and nothing else.
#[derive(Debug, Default)]
pub(crate) struct Fetches {
    wanted: BTreeMap<BlockHash, Want>,
    catch_up: Option<Instant>,
    catching_up: bool,
}

#[derive(Debug)]
struct Want {
    /// In this round.
    asked: BTreeSet<ValidatorIndex>,
    /// How often everybody was asked.
    rounds: u32,
    again: Instant,
}

impl Fetches {
    /// Exactly `missing` is missing. Asks for each, of the first holder that was not asked in this round, unless that was
    /// done lately: less than `patience` ago, or twice as long after each round, at most [`limits::FETCH_RETRY_MS`].
    pub(crate) fn want(
        &mut self,
        now: Instant,
        patience: Millis,
        missing: &BTreeMap<BlockHash, Missing>,
    ) -> Vec<Action> {
        self.wanted.retain(|hash, _| missing.contains_key(hash));
        let mut actions = Vec::new();
        for (&hash, Missing { height, holders }) in missing {
            let want = self.wanted.entry(hash).or_insert_with(|| Want::new(now));
            if now < want.again {
                continue;
            }
            if let Some(hint) = want.next(now, patience, holders) {
                actions.push(Action::FetchBlock { hash, height: *height, hint });
            }
        }
        actions
    }

    /// What `peer` was asked may be lost; now it can be asked, and is next.
    pub(crate) fn on_reachable(&mut self, now: Instant, peer: ValidatorIndex) {
        for want in self.wanted.values_mut() {
            want.asked.remove(&peer);
            want.again = now;
        }
    }

    /// Whether to catch up from somebody, to a height. Asks, unless that was done lately.
    pub(crate) fn catch_up(
        &mut self,
        now: Instant,
        source: Option<(ValidatorIndex, Height)>,
    ) -> Option<Action> {
        self.catching_up = source.is_some();
        let (peer, height) = source?;
        if self.catch_up.is_some_and(|asked| now < catch_up_again(asked)) {
            return None;
        }
        self.catch_up = Some(now);
        Some(Action::CatchUp { peer, height })
    }

    /// A block came; whether it was asked for.
    pub(crate) fn take(&mut self, hash: BlockHash) -> bool {
        self.wanted.remove(&hash).is_some()
    }

    /// When to ask again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let catch_up = self.catch_up.filter(|_| self.catching_up).map(catch_up_again);
        self.wanted.values().map(|want| want.again).chain(catch_up).min()
    }

    /// How many blocks are asked for.
    pub(crate) fn len(&self) -> usize {
        self.wanted.len()
    }
}

impl Want {
    const fn new(now: Instant) -> Self {
        Self { asked: BTreeSet::new(), rounds: 0, again: now }
    }

    /// Whom to ask now; notes that it is done.
    fn next(
        &mut self,
        now: Instant,
        patience: Millis,
        holders: &[ValidatorIndex],
    ) -> Option<ValidatorIndex> {
        if holders.iter().all(|holder| self.asked.contains(holder)) {
            self.asked.clear();
            self.rounds = self.rounds.saturating_add(1);
        }
        let factor = 1_u64.checked_shl(self.rounds).unwrap_or(u64::MAX);
        let wait = patience.get().max(1).saturating_mul(factor);
        self.again = now.after(Millis::new(wait.min(limits::FETCH_RETRY_MS)));
        let next = *holders.iter().find(|holder| !self.asked.contains(holder))?;
        self.asked.insert(next);
        Some(next)
    }
}

fn catch_up_again(asked: Instant) -> Instant {
    asked.after(Millis::new(limits::CATCH_UP_RETRY_MS))
}
