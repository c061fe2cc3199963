//! What is held of one lane above what was delivered.
//!
//! ```text
//! delivered ── chain[0] ── … ── chain[durable - 1] ── … ── chain.last()      the branch that is followed and acknowledged
//!          └── other branches, and batches whose parents are not here       held, not acknowledged
//! ```

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;

use heddle_types::BatchRef;
use heddle_types::CheckedBatch;
use heddle_types::Hash32;
use heddle_types::SignedBatchHeader;
use heddle_types::ValidatorIndex;
use heddle_types::limits::BATCH_BYTES_MAX;

use crate::fork::Fork;
use crate::limits;
use crate::place::Place;

/// One lane.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    owner: ValidatorIndex,
    /// What was handed out last.
    delivered: Place,
    held: BTreeMap<Place, Held>,
    /// The digests of the branch that is followed, from the one after `delivered` on; all held.
    chain: VecDeque<Hash32>,
    /// How many of them, from the first on, are durable.
    durable: usize,
    /// Digests and headers of the newest batches that were held: of each number the delivered one, or one that was given up.
    past: BTreeMap<u64, (Hash32, SignedBatchHeader)>,
    /// The proof that its owner signed two batches at one place.
    fork: Option<Fork>,
}

#[derive(Clone, Debug)]
struct Held {
    batch: Arc<CheckedBatch>,
    durable: bool,
    origin: Origin,
}

/// Why a batch is held, which says what bounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Its owner sent it.
    Owner,
    /// Asked for, for a cut that is not final.
    Check,
    /// Asked for, for a final cut: kept whatever else is.
    Final,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It is held now and must be stored.
    Kept,
    /// It is known, of no use, or there is no room for it.
    Dropped,
    /// It is on another batch than the one that is here: of no use.
    OffChain,
}

/// Where a path of batches breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// This batch is not here.
    Missing(Place),
    /// The path passes by the place that it was to reach.
    OffChain,
}

/// What went with a delivery.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passed {
    /// The delivered batches, ascending.
    pub(crate) batches: Vec<Arc<CheckedBatch>>,
    /// What will never be final.
    pub(crate) lost: Vec<BatchRef>,
}

impl Lane {
    /// Of `owner`, where nothing above `delivered` is known.
    pub(crate) fn new(owner: ValidatorIndex, delivered: Place) -> Self {
        Self {
            owner,
            delivered,
            held: BTreeMap::new(),
            chain: VecDeque::new(),
            durable: 0,
            past: BTreeMap::new(),
            fork: None,
        }
    }

    /// Takes a batch of this lane, if it is of use and within bounds. L3, L8
    pub(crate) fn offer(&mut self, batch: Arc<CheckedBatch>, origin: Origin) -> Offered {
        let header = batch.header();
        let place = Place { sequence: header.sequence, digest: batch.digest() };
        if place.sequence <= self.delivered.sequence || self.held.contains_key(&place) {
            return Offered::Dropped;
        }
        let admitted = match origin {
            Origin::Owner if self.contradicts(place.sequence, header.parent) => {
                return Offered::OffChain;
            }
            Origin::Owner => {
                let bytes = self.bytes_of(origin).saturating_add(header.bytes as usize);
                let in_room = bytes <= limits::LANE_BYTES_MAX && self.is_ahead(place.sequence);
                in_room && self.is_first(place.sequence)
            }
            Origin::Check => self.may_fetch(place.sequence),
            Origin::Final => true,
        };
        if !admitted {
            return Offered::Dropped;
        }
        self.held.insert(place, Held { batch, durable: false, origin });
        self.extend();
        Offered::Kept
    }

    /// Takes a batch that was stored before the start.
    pub(crate) fn recover(&mut self, batch: Arc<CheckedBatch>) {
        let place = Place { sequence: batch.header().sequence, digest: batch.digest() };
        if place.sequence > self.delivered.sequence {
            self.held.insert(place, Held { batch, durable: true, origin: Origin::Owner });
        }
    }

    /// Follows what was recovered: of several branches the longest, of several of these the one with the lowest digest at its end.
    /// Which branch was first is forgotten, and does not matter (docs/adr/0008).
    pub(crate) fn start(&mut self) {
        let ends = self.held.keys().rev().copied();
        let best = ends.filter_map(|end| Some((end, self.path(end, self.delivered).ok()?)));
        let best = best.max_by_key(|(end, _)| (end.sequence, std::cmp::Reverse(end.digest)));
        if let Some((_, path)) = best {
            self.chain = path.iter().map(|batch| batch.digest()).collect();
        }
        self.extend();
    }

