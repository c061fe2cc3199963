//! The pool itself: what comes in, and what leaves with an executed block.

mod leaving;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::BlockSpace;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::TxId;
use heddle_types::limits;

use crate::config::Config;
use crate::forward::Schedule;
use crate::lane::Lane;
use crate::lane::LaneKey;
use crate::lane::Pending;
use crate::order::Order;
use crate::order::Turn;
use crate::refusal::Admission;
use crate::refusal::Refusal;
use crate::space::BySpace;
use crate::space::SPACES;

/// Executed heights for which a lane that a block used is remembered, so that an [`AccountView`] read a moment before that
/// block was executed brings nothing back.
const RECENT_HEIGHTS_MAX: u64 = limits::LAG_MAX;

/// What state says at the last executed height about a transaction's sender and payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// The sequence that the sender uses next in the transaction's lane.
    pub next_sequence: u64,
    /// What the payer (the sender, if no other is named) holds of the native asset.
    pub fee_balance: Amount,
}

/// What follows from a transaction's bytes, by the chain's programs: the same on every node, and never taken from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What it costs.
    pub required_fee: Amount,
    /// Which room of a block it may take.
    pub space: BlockSpace,
}

/// Where a transaction came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A user sent it to this node, which answers for it: it comes in order and is forwarded until it is final.
    Local,
    /// Another node forwarded it: it may come before the earlier ones of its lane, and is not forwarded again.
    Forwarded,
}

/// Why a transaction left the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// An executed final block holds it.
    Included,
    /// An executed final block holds another one with its nonce.
    NonceUsed,
    /// The last height that it allows is executed.
    Expired,
    /// An earlier one of its lane stayed missing. It may be sent again.
    Gapped,
}

/// A transaction that left the pool. Each one admitted is reported exactly once for each time that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dropped {
    /// Which.
    pub id: TxId,
    /// Why.
    pub reason: DropReason,
}

/// How much of one kind is held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    pub(crate) txs: usize,
    pub(crate) bytes: usize,
}

impl Held {
    const fn add(&mut self, bytes: usize) {
        self.txs += 1;
        self.bytes += bytes;
    }

    const fn remove(&mut self, bytes: usize) {
        self.txs -= 1;
        self.bytes -= bytes;
    }
}

/// What a sender has pending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    pub(crate) held: BySpace<Held>,
    last_turn: Option<Turn>,
    /// None while nothing of reserved space is pending.
    last_reserved_turn: Option<Turn>,
}

/// The pool of one node. See the crate's documentation.
#[derive(Clone, Debug)]
pub struct Mempool {
    pub(crate) config: Config,
    /// The last executed height.
    pub(crate) executed: Height,
    pub(crate) lanes: BTreeMap<LaneKey, Lane>,
    pub(crate) ids: BTreeMap<TxId, (LaneKey, u64)>,
    /// All, by turn.
    order: Order,
    /// Those of reserved space, by turns of their own: what a sender has besides does not delay them.
    reserved: Order,
    pub(crate) senders: BTreeMap<Address, Sender>,
    /// The sum of the maximum fees of each payer's pending transactions.
    pub(crate) owed: BTreeMap<Address, Amount>,
    expiries: BTreeSet<(Height, TxId)>,
    pub(crate) gapped: BySpace<BTreeSet<(Height, TxId)>>,
    schedules: BySpace<Schedule>,
    /// The lanes that the last executed blocks used, oldest first.
    recent: VecDeque<(Height, Vec<LaneKey>)>,
    /// What left since the last report.
    dropped: Vec<Dropped>,
    pub(crate) held: BySpace<Held>,
    arrivals: u64,
}

impl Mempool {
    /// An empty pool of a node whose last executed height is `executed`.
    pub fn new(config: Config, executed: Height) -> Self {
        Self {
            config,
            executed,
            lanes: BTreeMap::new(),
            ids: BTreeMap::new(),
            order: Order::default(),
            reserved: Order::default(),
            senders: BTreeMap::new(),
            owed: BTreeMap::new(),
            expiries: BTreeSet::new(),
            gapped: BySpace::default(),
            schedules: BySpace::default(),
            recent: VecDeque::new(),
            dropped: Vec::new(),
            held: BySpace::default(),
            arrivals: 0,
        }
    }

