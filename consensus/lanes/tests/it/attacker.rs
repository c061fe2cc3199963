//! A faulty owner: it may say anything that can be said with its key.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_lanes::Fetch;
use heddle_lanes::Place;
use heddle_lanes::Positions;
use heddle_lanes::RawMessage;
use heddle_types::BatchRef;
use heddle_types::CheckedBatch;
use heddle_types::Epoch;
use heddle_types::Hash32;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use crate::world;

/// What it does to its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As an honest owner would.
    Plain,
    /// Two batches at one place, to different nodes.
    Fork,
    /// Sends only to as many as make its batches nameable.
    Few,
    /// Sends to nobody.
    Nobody,
    /// A parent that is no batch.
    WrongParent,
    /// Leaves numbers out.
    Gap,
    /// Old batches again.
    Replay,
    /// Many at once, without end.
    Flood,
    /// A signature that is not its own.
    WrongSignature,
    /// A body that is not what its header says.
    WrongBody,
    /// Says that it has what there is not.
    LyingAcks,
    /// Another's batch as if it were its own.
    Relay,
    /// Two headers that prove nothing.
    FalseFork,
    /// Bytes that are no message.
    Junk,
}

pub(crate) const MANNERS: [Manner; 14] = [
    Manner::Plain,
    Manner::Fork,
    Manner::Few,
    Manner::Nobody,
    Manner::WrongParent,
    Manner::Gap,
    Manner::Replay,
    Manner::Flood,
    Manner::WrongSignature,
    Manner::WrongBody,
    Manner::LyingAcks,
    Manner::Relay,
    Manner::FalseFork,
    Manner::Junk,
];

pub(crate) struct Attacker {
    pub(crate) index: u16,
    pub(crate) manners: Vec<Manner>,
    nodes: u16,
    made: Vec<Arc<CheckedBatch>>,
    /// The ends of its branches.
    tips: Vec<Place>,
    /// Batches of others that it was sent.
    heard: Vec<Arc<CheckedBatch>>,
}

/// To whom, and the bytes.
pub(crate) type Sent = Vec<(u16, Vec<u8>)>;

impl Attacker {
    pub(crate) fn new(index: u16, nodes: u16, manners: Vec<Manner>) -> Self {
        let tips = vec![world::root()];
        Self { index, manners, nodes, made: Vec::new(), tips, heard: Vec::new() }
    }

    /// Whether it signed two batches at one place.
    pub(crate) fn has_forked(&self) -> bool {
        let mut places = BTreeMap::<u64, BTreeSet<Hash32>>::new();
        for batch in &self.made {
            places.entry(batch.header().sequence).or_default().insert(batch.digest());
        }
        places.values().any(|digests| digests.len() > 1)
    }

    pub(crate) fn hear(&mut self, batch: &Arc<CheckedBatch>) {
        if self.heard.len() < 64 {
            self.heard.push(Arc::clone(batch));
        }
    }

    /// One step of mischief.
    pub(crate) fn act(&mut self, random: &mut ChaCha8Rng) -> Sent {
        let manner = self.manners[pick(random, self.manners.len())];
        let all: Vec<u16> = (0..self.nodes).filter(|node| *node != self.index).collect();
        match manner {
            Manner::Plain => self.push_on(0, 1, &all, random),
            Manner::Fork => self.fork(&all, random),
            Manner::Few => {
                let few = usize::from((self.nodes - 1) / 3 + 1);
                self.push_on(0, 1, &all[..few], random)
            }
            Manner::Nobody => self.push_on(0, 1, &[], random),
            Manner::WrongParent => {
                let parent = Place { digest: digest(random), ..self.tips[0] };
                to_each(&all, &self.make(parent, random))
            }
            Manner::Gap => {
                let sequence = self.tips[0].sequence + 2 + u64::from(random.next_u32() % 80);
                let parent = Place { sequence, digest: digest(random) };
                to_each(&all, &self.make(parent, random))
            }
            Manner::Replay => {
                let made = self.made.get(pick(random, self.made.len().max(1))).cloned();
                made.map_or_else(Vec::new, |batch| to_each(&all, &batch))
            }
            Manner::Flood => self.push_on(0, 20, &all, random),
            Manner::WrongSignature => {
                let mut raw = world::batch(self.index, self.tips[0], random.next_u64()).to_batch();
                raw.signed.signature.0[3] ^= 1;
                raw_to_each(&all, &RawMessage::Batch(raw))
            }
            Manner::WrongBody => {
                let mut raw = world::batch(self.index, self.tips[0], random.next_u64()).to_batch();
                raw.body.0.extend([0; 100]);
                raw_to_each(&all, &RawMessage::Batch(raw))
            }
            Manner::LyingAcks => self.lie(&all, random),
            Manner::Relay => {
                let heard = self.heard.get(pick(random, self.heard.len().max(1))).cloned();
                heard.map_or_else(Vec::new, |batch| to_each(&all, &batch))
            }
            Manner::FalseFork => {
                let one = world::batch(self.index, self.tips[0], random.next_u64());
                let mut two =
                    world::batch((self.index + 1) % self.nodes, world::root(), 7).to_batch();
                two.signed.signature.0[0] ^= 1;
                let headers = [one.signed().clone(), two.signed];
                raw_to_each(&all, &RawMessage::Fork(Box::new(headers)))
            }
            Manner::Junk => {
                let bytes: Vec<u8> = (0..60).map(|_| random.next_u32().to_le_bytes()[0]).collect();
                all.iter().map(|to| (*to, bytes.clone())).collect()
            }
        }
    }

