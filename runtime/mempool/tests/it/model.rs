//! The pool beside a model that does everything the slow way.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_mempool::AccountView;
use heddle_mempool::Admission;
use heddle_mempool::Config;
use heddle_mempool::DropReason;
use heddle_mempool::Dropped;
use heddle_mempool::Mempool;
use heddle_mempool::Origin;
use heddle_mempool::PayloadLimits;
use heddle_mempool::Refusal;
use heddle_mempool::Room;
use heddle_mempool::Share;
use heddle_mempool::Terms;
use heddle_types::Amount;
use heddle_types::BlockSpace;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::TransactionBody;
use heddle_types::TxId;
use proptest::prelude::*;

use crate::fixture::*;

#[derive(Clone, Debug)]
enum Op {
    /// A transaction whose sequence is `ahead - 2` above the one that the lane expects.
    Admit { sender: u8, lane: u8, ahead: u64, fee: u64, lasts: u64, kind: (bool, bool) },
    /// Sends once more what was sent before.
    Repeat(usize),
    /// Builds a payload and proposes it, with a stranger's transaction in front.
    Propose { limits: PayloadLimits, stranger: Option<(u8, u8)> },
    /// Gives up on what was proposed and not executed.
    Abandon,
    /// Executes the oldest block proposed.
    Execute,
}

fn op() -> impl Strategy<Value = Op> {
    let admit = (0..3_u8, 0..2_u8, 0..7_u64, 9..14_u64, 0..12_u64, any::<(bool, bool)>()).prop_map(
        |(sender, lane, ahead, fee, lasts, kind)| Op::Admit {
            sender,
            lane,
            ahead: if ahead > 4 { 2 } else { ahead },
            fee,
            lasts: if lasts > 7 { 1000 } else { lasts },
            kind,
        },
    );
    let stranger = proptest::option::weighted(0.2, (0..3_u8, 0..2_u8));
    prop_oneof![
        8 => admit,
        1 => any::<usize>().prop_map(Op::Repeat),
        2 => (limits(), stranger).prop_map(|(limits, stranger)| Op::Propose { limits, stranger }),
        1 => Just(Op::Abandon),
        3 => Just(Op::Execute),
    ]
}

fn limits() -> impl Strategy<Value = PayloadLimits> {
    (0..7_usize, 0..4_usize, 0..3_usize).prop_map(|(txs, share, sender_txs)| PayloadLimits {
        reserved: Share { txs: share, bytes: usize::MAX, sender_txs },
        ..PayloadLimits::new(txs, usize::MAX)
    })
}

type Lane = (u8, u8);
/// A sender's turn, and the number of the admission.
type Turn = (u64, u64);

#[derive(Clone)]
struct Held {
    tx: Arc<CheckedTransaction>,
    lane: Lane,
    sequence: u64,
    gapped_since: Option<u64>,
    turn: Turn,
    reserved_turn: Option<Turn>,
}

/// A chain of one node, and its pool as a list.
struct Model {
    config: Config,
    executed: u64,
    next: BTreeMap<Lane, u64>,
    held: Vec<Held>,
    blocks: Vec<Arc<CheckedBlock>>,
    /// Among all, and among those of reserved space.
    turns: [Turns; 2],
    admissions: u64,
}

/// The highest turn that was included, and the last that each sender was given.
#[derive(Default)]
struct Turns {
    present: u64,
    last: BTreeMap<u8, u64>,
}

impl Turns {
    fn next(&mut self, sender: u8, has_pending: bool, admission: u64) -> Turn {
        let behind = self.last.get(&sender).filter(|_| has_pending).map_or(0, |last| last + 1);
        let turn = self.present.max(behind);
        self.last.insert(sender, turn);
        (turn, admission)
    }
}

/// By the calls' bytes, as programs would say it.
fn space(tx: &CheckedTransaction) -> BlockSpace {
    match tx.transaction().body.calls[0].data.len() {
        1 => BlockSpace::Reserved,
        _ => BlockSpace::Ordinary,
    }
}

fn place(tx: &CheckedTransaction) -> (Lane, u64) {
    let body = &tx.transaction().body;
    match body.nonce {
        Nonce::Lane { lane, sequence } => ((body.sender.0[0] - 1, lane), sequence),
        Nonce::Window { .. } => panic!("the test makes none"),
    }
}

impl Model {
    fn next(&self, lane: Lane) -> u64 {
        self.next.get(&lane).copied().unwrap_or(0)
    }

    fn holds(&self, lane: Lane, sequence: u64) -> bool {
        self.held.iter().any(|held| held.lane == lane && held.sequence == sequence)
    }

