//! What must hold whatever happens.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_lanes::Acks;
use heddle_lanes::Fork;
use heddle_lanes::Message;
use heddle_lanes::Status;
use heddle_lanes::limits;
use heddle_types::BatchRef;
use heddle_types::CheckedBatch;
use heddle_types::Hash32;

use crate::node::Node;

#[derive(Default)]
pub(crate) struct Oracle {
    /// What left each honest owner, by place.
    sent: BTreeMap<(u16, u64), Hash32>,
    /// What was delivered at each height.
    log: Vec<Vec<Hash32>>,
    /// Everything delivered, to see that nothing is twice.
    delivered: BTreeSet<Hash32>,
    /// What honest nodes stored, by node and place.
    stored: BTreeMap<(u16, u16, u64), Hash32>,
    /// Honest nodes that stored two batches at one place, and of which lane.
    saw_fork: BTreeSet<(u16, u16)>,
    /// Who reported which lane.
    pub(crate) evidence: BTreeSet<(u16, u16)>,
    /// What honest nodes acknowledged first, by place.
    acked: BTreeMap<(u16, u64), Hash32>,
    /// Lanes of which honest nodes acknowledged two batches at one place.
    acked_forks: BTreeSet<u16>,
    pub(crate) batches_max: usize,
    pub(crate) bytes_max: usize,
}

impl Oracle {
    /// An honest node says something.
    pub(crate) fn on_said(&mut self, node: &Node, message: &Message) {
        match message {
            Message::Batch(batch) => self.on_batch(node, batch),
            Message::Acks(acks) => self.on_acks(node, acks),
            Message::Fork(fork) => assert!(is_fork(fork), "{fork:?}"),
            Message::Fetch(_) | Message::Fetched { .. } | Message::Header(_) => {}
        }
    }

    /// L1, L2: its own, durable, and the only one that ever left for its place.
    fn on_batch(&mut self, node: &Node, batch: &Arc<CheckedBatch>) {
        let header = batch.header();
        assert_eq!(header.lane.get(), node.index, "only owners push");
        assert!(node.disk.contains_key(&batch.digest()), "a batch is durable before it is sent");
        let first = self.sent.entry((node.index, header.sequence)).or_insert(batch.digest());
        assert_eq!(*first, batch.digest(), "two batches of {} at {}", node.index, header.sequence);
    }

    /// L2: it and all before it are durable.
    fn on_acks(&mut self, node: &Node, acks: &Acks) {
        for BatchRef { lane, sequence, digest } in &acks.places {
            let first = *self.acked.entry((lane.get(), *sequence)).or_insert(*digest);
            if first != *digest {
                self.acked_forks.insert(lane.get());
            }
            let (mut sequence, mut digest) = (*sequence, *digest);
            while sequence > 0 {
                if self.delivered.contains(&digest) {
                    break;
                }
                let batch = node.disk.get(&digest);
                let batch = batch.unwrap_or_else(|| panic!("acked without {lane} {sequence}"));
                assert_eq!(batch.header().sequence, sequence);
                (sequence, digest) = (sequence - 1, batch.header().parent);
            }
        }
    }

    /// What a node held and had not synced is forgotten.
    pub(crate) fn on_start(&mut self, node: u16) {
        self.stored.retain(|(of, ..), _| *of != node);
    }

    pub(crate) fn on_store(&mut self, node: u16, batch: &CheckedBatch) {
        let header = batch.header();
        let place = (node, header.lane.get(), header.sequence);
        let first = *self.stored.entry(place).or_insert(batch.digest());
        if first != batch.digest() {
            self.saw_fork.insert((node, header.lane.get()));
        }
    }

    pub(crate) fn on_discard(&self, batches: &[BatchRef]) {
        for batch in batches {
            assert!(!self.delivered.contains(&batch.digest), "{batch:?} is final and discarded");
        }
    }

    /// L7: the same everywhere, once.
    pub(crate) fn on_deliver(&mut self, height: u64, batches: &[Arc<CheckedBatch>]) {
        let digests: Vec<Hash32> = batches.iter().map(|batch| batch.digest()).collect();
        let position = usize::try_from(height - 1).unwrap();
        if let Some(before) = self.log.get(position) {
            assert_eq!(*before, digests, "height {height} differs between nodes");
            return;
        }
        assert_eq!(self.log.len(), position, "heights are delivered in order");
        for digest in &digests {
            assert!(self.delivered.insert(*digest), "{digest:?} is delivered twice");
        }
        self.log.push(digests);
    }

    /// L8: memory is bounded, whatever the faulty owner does.
    pub(crate) fn on_status(&mut self, status: Status, lanes: usize) {
        self.batches_max = self.batches_max.max(status.batches);
        self.bytes_max = self.bytes_max.max(status.bytes);
        let window = usize::try_from(limits::LANE_BATCHES_MAX).unwrap();
        assert!(status.batches <= lanes * 4 * window, "{status:?}");
        assert!(status.bytes <= lanes * (limits::LANE_BYTES_MAX + limits::FETCHED_LANE_BYTES_MAX));
        let acks = lanes * lanes * usize::try_from(limits::ACKS_AHEAD_MAX).unwrap();
        let wants = lanes * (limits::CHECKS_MAX + limits::FINALS_FETCHED_MAX);
        assert!(status.entries <= acks + lanes * limits::PAST_HEADERS_MAX + wants, "{status:?}");
    }

    /// Whether every fork that shows by what honest nodes have is known to whoever has it, and to somebody.
    pub(crate) fn has_evidence(&self) -> bool {
        let reported: BTreeSet<u16> = self.evidence.iter().map(|(_, lane)| *lane).collect();
        self.saw_fork.is_subset(&self.evidence) && self.acked_forks.is_subset(&reported)
    }

    pub(crate) fn delivered(&self) -> &BTreeSet<Hash32> {
        &self.delivered
    }
}

pub(crate) fn is_fork(fork: &Fork) -> bool {
    let [first, second] = fork.headers();
    let place = |h: &heddle_types::SignedBatchHeader| (h.header.lane, h.header.sequence);
    place(first) == place(second) && first.header.digest() != second.header.digest()
}