    /// Answers a request for its own batches, or not, or with something else.
    pub(crate) fn serve(&self, fetch: &Fetch, random: &mut ChaCha8Rng) -> Option<Vec<u8>> {
        let read = |wanted: &Hash32| {
            let batch = self.made.iter().find(|batch| batch.digest() == *wanted)?;
            Some((batch.header().clone(), batch.to_batch()))
        };
        let mut batches = heddle_lanes::serve(fetch, read);
        match random.next_u32() % 4 {
            0 => return None,
            1 if !self.made.is_empty() => {
                batches.insert(0, self.made[pick(random, self.made.len())].to_batch());
            }
            _ => {}
        }
        let raw = RawMessage::Fetched { digest: fetch.batch.digest, batches };
        Some(heddle_types::encode(&raw))
    }

    /// A cut on `base` that no honest leader would name, or that one would: `honest`.
    pub(crate) fn cut(
        &self,
        base: &Positions,
        honest: Vec<BatchRef>,
        random: &mut ChaCha8Rng,
    ) -> Vec<BatchRef> {
        let (me, other) = (world::index(self.index), world::index((self.index + 1) % self.nodes));
        let next = |lane, steps: u64, digest| {
            let base = base.get(lane).unwrap();
            Place { sequence: base.sequence + steps, digest }.in_lane(lane)
        };
        let one = |reference: BatchRef| {
            let mut cut = honest.clone();
            cut.retain(|named| named.lane != reference.lane);
            cut.push(reference);
            cut.sort_by_key(|named| named.lane);
            cut
        };
        match random.next_u32() % 9 {
            0 => one(next(me, 1, digest(random))),
            1 => one(next(other, 1, digest(random))),
            2..=4 => {
                let batch = self.made.get(pick(random, self.made.len().max(1)));
                batch.map_or_else(Vec::new, |batch| one(world::reference(batch)))
            }
            5 => one(base.get(other).unwrap().in_lane(other)),
            6 => one(next(me, 1000, digest(random))),
            7 => honest.iter().cloned().chain(honest.first().cloned()).collect(),
            _ => honest,
        }
    }

    /// Extends a branch by `count` batches and sends them to some.
    fn push_on(&mut self, branch: usize, count: u32, to: &[u16], random: &mut ChaCha8Rng) -> Sent {
        let mut sent = Vec::new();
        for _ in 0..count {
            let batch = self.make(self.tips[branch], random);
            self.tips[branch] = world::place(&batch);
            sent.extend(to_each(to, &batch));
        }
        sent
    }

    fn fork(&mut self, all: &[u16], random: &mut ChaCha8Rng) -> Sent {
        if self.tips.len() < 3 {
            self.tips.push(self.tips[0]);
        }
        let branch = pick(random, self.tips.len());
        let some: Vec<u16> =
            all.iter().copied().filter(|_| random.next_u32().is_multiple_of(2)).collect();
        self.push_on(branch, 1, &some, random)
    }

    fn lie(&self, all: &[u16], random: &mut ChaCha8Rng) -> Sent {
        let lane = world::index(u16::try_from(random.next_u32() % 8).unwrap());
        let sequence = u64::from(random.next_u32() % 300);
        let places = vec![BatchRef { lane, sequence, digest: digest(random) }];
        let acks = heddle_lanes::Acks { epoch: Epoch::ZERO, places };
        raw_to_each(all, &RawMessage::Acks(acks))
    }

    fn make(&mut self, parent: Place, random: &mut ChaCha8Rng) -> Arc<CheckedBatch> {
        let batch = world::batch(self.index, parent, random.next_u64());
        self.made.push(Arc::clone(&batch));
        batch
    }
}

fn to_each(to: &[u16], batch: &CheckedBatch) -> Sent {
    raw_to_each(to, &RawMessage::Batch(batch.to_batch()))
}

fn raw_to_each(to: &[u16], message: &RawMessage) -> Sent {
    let bytes = heddle_types::encode(message);
    to.iter().map(|to| (*to, bytes.clone())).collect()
}

fn digest(random: &mut ChaCha8Rng) -> Hash32 {
    Hash32(std::array::from_fn(|_| random.next_u32().to_le_bytes()[0]))
}

pub(crate) fn pick(random: &mut ChaCha8Rng, len: usize) -> usize {
    usize::try_from(random.next_u32()).unwrap() % len
}