    fn expected(&self, lane: Lane) -> u64 {
        (self.next(lane)..).find(|sequence| !self.holds(lane, *sequence)).unwrap()
    }

    fn balance(sender: u8) -> Amount {
        Amount::from_units([60, 200, 100_000][usize::from(sender)])
    }

    fn admit(
        &mut self,
        tx: &Arc<CheckedTransaction>,
        origin: Origin,
    ) -> Result<Admission, Refusal> {
        let body = &tx.transaction().body;
        let (lane, sequence) = place(tx);
        if self.held.iter().any(|held| held.tx.id() == tx.id()) {
            return Ok(Admission::AlreadyPending);
        }
        let (valid_until, executed) = (body.valid_until, Height::new(self.executed));
        if valid_until <= executed {
            return Err(Refusal::Expired { valid_until, executed });
        }
        let expected = self.expected(lane);
        if sequence < self.next(lane) {
            return Err(Refusal::NonceUsed { sequence, expected });
        }
        if self.holds(lane, sequence) {
            return Err(Refusal::NonceTaken { sequence, expected });
        }
        let Config { ordinary, reserved, .. } = &self.config;
        let ahead = ordinary.sender_txs_max + reserved.sender_txs_max;
        let ahead = if origin == Origin::Local { 0 } else { ahead as u64 };
        if sequence > expected + ahead {
            return Err(Refusal::NonceGap { sequence, expected });
        }
        if body.max_fee < FEE {
            return Err(Refusal::FeeTooLow { offered: body.max_fee, required: FEE });
        }
        let of_sender: Vec<_> = self.held.iter().filter(|held| held.lane.0 == lane.0).collect();
        let owed = of_sender.iter().map(|held| held.tx.transaction().body.max_fee.get());
        let owed = Amount::new(owed.sum::<u128>() + body.max_fee.get()).unwrap();
        let balance = Self::balance(lane.0);
        if owed > balance {
            return Err(Refusal::InsufficientFeeFunds { balance, required: owed });
        }
        let (space, has_pending) = (space(tx), !of_sender.is_empty());
        let room = self.config.room(space);
        let is_alike = |held: &Held| self::space(&held.tx) == space;
        let alike_of_sender = of_sender.iter().filter(|held| is_alike(held)).count();
        if alike_of_sender >= room.sender_txs_max {
            return Err(Refusal::SenderLimit);
        }
        let alike: Vec<_> = self.held.iter().filter(|held| is_alike(held)).collect();
        let gapped = alike.iter().filter(|held| held.gapped_since.is_some()).count();
        if alike.len() >= room.txs_max || (sequence > expected && gapped >= room.gapped_max) {
            return Err(Refusal::PoolFull);
        }
        let turn = self.turns[0].next(lane.0, has_pending, self.admissions);
        let reserved_turn = (space == BlockSpace::Reserved)
            .then(|| self.turns[1].next(lane.0, alike_of_sender > 0, self.admissions));
        self.admissions += 1;
        let tx = Arc::clone(tx);
        self.held.push(Held { tx, lane, sequence, gapped_since: None, turn, reserved_turn });
        self.note_gaps();
        Ok(Admission::Admitted)
    }

    fn note_gaps(&mut self) {
        let expected: Vec<_> = self.held.iter().map(|held| self.expected(held.lane)).collect();
        for (held, expected) in self.held.iter_mut().zip(expected) {
            let gapped = held.sequence > expected;
            held.gapped_since = gapped.then(|| held.gapped_since.unwrap_or(self.executed));
        }
    }

    /// What the plan pass would take of `txs` after the blocks proposed so far.
    fn unskipped(
        &self,
        blocks: &[Arc<CheckedBlock>],
    ) -> (BTreeMap<Lane, u64>, Vec<Arc<CheckedTransaction>>) {
        let mut next = self.next.clone();
        let mut taken = Vec::new();
        for block in blocks {
            for tx in block.transactions() {
                let (lane, sequence) = place(tx);
                let expected = next.entry(lane).or_insert(0);
                if tx.transaction().body.valid_until >= block.header().height
                    && *expected == sequence
                {
                    *expected += 1;
                    taken.push(Arc::clone(tx));
                }
            }
        }
        (next, taken)
    }

    fn drop_where(
        &mut self,
        reason: DropReason,
        dropped: &mut Vec<Dropped>,
        goes: impl Fn(&Held) -> bool,
    ) {
        let (gone, kept) = self.held.drain(..).partition(|held| goes(held));
        self.held = kept;
        dropped.extend(gone.iter().map(|held: &Held| Dropped { id: held.tx.id(), reason }));
    }

