//! Filling a block: each lane in order, each sender in turn.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::Height;

use crate::config::PayloadLimits;
use crate::lane::LaneKey;
use crate::pool::Mempool;

/// How far a lane is used by the blocks before and by this payload, and what of it was passed over.
struct Cursor {
    next: u64,
    passed_over: bool,
}

impl Mempool {
    /// The transactions for a block at `height` whose `ancestors`, oldest first, are ordered but not executed here yet:
    /// those that are not final, and before them those that are final.
    ///
    /// Each lane goes on without a hole where state and the ancestors leave it. Senders take turns; among equals, the one
    /// admitted first comes first. The pool is unchanged: the same call gives the same answer.
    pub fn payload(
        &self,
        limits: PayloadLimits,
        height: Height,
        ancestors: &[Arc<CheckedBlock>],
    ) -> Vec<Arc<CheckedTransaction>> {
        let mut cursors = self.after(ancestors);
        let mut payload = Payload { limits, height, bytes: 0, txs: Vec::new() };
        for (turn, tx) in self.in_turn() {
            let Some((key, sequence)) = LaneKey::of(tx) else { continue };
            let Some(lane) = self.lane(&key) else { continue };
            let cursor =
                cursors.entry(key).or_insert(Cursor { next: lane.floor, passed_over: false });
            if sequence > cursor.next {
                cursor.passed_over = true;
            }
            if sequence != cursor.next {
                continue;
            }
            // A later one that arrived before this one had its turn already: it follows at once.
            let followers = if cursor.passed_over { u64::MAX } else { sequence };
            for (sequence, pending) in lane.pending.range(sequence..=followers) {
                if *sequence != cursor.next || pending.turn > *turn {
                    break;
                }
                match payload.push(&pending.tx) {
                    Fit::Taken => cursor.next = cursor.next.saturating_add(1),
                    Fit::Expired => break,
                    Fit::Full => return payload.txs,
                }
            }
        }
        payload.txs
    }

    /// Where the lanes that have something pending stand once the ancestors are executed.
    fn after(&self, ancestors: &[Arc<CheckedBlock>]) -> BTreeMap<LaneKey, Cursor> {
        let mut cursors = BTreeMap::new();
        for block in ancestors {
            for tx in block.transactions() {
                // What the plan pass would skip uses no nonce.
                let expired = tx.transaction().body.valid_until < block.header().height;
                let Some((key, sequence)) = LaneKey::of(tx) else { continue };
                if expired || !tx.signature_ok() {
                    continue;
                }
                let Some(lane) = self.lane(&key) else { continue };
                let cursor =
                    cursors.entry(key).or_insert(Cursor { next: lane.floor, passed_over: false });
                if sequence == cursor.next {
                    cursor.next = cursor.next.saturating_add(1);
                }
            }
        }
        cursors
    }
}

enum Fit {
    Taken,
    Expired,
    Full,
}

struct Payload {
    limits: PayloadLimits,
    height: Height,
    bytes: usize,
    txs: Vec<Arc<CheckedTransaction>>,
}

impl Payload {
    fn push(&mut self, tx: &Arc<CheckedTransaction>) -> Fit {
        if tx.transaction().body.valid_until < self.height {
            return Fit::Expired;
        }
        let bytes = self.bytes.saturating_add(tx.bytes());
        if self.txs.len() >= self.limits.txs || bytes > self.limits.bytes {
            return Fit::Full;
        }
        self.bytes = bytes;
        self.txs.push(Arc::clone(tx));
        Fit::Taken
    }
}
