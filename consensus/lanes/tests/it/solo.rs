//! One core against hand-made peers.

use std::sync::Arc;

use heddle_lanes::Acks;
use heddle_lanes::Action;
use heddle_lanes::Fault;
use heddle_lanes::Fetch;
use heddle_lanes::Input;
use heddle_lanes::Lanes;
use heddle_lanes::Message;
use heddle_lanes::OwnLane;
use heddle_lanes::Place;
use heddle_lanes::Proposed;
use heddle_lanes::Recovered;
use heddle_lanes::Verdict;
use heddle_types::BatchRef;
use heddle_types::BlockHash;
use heddle_types::CheckedBatch;
use heddle_types::CheckedTransaction;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Instant;

use crate::world;

/// Validator 0.
pub(crate) struct Solo {
    pub(crate) core: Lanes,
    /// Milliseconds.
    pub(crate) now: u64,
    /// What it asked for at its start.
    pub(crate) started: Vec<Action>,
}

impl Solo {
    pub(crate) fn new(nodes: u16) -> Self {
        let committee = world::committee(nodes, 0);
        Self::recovered(&committee, OwnLane::Intact, vec![])
    }

    /// Nothing is delivered; `batches` are on the disk.
    pub(crate) fn recovered(
        committee: &Arc<Committee>,
        own: OwnLane,
        batches: Vec<Arc<CheckedBatch>>,
    ) -> Self {
        let recovered = Recovered { delivered: world::start(committee), own, batches };
        let mut started = Vec::new();
        let config = world::config(committee, 0);
        let core = Lanes::new(config, recovered, Instant::START, &mut started);
        Self { core, now: 0, started }
    }

    pub(crate) fn tell(&mut self, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        self.core.handle(Instant::from_micros(self.now * 1000), input, &mut actions);
        actions
    }

    pub(crate) fn hear(&mut self, from: u16, message: Message) -> Vec<Action> {
        self.tell(Input::Message { from: world::index(from), message })
    }

    /// Its owner sends a batch.
    pub(crate) fn push(&mut self, batch: &Arc<CheckedBatch>) -> Vec<Action> {
        self.hear(batch.header().lane.get(), Message::Batch(Arc::clone(batch)))
    }

    pub(crate) fn stored(&mut self, batch: &CheckedBatch) -> Vec<Action> {
        self.tell(Input::Stored(vec![world::reference(batch)]))
    }

    /// Its owner sends a batch, and it becomes durable.
    pub(crate) fn keep(&mut self, batch: &Arc<CheckedBatch>) -> Vec<Action> {
        let mut actions = self.push(batch);
        actions.extend(self.stored(batch));
        actions
    }

    pub(crate) fn ack(&mut self, from: u16, batch: &CheckedBatch) -> Vec<Action> {
        self.ack_place(from, world::reference(batch))
    }

    pub(crate) fn ack_place(&mut self, from: u16, place: BatchRef) -> Vec<Action> {
        let acks = Acks { epoch: Epoch::ZERO, places: vec![place] };
        self.hear(from, Message::Acks(acks))
    }

    /// Validator 3 proposes a cut as block 1.
    pub(crate) fn check(&mut self, cut: Vec<BatchRef>) -> Vec<Action> {
        self.tell(Input::Check(proposed(cut)))
    }

    pub(crate) fn verdict(&mut self, cut: Vec<BatchRef>) -> Option<Verdict> {
        verdict(&self.check(cut))
    }

    pub(crate) fn finalise(&mut self, height: u64, cut: Vec<BatchRef>) -> Vec<Action> {
        self.tell(Input::Final { height: world::height(height), cut })
    }

    pub(crate) fn submit(&mut self, transactions: Vec<Arc<CheckedTransaction>>) -> Vec<Action> {
        self.tell(Input::Transactions(transactions))
    }

    pub(crate) fn tick_at(&mut self, now: u64) -> Vec<Action> {
        self.now = now;
        self.tell(Input::Tick)
    }

    /// Its own next batch, of one transaction, stored but not said to be.
    pub(crate) fn seal(&mut self, number: u64) -> Arc<CheckedBatch> {
        self.submit(vec![world::transaction(number, 0)]);
        let actions = self.tick_at(self.now + heddle_lanes::limits::BATCH_DELAY_MS);
        let batches = stores(&actions);
        assert_eq!(batches.len(), 1);
        batches.into_iter().next().unwrap()
    }