    /// A batch is durable now. Whether more of the followed branch is, with it.
    pub(crate) fn on_stored(&mut self, place: Place) -> bool {
        if let Some(held) = self.held.get_mut(&place) {
            held.durable = true;
        }
        let before = self.durable;
        self.extend();
        self.durable > before
    }

    /// Hands out the batches up to `to`, which must be there, and forgets what can no longer be final. If `to` is not on the followed
    /// branch, it is from now on. L6
    ///
    /// # Errors
    /// Where the path from `to` breaks off.
    pub(crate) fn deliver(&mut self, to: Place) -> Result<Passed, Break> {
        let batches: Vec<_> = self.path(to, self.delivered)?.into_iter().cloned().collect();
        let passed: BTreeSet<Hash32> = batches.iter().map(|batch| batch.digest()).collect();
        let followed = self.chain.iter().position(|digest| *digest == to.digest);
        let steps = followed.map_or(self.chain.len(), |position| position + 1);
        self.chain.drain(..steps);
        self.durable = self.durable.saturating_sub(steps);
        for batch in &batches {
            let passed = (batch.digest(), batch.signed().clone());
            self.past.insert(batch.header().sequence, passed);
        }
        self.delivered = to;
        let lost = self.sweep(&passed);
        while self.past.len() > limits::PAST_HEADERS_MAX {
            self.past.pop_first();
        }
        self.extend();
        Ok(Passed { batches, lost })
    }

    /// Whether there is room for a batch of this number that a cut which is not final needs. L8
    pub(crate) fn may_fetch(&self, sequence: u64) -> bool {
        let bytes = self.bytes_of(Origin::Check).saturating_add(BATCH_BYTES_MAX);
        bytes <= limits::FETCHED_LANE_BYTES_MAX && self.is_ahead(sequence)
    }

    /// The proof that its owner signed something else at the place of `signed`, which is verified, if that is known here.
    pub(crate) fn fork_of(&self, signed: &SignedBatchHeader) -> Option<Fork> {
        self.known_at(signed.header.sequence).find_map(|(_, other)| Fork::of(other, signed))
    }

    /// A header known at this number, if none of those known has the digest.
    pub(crate) fn contradicted_by(&self, place: Place) -> Option<&SignedBatchHeader> {
        if self.held.contains_key(&place) {
            return None;
        }
        let mut known = self.known_at(place.sequence).peekable();
        let first = known.peek().map(|(_, signed)| *signed);
        first.filter(|_| known.all(|(digest, _)| digest != place.digest))
    }

    /// Marks the lane as forked; whether that is new.
    pub(crate) fn mark_forked(&mut self, fork: &Fork) -> bool {
        let is_new = self.fork.is_none();
        self.fork.get_or_insert_with(|| fork.clone());
        is_new
    }

    /// The proof that its owner signed two batches at one place, if it is here.
    pub(crate) const fn fork(&self) -> Option<&Fork> {
        self.fork.as_ref()
    }

    /// The batches above `base` up to `to`, ascending.
    ///
    /// # Errors
    /// [`Break`]: where the path breaks off.
    pub(crate) fn path(&self, to: Place, base: Place) -> Result<Vec<&Arc<CheckedBatch>>, Break> {
        if base.sequence < self.delivered.sequence {
            // Not a descendant of what is final.
            return Err(Break::OffChain);
        }
        let mut path = Vec::new();
        let mut at = to;
        while at.sequence > base.sequence {
            let held = self.held.get(&at).ok_or(Break::Missing(at))?;
            path.push(&held.batch);
            at = Place { sequence: at.sequence - 1, digest: held.batch.header().parent };
        }
        path.reverse();
        if at == base { Ok(path) } else { Err(Break::OffChain) }
    }

    /// Whether a held batch is durable.
    pub(crate) fn is_durable(&self, place: Place) -> bool {
        self.held.get(&place).is_some_and(|held| held.durable)
    }

    /// A batch that is held.
    pub(crate) fn batch(&self, place: Place) -> Option<&Arc<CheckedBatch>> {
        self.held.get(&place).map(|held| &held.batch)
    }

    /// The places of the followed branch above `base`, ascending; none if the branch does not pass there.
    pub(crate) fn branch(&self, base: Place) -> Option<Vec<Place>> {
        let steps = usize::try_from(base.sequence.checked_sub(self.delivered.sequence)?).ok()?;
        let passes = match steps.checked_sub(1) {
            None => base == self.delivered,
            Some(position) => self.chain.get(position) == Some(&base.digest),
        };
        let sequences = base.sequence.saturating_add(1)..;
        let above = sequences.zip(self.chain.iter().skip(steps));
        passes
            .then(|| above.map(|(sequence, digest)| Place { sequence, digest: *digest }).collect())
    }

