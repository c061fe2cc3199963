//! The own lane's owner: what waits for a batch, and which peer lacks which batch.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use heddle_types::CheckedTransaction;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;
use heddle_types::limits::BATCH_TXS_MAX;

use crate::io::OwnLane;
use crate::lane::Lane;
use crate::limits;

/// The owner's part.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    /// In doubt, no batch is made.
    lane: OwnLane,
    queue: VecDeque<Arc<CheckedTransaction>>,
    queued_bytes: usize,
    /// When a batch is made of what waits, however little it is.
    seal_at: Option<Instant>,
    /// The number of the last batch that was sent.
    sent: u64,
    peers: BTreeMap<ValidatorIndex, Reach>,
}

/// How far a peer follows the own lane.
#[derive(Clone, Copy, Debug)]
struct Reach {
    acked: u64,
    /// When it is sent what it lacks again.
    again: Instant,
    /// How often it was since it last acknowledged something.
    times: u32,
}

impl Own {
    /// Nothing waits; batches up to `sent` may have left before, and none of `peers` is known to have them.
    pub(crate) fn new(
        now: Instant,
        lane: OwnLane,
        sent: u64,
        peers: impl Iterator<Item = ValidatorIndex>,
    ) -> Self {
        let behind = Reach { acked: 0, again: now, times: 0 };
        let peers = peers.map(|peer| (peer, behind)).collect();
        Self { lane, queue: VecDeque::new(), queued_bytes: 0, seal_at: None, sent, peers }
    }

    /// Whether it makes batches.
    pub(crate) fn is_intact(&self) -> bool {
        self.lane == OwnLane::Intact
    }

    /// Makes no more batches. Whether that is new.
    pub(crate) fn doubt(&mut self) -> bool {
        std::mem::replace(&mut self.lane, OwnLane::InDoubt) == OwnLane::Intact
    }

    /// Takes what there is room for; returns the rest, from the first on that there is none for, so that a sender's order stays.
    pub(crate) fn queue(
        &mut self,
        now: Instant,
        transactions: Vec<Arc<CheckedTransaction>>,
    ) -> Vec<Arc<CheckedTransaction>> {
        let mut rest = Vec::new();
        for transaction in transactions {
            let bytes = self.queued_bytes.saturating_add(transaction.bytes());
            let has_room = self.is_intact() && bytes <= limits::QUEUE_BYTES_MAX;
            if !has_room || !rest.is_empty() {
                rest.push(transaction);
                continue;
            }
            self.queued_bytes = bytes;
            self.queue.push_back(transaction);
            let delay = Millis::new(limits::BATCH_DELAY_MS);
            self.seal_at.get_or_insert_with(|| now.after(delay));
        }
        rest
    }

    /// The transactions of the next batch, if it is time for one and the lane has room. L8
    pub(crate) fn take_batch(
        &mut self,
        now: Instant,
        lane: &Lane,
    ) -> Option<Vec<Arc<CheckedTransaction>>> {
        let is_due = self.seal_at.is_some_and(|at| at <= now);
        let is_full =
            self.queued_bytes >= limits::BATCH_BYTES_TARGET || self.queue.len() >= BATCH_TXS_MAX;
        if !(is_due || is_full) || !self.is_intact() || !has_room(lane) {
            return None;
        }
        // The first four bytes count the transactions.
        let mut bytes = 4;
        let mut batch = Vec::new();
        while bytes < limits::BATCH_BYTES_TARGET && batch.len() < BATCH_TXS_MAX {
            let Some(transaction) = self.queue.pop_front() else { break };
            bytes += transaction.bytes();
            self.queued_bytes -= transaction.bytes();
            batch.push(transaction);
        }
        if self.queue.is_empty() {
            self.seal_at = None;
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Everything that waits.
    pub(crate) fn take_queue(&mut self) -> Vec<Arc<CheckedTransaction>> {
        self.queued_bytes = 0;
        self.seal_at = None;
        self.queue.drain(..).collect()
    }

    /// Encoded bytes of what waits.
    pub(crate) const fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// The number of the last batch that was sent.
    pub(crate) const fn sent(&self) -> u64 {
        self.sent
    }

    /// All up to this number was sent to all peers; all up to `delivered` is final.
    pub(crate) fn on_sent(&mut self, now: Instant, number: u64, delivered: u64) {
        for reach in self.peers.values_mut() {
            if reach.acked.max(delivered) >= self.sent {
                *reach = Reach { acked: reach.acked, ..Reach::at(now, 0) };
            }
        }
        self.sent = number;
    }

    /// A peer has all up to this number.
    pub(crate) fn on_ack(&mut self, now: Instant, peer: ValidatorIndex, number: u64) {
        if let Some(reach) = self.peers.get_mut(&peer)
            && number > reach.acked
        {
            *reach = Reach::at(now, number);
        }
    }

    /// Who lacks batches above which number, and is to be sent them again now.
    pub(crate) fn take_behind(
        &mut self,
        now: Instant,
        delivered: u64,
    ) -> Vec<(ValidatorIndex, u64)> {
        let sent = self.sent;
        let behind = self.peers.iter_mut().filter_map(|(peer, reach)| {
            let above = reach.acked.max(delivered);
            if above >= sent || reach.again > now {
                return None;
            }
            reach.times = reach.times.saturating_add(1);
            reach.again = now.after(reach.wait());
            Some((*peer, above))
        });
        behind.collect()
    }

    /// When something is due.
    pub(crate) fn deadline(&self, lane: &Lane) -> Option<Instant> {
        let delivered = lane.delivered().sequence;
        let behind = self.peers.values().filter(|reach| reach.acked.max(delivered) < self.sent);
        let seal = self.seal_at.filter(|_| self.is_intact() && has_room(lane));
        behind.map(|reach| reach.again).chain(seal).min()
    }
}

impl Reach {
    /// Got somewhere just now.
    fn at(now: Instant, acked: u64) -> Self {
        Self { acked, again: now.after(Millis::new(limits::PUSH_AGAIN_MS)), times: 0 }
    }

    fn wait(&self) -> Millis {
        let factor = 1_u64.checked_shl(self.times).unwrap_or(u64::MAX);
        let wait = limits::PUSH_AGAIN_MS.saturating_mul(factor);
        Millis::new(wait.min(limits::PUSH_AGAIN_MS_MAX))
    }
}

/// Whether others take another batch of the lane, as far as can be told here.
fn has_room(lane: &Lane) -> bool {
    let ahead = lane.tip().sequence.saturating_sub(lane.delivered().sequence);
    let bytes = lane.bytes().saturating_add(heddle_types::limits::BATCH_BYTES_MAX);
    ahead < limits::LANE_BATCHES_MAX && bytes <= limits::LANE_BYTES_MAX
}