    /// Takes a transaction in.
    ///
    /// `account` may be a few heights older or newer than what [`Self::on_executed`] told. The caller first looks among the executed transactions: one that is there is no refusal but has its receipt.
    ///
    /// What a payer must be able to cover is the sum of the maximum fees of all that it has pending here; amounts that the
    /// calls transfer, and deposits, are not counted.
    ///
    /// # Errors
    /// See [`Refusal`]; the pool is unchanged.
    pub fn admit(
        &mut self,
        tx: Arc<CheckedTransaction>,
        account: &AccountView,
        terms: Terms,
        origin: Origin,
    ) -> Result<Admission, Refusal> {
        let (key, sequence) = self.check_alone(&tx)?;
        if self.ids.contains_key(&tx.id()) {
            if origin == Origin::Local {
                self.answer_for(&key, sequence);
            }
            return Ok(Admission::AlreadyPending);
        }
        self.check_height(&tx)?;
        let admissible = self
            .check_nonce(&key, sequence, account.next_sequence, origin)
            .and_then(|()| self.check_fees(&tx, account, terms.required_fee))
            .and_then(|()| {
                let is_gapped = sequence > self.next_of(&key, account.next_sequence);
                self.check_room(&tx, terms.space, is_gapped)
            });
        admissible?;
        self.open_lane(key, account.next_sequence);
        self.insert(tx, terms.space, key, sequence);
        if origin == Origin::Local {
            self.answer_for(&key, sequence);
        }
        Ok(Admission::Admitted)
    }

