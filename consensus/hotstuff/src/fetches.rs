//! Blocks that are missing here, and when each was last asked for.

use std::collections::BTreeMap;

use heddle_types::BlockHash;
use heddle_types::Committee;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::io::Action;
use crate::limits;

/// What is asked for. Told anew after every input, so it holds what is missing now and nothing else.
#[derive(Debug, Default)]
pub(crate) struct Fetches {
    wanted: BTreeMap<BlockHash, Want>,
    catch_up: Option<Instant>,
    catching_up: bool,
}

#[derive(Clone, Copy, Debug)]
struct Want {
    asked: Instant,
    times: u16,
}

impl Fetches {
    /// Exactly `missing` is missing: its heights, and who has it most likely. Asks for each, another validator each time,
    /// unless that was done lately.
    pub(crate) fn want(
        &mut self,
        now: Instant,
        missing: &BTreeMap<BlockHash, (Height, ValidatorIndex)>,
        committee: &Committee,
        me: Option<ValidatorIndex>,
    ) -> Vec<Action> {
        self.wanted.retain(|hash, _| missing.contains_key(hash));
        let mut actions = Vec::new();
        for (&hash, &(height, hint)) in missing {
            let times = match self.wanted.get(&hash) {
                Some(want) if now < want.again() => continue,
                Some(want) => want.times.wrapping_add(1),
                None => 0,
            };
            self.wanted.insert(hash, Want { asked: now, times });
            let others: Vec<_> = committee.indices().filter(|index| Some(*index) != me).collect();
            let first = others.iter().position(|index| *index == hint).unwrap_or(0);
            let hint = others.get((first + usize::from(times)) % others.len().max(1));
            actions.extend(hint.map(|hint| Action::FetchBlock { hash, height, hint: *hint }));
        }
        actions
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
        self.wanted.values().map(Want::again).chain(catch_up).min()
    }

    /// How many blocks are asked for.
    pub(crate) fn len(&self) -> usize {
        self.wanted.len()
    }
}

impl Want {
    fn again(&self) -> Instant {
        self.asked.after(Millis::new(limits::FETCH_RETRY_MS))
    }
}

fn catch_up_again(asked: Instant) -> Instant {
    asked.after(Millis::new(limits::CATCH_UP_RETRY_MS))
}
