//! One attempt to fetch a snapshot.

use std::collections::BTreeSet;

use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::limits;
use crate::snapshot::ChunkAnswer;
use crate::snapshot::SnapshotAction;
use crate::snapshot::SnapshotInput;
use crate::snapshot::SnapshotName;
use crate::snapshot::sources::Sources;

/// Fetches a snapshot. Deterministic: the same inputs give the same actions.
#[derive(Clone, Debug)]
pub struct SnapshotSession {
    now: Instant,
    own: Height,
    /// Which snapshot was begun before, and its chunks that are stored.
    begun: Option<(SnapshotName, BTreeSet<u32>)>,
    sources: Sources,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Until everybody has said what it has, or until then.
    Choosing {
        until: Instant,
    },
    Fetching {
        name: SnapshotName,
        /// Chunks that are neither stored nor asked for.
        wanted: BTreeSet<u32>,
        /// Chunks that are not stored.
        missing: BTreeSet<u32>,
    },
    Over,
}

impl SnapshotSession {
    /// Of a node where `own` is final, which began to fetch a snapshot before, if it did.
    pub fn new(now: Instant, own: Height, begun: Option<(SnapshotName, BTreeSet<u32>)>) -> Self {
        let stage = Stage::Choosing { until: now.after(Millis::new(limits::OFFERS_WAIT_MS)) };
        Self { now, own, begun, sources: Sources::default(), stage }
    }

    /// Takes an input; appends what is to be done.
    pub fn handle(
        &mut self,
        now: Instant,
        input: SnapshotInput,
        actions: &mut Vec<SnapshotAction>,
    ) {
        self.now = self.now.max(now);
        match input {
            SnapshotInput::Connected(peer) => self.sources.connect(peer),
            SnapshotInput::Disconnected(peer) => {
                let lost = self.sources.disconnect(peer);
                self.want(lost);
            }
            SnapshotInput::Offered { peer, offer } => self.sources.on_offer(peer, offer),
            SnapshotInput::Lied(peer) => self.ban(peer, actions),
            SnapshotInput::Chunk { peer, name, index, answer } => {
                // Of a snapshot that was given up it says nothing.
                if matches!(self.stage, Stage::Fetching { name: taken, .. } if taken == name) {
                    self.on_chunk(peer, index, answer, actions);
                }
            }
            SnapshotInput::Tick => {}
        }
        let late = self.sources.take_late(self.now);
        self.want(late);
        self.advance(actions);
    }

    /// When to be told [`SnapshotInput::Tick`], if nothing else comes before.
    pub fn deadline(&self) -> Option<Instant> {
        let choosing = match self.stage {
            // When nothing was offered by then, whoever is asked is waited for.
            Stage::Choosing { until } => Some(until).filter(|until| *until > self.now),
            Stage::Fetching { .. } => None,
            Stage::Over => return None,
        };
        choosing.into_iter().chain(self.sources.deadline()).min()
    }

    /// An answer that was not asked for is dropped: it may only be late.
    fn on_chunk(
        &mut self,
        peer: ValidatorIndex,
        index: u32,
        answer: ChunkAnswer,
        actions: &mut Vec<SnapshotAction>,
    ) {
        let was_asked = self.sources.take_asked_for(peer, index);
        match answer {
            // However late, and whoever was asked again: it is stored.
            ChunkAnswer::Right => self.on_stored(index),
            ChunkAnswer::Wrong => {
                self.want(was_asked.then_some(index));
                self.ban(peer, actions);
            }
            ChunkAnswer::Missing => {
                let lost = self.sources.on_nothing(peer);
                self.want(was_asked.then_some(index).into_iter().chain(lost));
            }
        }
    }

    fn on_stored(&mut self, index: u32) {
        if let Stage::Fetching { wanted, missing, .. } = &mut self.stage {
            wanted.remove(&index);
            missing.remove(&index);
        }
    }

    fn ban(&mut self, peer: ValidatorIndex, actions: &mut Vec<SnapshotAction>) {
        if let Some(lost) = self.sources.ban(peer) {
            self.want(lost);
            actions.push(SnapshotAction::Banned(peer));
        }
    }

    /// Chunks that nobody is asked for any more.
    fn want(&mut self, chunks: impl IntoIterator<Item = u32>) {
        if let Stage::Fetching { wanted, missing, .. } = &mut self.stage {
            wanted.extend(chunks.into_iter().filter(|index| missing.contains(index)));
        }
    }

    fn advance(&mut self, actions: &mut Vec<SnapshotAction>) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        let until = self.now.after(Millis::new(limits::OFFER_TIMEOUT_MS));
        let asked = self.sources.ask_offers(until);
        actions.extend(asked.into_iter().map(SnapshotAction::AskOffer));
        if let Stage::Fetching { name, .. } = self.stage
            && !self.sources.has(name)
        {
            // Those who have others said so before; whoever was late has had its time.
            self.stage = Stage::Choosing { until: self.now };
        }
        self.choose(actions);
        self.fetch(actions);
    }

    fn choose(&mut self, actions: &mut Vec<SnapshotAction>) {
        let Stage::Choosing { until } = self.stage else { return };
        if self.now < until && self.sources.is_waited_for() {
            return;
        }
        let begun = self.begun.as_ref().map(|(name, _)| *name);
        match self.sources.best(self.own, begun) {
            Some((peer, offer)) => {
                let name = offer.name;
                let stored = self.begun.take().filter(|(begun, _)| *begun == name);
                let stored = stored.map(|(_, stored)| stored).unwrap_or_default();
                let missing: BTreeSet<u32> =
                    (0..offer.chunks).filter(|index| !stored.contains(index)).collect();
                actions.push(SnapshotAction::Take { name, peer });
                self.stage = Stage::Fetching { name, wanted: missing.clone(), missing };
            }
            None if self.now < until || self.sources.is_waited_for() => {}
            None => {
                actions.push(SnapshotAction::GivenUp);
                self.stage = Stage::Over;
            }
        }
    }

    fn fetch(&mut self, actions: &mut Vec<SnapshotAction>) {
        let Stage::Fetching { name, wanted, missing } = &mut self.stage else { return };
        let until = self.now.after(Millis::new(limits::STATE_CHUNK_TIMEOUT_MS));
        while let Some(index) = wanted.first().copied() {
            let Some(peer) = self.sources.ask_chunk(*name, index, until) else { break };
            wanted.remove(&index);
            actions.push(SnapshotAction::AskChunk { peer, name: *name, index });
        }
        if missing.is_empty() {
            actions.push(SnapshotAction::Done);
            self.stage = Stage::Over;
        }
    }
}