    /// Told once for each final block after it was executed here, ascending; `included` are those of its transactions that
    /// were not skipped. Answers with all that left since the last call.
    pub fn on_executed<'a>(
        &mut self,
        height: Height,
        included: impl IntoIterator<Item = &'a CheckedTransaction>,
    ) -> Vec<Dropped> {
        self.executed = self.executed.max(height);
        let mut used = Vec::new();
        for tx in included {
            let Some((key, sequence)) = LaneKey::of(tx) else { continue };
            self.lanes.entry(key).or_insert_with(|| Lane::new(0)).used_at = Some(self.executed);
            self.raise_floor(&key, sequence.saturating_add(1), tx.id());
            used.push(key);
        }
        self.recent.push_back((self.executed, used));
        self.drop_expired();
        self.drop_gapped();
        self.forget_lanes();
        std::mem::take(&mut self.dropped)
    }

    /// Transactions to send to the next leaders now, at most `bytes_max` encoded bytes of them: those that users sent to
    /// this node, each at once, and again after an interval that doubles, until it leaves the pool. Those of reserved space come
    /// first, and no batch holds both kinds, so that whoever receives them can tell them apart.
    ///
    /// Call it again at once while it answers with any.
    pub fn to_forward(&mut self, now: Instant, bytes_max: usize) -> Vec<Arc<CheckedTransaction>> {
        let mut batches = SPACES.into_iter().map(|space| self.batch(space, now, bytes_max));
        batches.find(|batch| !batch.is_empty()).unwrap_or_default()
    }

    fn batch(
        &mut self,
        space: BlockSpace,
        now: Instant,
        bytes_max: usize,
    ) -> Vec<Arc<CheckedTransaction>> {
        let mut left = bytes_max.max(limits::TRANSACTION_BYTES_MAX);
        let mut batch = Vec::new();
        while let Some((tx, again)) =
            self.schedules.of_mut(space).take(now, left, self.config.forward_interval_max)
        {
            left = left.saturating_sub(tx.bytes());
            if let Some(pending) = self.pending_mut(&tx.id()) {
                pending.forwarding = Some(again);
            }
            batch.push(tx);
        }
        batch
    }

    /// When [`Self::to_forward`] has something next; [`Instant::START`] for at once.
    pub fn forward_deadline(&self) -> Option<Instant> {
        SPACES.into_iter().filter_map(|space| self.schedules.of(space).deadline()).min()
    }

    /// How many transactions are pending.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The encoded bytes of all that is pending.
    pub fn bytes(&self) -> usize {
        SPACES.into_iter().map(|space| self.held.of(space).bytes).sum()
    }

    /// Whether a transaction is pending.
    pub fn contains(&self, id: &TxId) -> bool {
        self.ids.contains_key(id)
    }

    /// A pending transaction.
    pub fn get(&self, id: &TxId) -> Option<&Arc<CheckedTransaction>> {
        let (key, sequence) = self.ids.get(id)?;
        Some(&self.lanes.get(key)?.pending.get(sequence)?.tx)
    }

    /// The sequence to use next in a lane, counting what is pending here. `executed` is the next one as state has it.
    pub fn pending_next(&self, sender: &Address, lane: u8, executed: u64) -> u64 {
        self.next_of(&LaneKey { sender: *sender, lane }, executed)
    }

    /// The last executed height that the pool was told.
    pub const fn executed(&self) -> Height {
        self.executed
    }

    pub(crate) fn lane(&self, key: &LaneKey) -> Option<&Lane> {
        self.lanes.get(key)
    }

    pub(crate) fn in_turn(&self) -> impl Iterator<Item = (&Turn, &Arc<CheckedTransaction>)> {
        self.order.iter()
    }

    pub(crate) fn reserved_in_turn(
        &self,
    ) -> impl Iterator<Item = (&Turn, &Arc<CheckedTransaction>)> {
        self.reserved.iter()
    }

    pub(crate) fn next_of(&self, key: &LaneKey, executed: u64) -> u64 {
        self.lanes.get(key).map_or(executed, |lane| lane.next.max(executed))
    }

    fn pending_mut(&mut self, id: &TxId) -> Option<&mut Pending> {
        let (key, sequence) = self.ids.get(id)?;
        self.lanes.get_mut(key)?.pending.get_mut(sequence)
    }

    /// The lane that a transaction is to be inserted into, as its account says that it stands.
    fn open_lane(&mut self, key: LaneKey, floor: u64) {
        let lane = self.lanes.entry(key).or_insert_with(|| Lane::new(floor));
        // State may be ahead of what the pool was told; what is pending is dropped only by what it is told.
        if lane.pending.is_empty() && lane.floor < floor {
            lane.floor = floor;
            lane.next = floor;
        }
    }

    fn insert(
        &mut self,
        tx: Arc<CheckedTransaction>,
        space: BlockSpace,
        key: LaneKey,
        sequence: u64,
    ) {
        let (id, bytes) = (tx.id(), tx.bytes());
        let body = &tx.transaction().body;
        let (turn, reserved_turn) = self.turns_of(&tx, space);
        self.senders.entry(key.sender).or_default().held.of_mut(space).add(bytes);
        self.held.of_mut(space).add(bytes);
        let owed = self.owed.entry(body.payer()).or_default();
        *owed = owed.checked_add(body.max_fee).expect("check_fees found room for it");
        self.expiries.insert((body.valid_until, id));
        self.ids.insert(id, (key, sequence));
        let pending =
            Pending { tx, space, turn, reserved_turn, forwarding: None, gapped_since: None };
        let lane = self.lanes.get_mut(&key).expect("open_lane opened it");
        lane.pending.insert(sequence, pending);
        self.settle(&key);
    }

    /// Puts a transaction into the orders that it belongs to.
    fn turns_of(
        &mut self,
        tx: &Arc<CheckedTransaction>,
        space: BlockSpace,
    ) -> (Turn, Option<Turn>) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        let sender = self.senders.entry(tx.transaction().body.sender).or_default();
        let turn = self.order.push(Arc::clone(tx), sender.last_turn, arrival);
        sender.last_turn = Some(turn);
        if space == BlockSpace::Ordinary {
            return (turn, None);
        }
        let reserved_turn = self.reserved.push(Arc::clone(tx), sender.last_reserved_turn, arrival);
        sender.last_reserved_turn = Some(reserved_turn);
        (turn, Some(reserved_turn))
    }

    /// Makes this node answer for a pending transaction.
    fn answer_for(&mut self, key: &LaneKey, sequence: u64) {
        let pending = self.lanes.get_mut(key).and_then(|lane| lane.pending.get_mut(&sequence));
        if let Some(pending) = pending.filter(|pending| pending.forwarding.is_none()) {
            let (tx, arrival) = (Arc::clone(&pending.tx), pending.turn.arrival);
            let interval = self.config.forward_interval;
            let schedule = self.schedules.of_mut(pending.space);
            pending.forwarding = Some(schedule.add(tx, arrival, interval));
        }
    }

    /// Moves a lane's `next` to its first hole and notes what lies above it, after either may have changed.
    fn settle(&mut self, key: &LaneKey) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        for (sequence, pending) in lane.pending.range_mut(lane.next..) {
            if *sequence == lane.next {
                lane.next = lane.next.saturating_add(1);
                if let Some(since) = pending.gapped_since.take() {
                    self.gapped.of_mut(pending.space).remove(&(since, pending.tx.id()));
                }
            } else if pending.gapped_since.is_none() {
                pending.gapped_since = Some(self.executed);
                let gapped = self.gapped.of_mut(pending.space);
                gapped.insert((self.executed, pending.tx.id()));
            }
        }
    }
}