    /// How far a lane is durable on the branch that is followed.
    pub(crate) fn durable(&self, lane: u16) -> Place {
        self.core.durable(world::index(lane)).unwrap()
    }

    pub(crate) fn cut(&self) -> Vec<BatchRef> {
        self.core.cut(&[], world::height(1))
    }
}

pub(crate) fn proposed(cut: Vec<BatchRef>) -> Proposed {
    proposed_at(1, 1, vec![], cut)
}

pub(crate) fn proposed_at(
    block: u8,
    height: u64,
    ancestors: Vec<Vec<BatchRef>>,
    cut: Vec<BatchRef>,
) -> Proposed {
    let block = BlockHash(Hash32([block; 32]));
    let (height, proposer) = (world::height(height), world::index(3));
    Proposed { block, height, proposer, ancestors, cut }
}

/// A chain of `len` batches of `lane` from its root, with numbers of transactions from `from`.
pub(crate) fn chain(lane: u16, len: u64, from: u64) -> Vec<Arc<CheckedBatch>> {
    chain_on(lane, world::root(), len, from)
}

pub(crate) fn chain_on(lane: u16, parent: Place, len: u64, from: u64) -> Vec<Arc<CheckedBatch>> {
    let mut parent = parent;
    let next = |number| {
        let batch = world::batch(lane, parent, from + number);
        parent = world::place(&batch);
        batch
    };
    (0..len).map(next).collect()
}

pub(crate) fn verdict(actions: &[Action]) -> Option<Verdict> {
    actions.iter().find_map(|action| match action {
        Action::Verdict { verdict, .. } => Some(*verdict),
        _ => None,
    })
}

pub(crate) fn stores(actions: &[Action]) -> Vec<Arc<CheckedBatch>> {
    let of = |action: &Action| match action {
        Action::Store(batch) => Some(Arc::clone(batch)),
        _ => None,
    };
    actions.iter().filter_map(of).collect()
}

/// The digests handed out, by height.
pub(crate) fn deliveries(actions: &[Action]) -> Vec<(u64, Vec<Hash32>)> {
    let of = |action: &Action| match action {
        Action::Deliver { height, batches } => {
            Some((height.get(), batches.iter().map(|batch| batch.digest()).collect()))
        }
        _ => None,
    };
    actions.iter().filter_map(of).collect()
}

/// Who is asked for which digest.
pub(crate) fn fetches(actions: &[Action]) -> Vec<(u16, Fetch)> {
    let of = |action: &Action| match action {
        Action::Send { to, message: Message::Fetch(fetch) } => Some((to.get(), fetch.clone())),
        _ => None,
    };
    actions.iter().filter_map(of).collect()
}

pub(crate) fn asked(actions: &[Action]) -> Vec<u16> {
    fetches(actions).into_iter().map(|(to, _)| to).collect()
}

pub(crate) fn faults(actions: &[Action]) -> Vec<(u16, Fault)> {
    let of = |action: &Action| match action {
        Action::Misbehaved { peer, fault } => Some((peer.get(), *fault)),
        _ => None,
    };
    actions.iter().filter_map(of).collect()
}

/// What is said to all: acknowledged places.
pub(crate) fn acks(actions: &[Action]) -> Vec<BatchRef> {
    let of = |action: &Action| match action {
        Action::Broadcast(Message::Acks(acks)) => Some(acks.places.clone()),
        _ => None,
    };
    actions.iter().filter_map(of).flatten().collect()
}

/// Batches sent to all.
pub(crate) fn sent(actions: &[Action]) -> Vec<u64> {
    let of = |action: &Action| match action {
        Action::Broadcast(Message::Batch(batch)) => Some(batch.header().sequence),
        _ => None,
    };
    actions.iter().filter_map(of).collect()
}

/// Batches sent to one peer again.
pub(crate) fn sent_again(actions: &[Action]) -> Vec<(u16, u64)> {
    let of = |action: &Action| match action {
        Action::Send { to, message: Message::Batch(batch) } => {
            Some((to.get(), batch.header().sequence))
        }
        _ => None,
    };
    actions.iter().filter_map(of).collect()
}

/// Lanes that are said to fork.
pub(crate) fn evidence(actions: &[Action]) -> Vec<u16> {
    let of = |action: &Action| match action {
        Action::Evidence(fork) => Some(fork.lane().get()),
        _ => None,
    };
    actions.iter().filter_map(of).collect()
}