    fn execute(&mut self) -> (Vec<Arc<CheckedTransaction>>, Vec<Dropped>) {
        let block = self.blocks.remove(0);
        let (next, included) = self.unskipped(&[Arc::clone(&block)]);
        self.next = next.clone();
        self.executed = block.header().height.get();
        let executed = self.executed;
        let ids: BTreeSet<TxId> = included.iter().map(|tx| tx.id()).collect();
        for held in self.held.iter().filter(|held| ids.contains(&held.tx.id())) {
            let (turns, turn) = match held.reserved_turn {
                Some(turn) => (&mut self.turns[1], turn),
                None => (&mut self.turns[0], held.turn),
            };
            turns.present = turns.present.max(turn.0);
        }
        let mut dropped = Vec::new();
        let used = |held: &Held| held.sequence < next.get(&held.lane).copied().unwrap_or(0);
        self.drop_where(DropReason::Included, &mut dropped, |held| ids.contains(&held.tx.id()));
        self.drop_where(DropReason::NonceUsed, &mut dropped, used);
        // A hole that the block filled is none, even where an expiry at the same height makes another: the wait begins anew.
        self.note_gaps();
        self.drop_where(DropReason::Expired, &mut dropped, |held| {
            held.tx.transaction().body.valid_until.get() <= executed
        });
        self.note_gaps();
        let wait = self.config.gap_heights_max;
        self.drop_where(DropReason::Gapped, &mut dropped, |held| {
            held.gapped_since.is_some_and(|since| executed - since > wait)
        });
        (included, dropped)
    }

    /// Checks that a payload holds all that it can and nothing that would be skipped; proposes one within `limits`.
    fn propose(&mut self, pool: &Mempool, limits: PayloadLimits, stranger: Option<Lane>) {
        let height = self.executed + self.blocks.len() as u64 + 1;
        let everything = pool.payload(PayloadLimits::BLOCK, Height::new(height), &self.blocks);
        let (next, _) = self.unskipped(&self.blocks);
        let mut reachable = BTreeSet::new();
        for lane in (0..3).flat_map(|sender| (0..2).map(move |lane| (sender, lane))) {
            let mut sequence = next.get(&lane).copied().unwrap_or(0);
            while let Some(held) = self.held.iter().find(|held| {
                held.lane == lane
                    && held.sequence == sequence
                    && held.tx.transaction().body.valid_until.get() >= height
            }) {
                reachable.insert(held.tx.id());
                sequence += 1;
            }
        }
        assert_eq!(ids(&everything).into_iter().collect::<BTreeSet<_>>(), reachable);
        let mut blocks = self.blocks.clone();
        blocks.push(block(height, &everything));
        let before = self.unskipped(&self.blocks).1.len();
        assert_eq!(self.unskipped(&blocks).1.len() - before, everything.len(), "none is skipped");

        let some = pool.payload(limits, Height::new(height), &self.blocks);
        assert_eq!(ids(&some), self.payload(limits, next.clone(), height));
        let stranger = stranger.map(|lane| {
            let nonce =
                Nonce::Lane { lane: lane.1, sequence: next.get(&lane).copied().unwrap_or(0) };
            signed(TransactionBody { max_fee: Amount::from_units(999), nonce, ..body(lane.0, 0) })
        });
        self.blocks.push(block(height, &stranger.into_iter().chain(some).collect::<Vec<_>>()));
    }

    /// A payload, transaction by transaction: each time the one that comes first of those that are next in their lanes.
    fn payload(
        &self,
        limits: PayloadLimits,
        mut next: BTreeMap<Lane, u64>,
        height: u64,
    ) -> Vec<TxId> {
        let mut txs = Vec::new();
        let mut of_sender = [0; 3];
        let mut blocked = BTreeSet::new();
        while txs.len() < limits.reserved.txs.min(limits.txs)
            && let Some(held) = self.first(&next, height, &blocked, |held| held.reserved_turn)
        {
            let count = &mut of_sender[usize::from(held.lane.0)];
            if *count == limits.reserved.sender_txs {
                blocked.insert(held.lane);
                continue;
            }
            *count += 1;
            next.insert(held.lane, held.sequence + 1);
            txs.push(held.tx.id());
        }
        blocked.clear();
        while txs.len() < limits.txs
            && let Some(held) = self.first(&next, height, &blocked, |held| Some(held.turn))
        {
            next.insert(held.lane, held.sequence + 1);
            txs.push(held.tx.id());
        }
        txs
    }