    /// What was handed out last.
    pub(crate) const fn delivered(&self) -> Place {
        self.delivered
    }

    /// The end of the followed branch.
    pub(crate) fn tip(&self) -> Place {
        self.on_chain(self.chain.len())
    }

    /// The end of what is durable of it: what may be acknowledged. L2
    pub(crate) fn durable(&self) -> Place {
        self.on_chain(self.durable)
    }

    /// Everything held, ascending.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &Arc<CheckedBatch>> {
        self.held.values().map(|held| &held.batch)
    }

    /// How many headers are kept of batches that are not held any more.
    pub(crate) fn past_len(&self) -> usize {
        self.past.len()
    }

    /// The encoded bytes of all that is held.
    pub(crate) fn bytes(&self) -> usize {
        self.batches().map(|batch| batch.header().bytes as usize).sum()
    }

    /// The digests and verified headers at this number, held now or lately.
    fn known_at(&self, sequence: u64) -> impl Iterator<Item = (Hash32, &SignedBatchHeader)> {
        let held = self.at(sequence).map(|(place, held)| (place.digest, held.batch.signed()));
        let past = self.past.get(&sequence).map(|(digest, signed)| (*digest, signed));
        held.chain(past)
    }

    /// Whether a number is within the window above what was delivered.
    fn is_ahead(&self, sequence: u64) -> bool {
        let ahead = sequence.saturating_sub(self.delivered.sequence);
        (1..=limits::LANE_BATCHES_MAX).contains(&ahead)
    }

    fn bytes_of(&self, origin: Origin) -> usize {
        let same = self.held.values().filter(|held| held.origin == origin);
        same.map(|held| held.batch.header().bytes as usize).sum()
    }

    /// The place after the first `steps` of the followed branch.
    fn on_chain(&self, steps: usize) -> Place {
        let digest = steps.checked_sub(1).and_then(|last| self.chain.get(last));
        let sequence = self.delivered.sequence.saturating_add(steps as u64);
        digest.map_or(self.delivered, |digest| Place { sequence, digest: *digest })
    }

    /// Whether nothing is held at this number.
    fn is_first(&self, sequence: u64) -> bool {
        self.at(sequence).next().is_none()
    }

    /// Whether a batch with this parent is on another one than all that are here.
    fn contradicts(&self, sequence: u64, parent: Hash32) -> bool {
        let before = sequence.saturating_sub(1);
        if before == self.delivered.sequence {
            return parent != self.delivered.digest;
        }
        let other = !self.is_first(before);
        other && !self.held.contains_key(&Place { sequence: before, digest: parent })
    }

    fn at(&self, sequence: u64) -> impl Iterator<Item = (&Place, &Held)> {
        let lowest = Place { sequence, digest: Hash32([0; 32]) };
        let highest = Place { sequence, digest: Hash32([u8::MAX; 32]) };
        self.held.range(lowest..=highest)
    }

    /// Follows the branch as far as it is held, and its durable part as far as that is durable.
    fn extend(&mut self) {
        loop {
            let tip = self.tip();
            let follows = |held: &Held| held.batch.header().parent == tip.digest;
            let next = self.at(tip.sequence.saturating_add(1)).find(|(_, held)| follows(held));
            let Some(digest) = next.map(|(place, _)| place.digest) else { break };
            self.chain.push_back(digest);
        }
        while self.durable < self.chain.len() && self.is_durable(self.on_chain(self.durable + 1)) {
            self.durable += 1;
        }
    }

    /// Forgets what was handed out and what is not above it; returns the latter.
    fn sweep(&mut self, passed: &BTreeSet<Hash32>) -> Vec<BatchRef> {
        let delivered = self.delivered;
        let mut dead = BTreeSet::new();
        let mut lost = Vec::new();
        self.held.retain(|place, held| {
            let parent = held.batch.header().parent;
            let beside = place.sequence == delivered.sequence.saturating_add(1)
                && parent != delivered.digest;
            if place.sequence > delivered.sequence && !beside && !dead.contains(&parent) {
                return true;
            }
            if !passed.contains(&place.digest) {
                dead.insert(place.digest);
                lost.push(place.in_lane(self.owner));
                let header = || (place.digest, held.batch.signed().clone());
                self.past.entry(place.sequence).or_insert_with(header);
            }
            false
        });
        // The branch that was followed may have been one of those.
        let alive = self.chain.iter().take_while(|digest| !dead.contains(*digest)).count();
        self.chain.truncate(alive);
        self.durable = self.durable.min(alive);
        lost
    }
}
