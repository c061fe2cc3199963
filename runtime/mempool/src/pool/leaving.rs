//! How transactions leave: with the block that holds them, by expiry, or because an earlier one stays missing.

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::BlockSpace;
use heddle_types::TxId;

use super::DropReason;
use super::Dropped;
use super::Mempool;
use super::RECENT_HEIGHTS_MAX;
use crate::lane::Lane;
use crate::lane::LaneKey;
use crate::lane::Pending;
use crate::space::SPACES;

impl Mempool {
    /// Sequences below `floor` are used, the last of them by `by`.
    pub(super) fn raise_floor(&mut self, key: &LaneKey, floor: u64, by: TxId) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        if floor <= lane.floor {
            return;
        }
        lane.floor = floor;
        lane.next = lane.next.max(floor);
        while let Some((sequence, pending)) = self.lanes.get(key).and_then(first) {
            if sequence >= floor {
                break;
            }
            let (id, turn, reserved_turn) = (pending.tx.id(), pending.turn, pending.reserved_turn);
            if by == id {
                // One of reserved space may have been included long before its turn among all.
                match reserved_turn {
                    Some(reserved_turn) => self.reserved.included(reserved_turn),
                    None => self.order.included(turn),
                }
                self.remove(&id, DropReason::Included);
            } else {
                self.remove(&id, DropReason::NonceUsed);
            }
        }
        self.settle(key);
    }

    pub(super) fn drop_expired(&mut self) {
        while let Some((valid_until, id)) = self.expiries.first().copied() {
            if valid_until > self.executed {
                break;
            }
            self.expiries.remove(&(valid_until, id));
            let place = self.remove(&id, DropReason::Expired);
            self.reopen(place);
        }
    }

    pub(super) fn drop_gapped(&mut self) {
        for space in SPACES {
            while let Some((since, id)) = self.gapped.of(space).first().copied() {
                if self.executed.since(since) <= self.config.gap_heights_max {
                    break;
                }
                self.gapped.of_mut(space).remove(&(since, id));
                self.remove(&id, DropReason::Gapped);
            }
        }
    }

    /// A transaction left from the middle of its lane: what follows it has to wait for another.
    fn reopen(&mut self, place: Option<(LaneKey, u64)>) {
        let Some((key, sequence)) = place else { return };
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.next = lane.next.min(sequence);
        }
        self.settle(&key);
    }

    /// Takes one out of everything but its lane's `next`; answers where it stood.
    fn remove(&mut self, id: &TxId, reason: DropReason) -> Option<(LaneKey, u64)> {
        let (key, sequence) = self.ids.remove(id)?;
        let lane = self.lanes.get_mut(&key)?;
        let Pending { tx, space, turn, reserved_turn, forwarding, gapped_since } =
            lane.pending.remove(&sequence)?;
        let is_idle = lane.pending.is_empty() && lane.used_at.is_none();
        let body = &tx.transaction().body;
        self.order.remove(turn);
        if let Some(turn) = reserved_turn {
            self.reserved.remove(turn);
        }
        self.expiries.remove(&(body.valid_until, *id));
        if let Some(since) = gapped_since {
            self.gapped.of_mut(space).remove(&(since, *id));
        }
        if let Some(forwarding) = forwarding {
            self.schedules.of_mut(space).remove(forwarding);
        }
        self.held.of_mut(space).remove(tx.bytes());
        self.release(&key.sender, space, tx.bytes());
        let payer = body.payer();
        let owed = self.owed.get(&payer).and_then(|owed| owed.checked_sub(body.max_fee));
        match owed.filter(|owed| *owed > Amount::ZERO) {
            Some(owed) => self.owed.insert(payer, owed),
            None => self.owed.remove(&payer),
        };
        if is_idle {
            self.lanes.remove(&key);
        }
        self.dropped.push(Dropped { id: *id, reason });
        Some((key, sequence))
    }

    /// A sender has one less pending.
    fn release(&mut self, sender: &Address, space: BlockSpace, bytes: usize) {
        let Some(of_sender) = self.senders.get_mut(sender) else { return };
        of_sender.held.of_mut(space).remove(bytes);
        if of_sender.held.of(BlockSpace::Reserved).txs == 0 {
            of_sender.last_reserved_turn = None;
        }
        if SPACES.into_iter().all(|space| of_sender.held.of(space).txs == 0) {
            self.senders.remove(sender);
        }
    }

    /// Forgets lanes that have nothing pending and that no recent block used.
    pub(super) fn forget_lanes(&mut self) {
        while let Some((height, _)) = self.recent.front() {
            if self.executed.since(*height) < RECENT_HEIGHTS_MAX {
                break;
            }
            let Some((height, keys)) = self.recent.pop_front() else { break };
            for key in keys {
                let Some(lane) = self.lanes.get_mut(&key) else { continue };
                if lane.used_at == Some(height) {
                    lane.used_at = None;
                    if lane.pending.is_empty() {
                        self.lanes.remove(&key);
                    }
                }
            }
        }
    }
}

fn first(lane: &Lane) -> Option<(u64, &Pending)> {
    lane.pending.first_key_value().map(|(sequence, pending)| (*sequence, pending))
}