    fn first(
        &self,
        next: &BTreeMap<Lane, u64>,
        height: u64,
        blocked: &BTreeSet<Lane>,
        turn: fn(&Held) -> Option<Turn>,
    ) -> Option<&Held> {
        let may_be_next = |held: &&Held| {
            !blocked.contains(&held.lane)
                && held.sequence == next.get(&held.lane).copied().unwrap_or(0)
                && held.tx.transaction().body.valid_until.get() >= height
        };
        let heads = self.held.iter().filter(may_be_next);
        let by_turn = heads.filter_map(|held| Some((turn(held)?, held)));
        by_turn.min_by_key(|(turn, _)| *turn).map(|(_, held)| held)
    }

    fn check(&self, pool: &Mempool) {
        assert_eq!(pool.len(), self.held.len());
        assert_eq!(pool.bytes(), self.held.iter().map(|held| held.tx.bytes()).sum::<usize>());
        assert!(self.held.iter().all(|held| pool.get(&held.tx.id()) == Some(&held.tx)));
        for lane in (0..3).flat_map(|sender| (0..2).map(move |lane| (sender, lane))) {
            let next = pool.pending_next(&address(lane.0), lane.1, self.next(lane));
            assert_eq!(next, self.expected(lane));
        }
        for space in [BlockSpace::Ordinary, BlockSpace::Reserved] {
            let held = self.held.iter().filter(|held| self::space(&held.tx) == space).count();
            assert!(held <= self.config.room(space).txs_max);
        }
    }
}

fn run(ops: &[Op]) {
    let mut config = Config { gap_heights_max: 4, ..Config::new(CHAIN) };
    config.ordinary = Room { txs_max: 10, sender_txs_max: 4, gapped_max: 2, ..config.ordinary };
    config.reserved = Room { txs_max: 6, sender_txs_max: 3, gapped_max: 1, ..config.reserved };
    let mut pool = Mempool::new(config.clone(), Height::ZERO);
    let mut model = Model {
        config,
        executed: 0,
        next: BTreeMap::new(),
        held: vec![],
        blocks: vec![],
        turns: Default::default(),
        admissions: 0,
    };
    let mut sent: Vec<Arc<CheckedTransaction>> = Vec::new();
    let mut admitted = 0;
    let mut reported = 0;
    for op in ops {
        let (tx, origin) = match op {
            Op::Propose { limits, stranger } => {
                model.propose(&pool, *limits, *stranger);
                continue;
            }
            Op::Abandon => {
                model.blocks.clear();
                continue;
            }
            Op::Execute if model.blocks.is_empty() => continue,
            Op::Execute => {
                let (included, mut expected) = model.execute();
                let height = Height::new(model.executed);
                let mut dropped = pool.on_executed(height, included.iter().map(|tx| &**tx));
                dropped.sort_unstable();
                expected.sort_unstable();
                assert_eq!(dropped, expected);
                reported += dropped.len();
                model.check(&pool);
                continue;
            }
            Op::Repeat(_) if sent.is_empty() => continue,
            Op::Repeat(index) => (Arc::clone(&sent[index % sent.len()]), Origin::Local),
            Op::Admit { sender, lane, ahead, fee, lasts, kind: (reserved, forwarded) } => {
                let sequence = (model.expected((*sender, *lane)) + ahead).saturating_sub(2);
                let body = TransactionBody {
                    nonce: Nonce::Lane { lane: *lane, sequence },
                    max_fee: Amount::from_units(*fee),
                    valid_until: Height::new(model.executed + lasts),
                    calls: vec![call(if *reserved { 1 } else { 3 })],
                    ..body(*sender, 0)
                };
                (signed(body), if *forwarded { Origin::Forwarded } else { Origin::Local })
            }
        };
        let (lane, _) = place(&tx);
        let account =
            AccountView { next_sequence: model.next(lane), fee_balance: Model::balance(lane.0) };
        let terms = Terms { required_fee: FEE, space: space(&tx) };
        let answer = pool.admit(Arc::clone(&tx), &account, terms, origin);
        assert_eq!(answer, model.admit(&tx, origin));
        admitted += usize::from(answer == Ok(Admission::Admitted));
        sent.push(tx);
        model.check(&pool);
    }
    assert_eq!(admitted, reported + pool.len(), "nothing is lost and nothing reported twice");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pool_answers_as_the_model_does(ops in proptest::collection::vec(op(), 1..120)) {
        run(&ops);
    }
}
