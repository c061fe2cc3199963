//! Filling a block: first the reserved share, then the rest; each lane in order, each sender in turn.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::Address;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::Height;

use crate::config::PayloadLimits;
use crate::lane::LaneKey;
use crate::lane::Pending;
use crate::order::Turn;
use crate::pool::Mempool;

/// How far a lane is used by the blocks before and by this payload.
struct Cursor {
    next: u64,
    /// Whether any of it was seen too early, so that it is worth looking at what follows.
    passed_over: bool,
}

impl Mempool {
    /// The transactions for a block at `height` whose `ancestors`, oldest first, are ordered but not executed here yet:
    /// those that are not final, and before them those that are final.
    ///
    /// The reserved share is filled first, with transactions of reserved space; the rest with all that are left. Each lane goes on
    /// without a hole where state and the ancestors leave it. Senders take turns; among equals, the one admitted first comes first.
    /// The pool is unchanged: the same call gives the same answer.
    pub fn payload(
        &self,
        limits: PayloadLimits,
        height: Height,
        ancestors: &[Arc<CheckedBlock>],
    ) -> Vec<Arc<CheckedTransaction>> {
        let cursors = self.after(ancestors);
        let mut payload = Payload { pool: self, height, cursors, bytes: 0, txs: Vec::new() };
        payload.fill(&mut ReservedShare { limits, senders: BTreeMap::new() });
        payload.fill(&mut Rest { limits });
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

/// Whether there is room for one more.
enum Fit {
    Yes,
    /// Not for this one, nor for what follows it in its lane.
    NotThis,
    /// For none any more.
    Full,
}

/// One pass over pending transactions.
trait Pass {
    /// The transactions in their order.
    fn order(pool: &Mempool) -> impl Iterator<Item = (&Turn, &Arc<CheckedTransaction>)>;

    /// Where a transaction stands in that order; none if it is not in it.
    fn turn(pending: &Pending) -> Option<Turn>;

    /// Whether the pass may take `tx` when the payload holds `txs` transactions of `bytes` bytes with it. Counts it if so.
    fn take(&mut self, tx: &CheckedTransaction, txs: usize, bytes: usize) -> Fit;
}

/// Fills the reserved share. It comes first, so that what the payload holds is what the share holds.
struct ReservedShare {
    limits: PayloadLimits,
    senders: BTreeMap<Address, usize>,
}

impl Pass for ReservedShare {
    fn order(pool: &Mempool) -> impl Iterator<Item = (&Turn, &Arc<CheckedTransaction>)> {
        pool.reserved_in_turn()
    }

    fn turn(pending: &Pending) -> Option<Turn> {
        pending.reserved_turn
    }

    fn take(&mut self, tx: &CheckedTransaction, txs: usize, bytes: usize) -> Fit {
        let PayloadLimits { txs: all_txs, bytes: all_bytes, reserved } = self.limits;
        if txs > reserved.txs.min(all_txs) || bytes > reserved.bytes.min(all_bytes) {
            return Fit::Full;
        }
        let taken = self.senders.entry(tx.transaction().body.sender).or_default();
        if *taken >= reserved.sender_txs {
            return Fit::NotThis;
        }
        *taken += 1;
        Fit::Yes
    }
}

/// Fills what is left with whatever is left.
struct Rest {
    limits: PayloadLimits,
}

impl Pass for Rest {
    fn order(pool: &Mempool) -> impl Iterator<Item = (&Turn, &Arc<CheckedTransaction>)> {
        pool.in_turn()
    }

    fn turn(pending: &Pending) -> Option<Turn> {
        Some(pending.turn)
    }

    fn take(&mut self, _tx: &CheckedTransaction, txs: usize, bytes: usize) -> Fit {
        if txs > self.limits.txs || bytes > self.limits.bytes { Fit::Full } else { Fit::Yes }
    }
}

/// A payload as it is put together.
struct Payload<'a> {
    pool: &'a Mempool,
    height: Height,
    cursors: BTreeMap<LaneKey, Cursor>,
    bytes: usize,
    txs: Vec<Arc<CheckedTransaction>>,
}

impl Payload<'_> {
    fn fill<P: Pass>(&mut self, pass: &mut P) {
        for (turn, tx) in P::order(self.pool) {
            let Some((key, sequence)) = LaneKey::of(tx) else { continue };
            if !self.fill_lane(pass, (key, sequence), *turn) {
                return;
            }
        }
    }

    /// Takes the transaction whose turn it is, if its lane has come to it, and those behind it that had their turn already. False when
    /// there is no room for any more.
    fn fill_lane<P: Pass>(
        &mut self,
        pass: &mut P,
        (key, sequence): (LaneKey, u64),
        turn: Turn,
    ) -> bool {
        let Some(lane) = self.pool.lane(&key) else { return true };
        let start = Cursor { next: lane.floor, passed_over: false };
        let cursor = self.cursors.entry(key).or_insert(start);
        if sequence > cursor.next {
            cursor.passed_over = true;
        }
        if sequence != cursor.next {
            return true;
        }
        // A later one that arrived before this one had its turn already: it follows at once.
        let followers = if cursor.passed_over { u64::MAX } else { sequence };
        for (sequence, pending) in lane.pending.range(sequence..=followers) {
            let had_its_turn = P::turn(pending).is_some_and(|own| own <= turn);
            if *sequence != cursor.next || !had_its_turn {
                break;
            }
            if pending.tx.transaction().body.valid_until < self.height {
                break;
            }
            let bytes = self.bytes.saturating_add(pending.tx.bytes());
            match pass.take(&pending.tx, self.txs.len().saturating_add(1), bytes) {
                Fit::Yes => {}
                Fit::NotThis => break,
                Fit::Full => return false,
            }
            cursor.next = cursor.next.saturating_add(1);
            self.bytes = bytes;
            self.txs.push(Arc::clone(&pending.tx));
        }
        true
    }
}
