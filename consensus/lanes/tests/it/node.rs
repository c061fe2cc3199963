//! A node of the simulation: a core, and a disk that keeps what was synced.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_lanes::Action;
use heddle_lanes::Input;
use heddle_lanes::Lanes;
use heddle_lanes::OwnLane;
use heddle_lanes::Positions;
use heddle_lanes::Recovered;
use heddle_types::CheckedBatch;
use heddle_types::Committee;
use heddle_types::Hash32;
use heddle_types::Instant;

use crate::orderer::Ordered;
use crate::world;

pub(crate) struct Node {
    pub(crate) index: u16,
    /// None while it is down.
    pub(crate) core: Option<Lanes>,
    /// How often it was started.
    pub(crate) life: u32,
    pub(crate) disk: BTreeMap<Hash32, Arc<CheckedBatch>>,
    /// How many final blocks this life was told of.
    pub(crate) told: usize,
    /// How many it delivered.
    pub(crate) delivered: usize,
    /// Of these, how many are durably executed.
    pub(crate) executed: usize,
    /// When the last of its stores is done.
    pub(crate) stored_at: u64,
    pub(crate) tick_at: Option<u64>,
}

impl Node {
    pub(crate) const fn new(index: u16) -> Self {
        Self {
            index,
            core: None,
            life: 0,
            disk: BTreeMap::new(),
            told: 0,
            delivered: 0,
            executed: 0,
            stored_at: 0,
            tick_at: None,
        }
    }

    /// Starts from its disk; `chain` tells where executed cuts ended.
    pub(crate) fn start(
        &mut self,
        committee: &Arc<Committee>,
        chain: &[Ordered],
        now: u64,
    ) -> (Vec<Arc<CheckedBatch>>, Vec<Action>) {
        self.life += 1;
        (self.told, self.delivered) = (self.executed, self.executed);
        self.stored_at = now;
        let mut delivered = world::start(committee);
        chain[..self.executed].iter().for_each(|block| delivered.follow(&block.cut));
        let above = |batch: &&Arc<CheckedBatch>| {
            let place = delivered.get(batch.header().lane).unwrap();
            batch.header().sequence > place.sequence
        };
        let batches: Vec<_> = self.disk.values().filter(above).cloned().collect();
        let (delivered, own) = (delivered.clone(), OwnLane::Intact);
        let recovered = Recovered { delivered, own, batches: batches.clone() };
        let config = world::config(committee, self.index);
        let mut actions = Vec::new();
        let now = Instant::from_micros(now);
        self.core = Some(Lanes::new(config, recovered, now, &mut actions));
        (batches, actions)
    }

    pub(crate) fn stop(&mut self) {
        self.core = None;
        self.tick_at = None;
    }

    /// Tells the core one thing, if it is up.
    pub(crate) fn tell(&mut self, now: u64, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        if let Some(core) = &mut self.core {
            core.handle(Instant::from_micros(now), input, &mut actions);
        }
        actions
    }

    /// Whether what a cut adds is on its disk, down to where its ancestors' cuts ended.
    pub(crate) fn has(&self, base: &Positions, cut: &[heddle_types::BatchRef]) -> bool {
        cut.iter().all(|reference| {
            let base = base.get(reference.lane).unwrap();
            let (mut sequence, mut digest) = (reference.sequence, reference.digest);
            while sequence > base.sequence {
                let Some(batch) = self.disk.get(&digest) else { return false };
                let header = batch.header();
                if (header.lane, header.sequence) != (reference.lane, sequence) {
                    return false;
                }
                (sequence, digest) = (sequence - 1, header.parent);
            }
            (sequence, digest) == (base.sequence, base.digest)
        })
    }
}
