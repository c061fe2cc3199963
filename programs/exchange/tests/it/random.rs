//! Random instructions of all kinds in all modes: the book does what the reference does, keeps its invariants, and is the same
//! after a reload.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;

use heddle_clearing::AccountId;
use heddle_clearing::CloseReason;
use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::TradeKind;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_exchange::Band;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_exchange::Matching;
use heddle_num::Lots;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_sdk::Resident;
use heddle_types::UnixMillis;
use heddle_types::Value;

use crate::reference::Reference;

const CASES: u32 = 64;
const BLOCKS: usize = 40;
const INSTRUCTIONS: usize = 48;
const ACCOUNTS: u32 = 7;

const _: () = assert!(CASES as usize * BLOCKS * INSTRUCTIONS >= 100_000);

/// What stands in state.
type Store = BTreeMap<Vec<u8>, Value>;

#[derive(Clone, Debug)]
struct Block {
    mode: Matching,
    passed: u64,
    mark: Option<u32>,
    band: Option<(u32, u32)>,
    cap: u64,
    reloads: bool,
    wishes: Vec<Wish>,
}

/// An instruction, before orders have names.
#[derive(Clone, Debug)]
enum Wish {
    Place(Wanted),
    /// Of the order placed so many before.
    Cancel(usize),
    Reduce(usize, u64),
    CancelAfter(u32, Option<u64>),
    /// From one account to another.
    Move(u32, u32, i64),
}

#[derive(Clone, Debug)]
struct Wanted {
    account: u32,
    side: Side,
    price: u32,
    lots: u64,
    time_in_force: Kind,
    reduce_only: bool,
    self_trade: SelfTrade,
    trigger: Option<Trigger>,
    display: Option<u64>,
    is_liquidation: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    GoodTillCancelled,
    GoodTillTime(u64),
    ImmediateOrCancel,
    FillOrKill,
    PostOnly,
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        8 => Just(Kind::GoodTillCancelled),
        2 => (0_u64..12).prop_map(Kind::GoodTillTime),
        3 => Just(Kind::ImmediateOrCancel),
        2 => Just(Kind::FillOrKill),
        2 => Just(Kind::PostOnly),
    ]
}

fn self_trade() -> impl Strategy<Value = SelfTrade> {
    prop_oneof![
        Just(SelfTrade::Abort),
        Just(SelfTrade::CancelProvide),
        Just(SelfTrade::DecrementTake),
    ]
}

fn trigger() -> impl Strategy<Value = Option<Trigger>> {
    let when = prop_oneof![Just(TriggerWhen::AtOrAbove), Just(TriggerWhen::AtOrBelow)];
    let trigger = (when, 90_u32..110)
        .prop_map(|(when, price)| Some(Trigger { when, price: Ticks::new(price) }));
    prop_oneof![8 => Just(None), 1 => trigger]
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let terms = (
        prop::bool::weighted(0.15),
        self_trade(),
        trigger(),
        prop::option::weighted(0.15, 1_u64..9),
        prop::bool::weighted(0.05),
    );
    // Few prices, so that orders meet; now and then one from far away, on another page.
    let price = prop_oneof![12 => 92_u32..108, 1 => Just(1), 1 => Just(u32::MAX), 1 => 1_u32..4000];
    (0..ACCOUNTS, side(), price, 1_u64..30, kind(), terms).prop_map(
        |(account, side, price, lots, time_in_force, terms)| {
            let (reduce_only, self_trade, trigger, display, is_liquidation) = terms;
            let display = display.filter(|display| *display < lots);
            Wanted {
                account,
                side,
                price,
                lots,
                time_in_force,
                reduce_only,
                self_trade,
                trigger,
                display,
                is_liquidation,
            }
        },
    )
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        12 => wanted().prop_map(Wish::Place),
        5 => (0_usize..60).prop_map(Wish::Cancel),
        2 => (0_usize..60, 1_u64..20).prop_map(|(back, by)| Wish::Reduce(back, by)),
        1 => (0..ACCOUNTS, prop::option::of(0_u64..15))
            .prop_map(|(account, wait)| Wish::CancelAfter(account, wait)),
        1 => (0..ACCOUNTS, 0..ACCOUNTS, 1_i64..20).prop_map(|(from, to, lots)| Wish::Move(from, to, lots)),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    let mode = prop_oneof![
        12 => Just(Matching::Continuous),
        3 => Just(Matching::Collect),
        3 => Just(Matching::Uncross),
        1 => Just(Matching::CancelOnly),
    ];
    let mark = prop_oneof![4 => (92_u32..108).prop_map(Some), 1 => Just(None)];
    let band = prop::option::weighted(0.3, (88_u32..102, 98_u32..112));
    let cap = prop_oneof![3 => Just(u64::MAX), 1 => 0_u64..120];
    let wishes = prop::collection::vec(wish(), INSTRUCTIONS);
    (mode, 0_u64..4, mark, band, cap, (prop::bool::weighted(0.2), wishes)).prop_map(
        |(mode, passed, mark, band, cap, (reloads, wishes))| Block {
            mode,
            passed,
            mark,
            band: band.map(|(low, high)| (low.min(high), high)),
            cap,
            reloads,
            wishes,
        },
    )
}

/// Why orders go in such streams. The bounds of a book and of a sweep are too far away.
const REASONS: [CloseReason; 10] = [
    CloseReason::Unfilled,
    CloseReason::Killed,
    CloseReason::WouldTake,
    CloseReason::Expired,
    CloseReason::SelfTrade,
    CloseReason::NothingToReduce,
    CloseReason::OpenInterestCap,
    CloseReason::CancelAfter,
    CloseReason::OutsideBand,
    CloseReason::MarketClosed,
];

/// What streams have led to.
#[derive(Default)]
struct Seen {
    instructions: usize,
    reasons: BTreeSet<CloseReason>,
    /// Of trades; none for orders that got smaller.
    kinds: Vec<Option<TradeKind>>,
}

impl Seen {
    fn note(&mut self, instructions: &[Instruction], outcomes: &[Outcome]) {
        self.instructions += instructions.len();
        for outcome in outcomes {
            let kind = match outcome {
                Outcome::Closed(closed) => {
                    self.reasons.insert(closed.reason);
                    continue;
                }
                Outcome::Trade(trade) => Some(trade.kind),
                Outcome::Decremented(..) => None,
            };
            if !self.kinds.contains(&kind) {
                self.kinds.push(kind);
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.instructions += other.instructions;
        self.reasons.extend(other.reasons);
        self.kinds.extend(other.kinds);
    }
}

/// A book with what it has stored, and the reference beside it.
#[derive(Default)]
struct World {
    book: Book,
    store: Store,
    reference: Reference,
    now: u64,
    names: Vec<OrderId>,
    seen: Seen,
}

impl World {
    fn run(&mut self, block: &Block) {
        self.now += block.passed;
        let instructions = self.instructions(&block.wishes);
        let env = self.env(block);
        let mut twin = block.reloads.then(|| load(&self.store));

        let mut outcomes = Vec::new();
        let summary = self.book.run_block(&env, &instructions, &mut outcomes);
        let expected = self.reference.run_block(&env, &instructions);
        self.seen.note(&instructions, &outcomes);
        assert_eq!(outcomes, expected);
        self.compare(&summary);
        assert_eq!(summary.volume.get(), volume(&outcomes));
        self.book.audit(env.mode).unwrap();

        let changes = flush(&mut self.book);
        if let Some(twin) = &mut twin {
            let mut outcomes = Vec::new();
            assert_eq!(twin.run_block(&env, &instructions, &mut outcomes), summary);
            assert_eq!(outcomes, expected);
            assert_eq!(flush(twin), changes);
        }
        apply(&mut self.store, changes);
        let loaded = load(&self.store);
        assert_eq!(loaded.image(), self.book.image());
        loaded.audit(env.mode).unwrap();
        if let Some(twin) = twin {
            self.book = twin;
        }
    }

    fn env(&self, block: &Block) -> Env {
        let band =
            block.band.map(|(low, high)| Band { low: Ticks::new(low), high: Ticks::new(high) });
        Env {
            now: UnixMillis::new(self.now),
            mark: block.mark.map(Ticks::new),
            mode: block.mode,
            band,
            open_interest_cap: Lots::new(block.cap),
        }
    }

    fn instructions(&mut self, wishes: &[Wish]) -> Vec<Instruction> {
        let mut instructions = Vec::new();
        for wish in wishes {
            match wish {
                Wish::Place(wanted) => instructions.push(Instruction::Place(self.place(wanted))),
                Wish::Cancel(back) => {
                    instructions.extend(self.name(*back).map(Instruction::Cancel));
                }
                Wish::Reduce(back, by) => {
                    let by = Lots::new(*by);
                    instructions.extend(self.name(*back).map(|id| Instruction::Reduce(id, by)));
                }
                Wish::CancelAfter(account, wait) => {
                    let time = wait.map(|wait| UnixMillis::new(self.now + wait));
                    instructions.push(Instruction::CancelAfter(AccountId::new(*account), time));
                }
                Wish::Move(from, to, lots) => {
                    for (account, lots) in [(*from, -lots), (*to, *lots)] {
                        let (account, lots) = (AccountId::new(account), SignedLots::new(lots));
                        instructions.push(Instruction::MovePosition(account, lots));
                    }
                }
            }
        }
        instructions
    }

    fn name(&self, back: usize) -> Option<OrderId> {
        self.names.iter().rev().nth(back).copied()
    }

    fn place(&mut self, wanted: &Wanted) -> Place {
        let number = u32::try_from(self.names.len()).unwrap();
        let id = OrderId { account: AccountId::new(wanted.account), number };
        self.names.push(id);
        Place {
            id,
            side: wanted.side,
            price: Ticks::new(wanted.price),
            lots: Lots::new(wanted.lots),
            time_in_force: match wanted.time_in_force {
                Kind::GoodTillCancelled => TimeInForce::GoodTillCancelled,
                Kind::GoodTillTime(wait) => {
                    TimeInForce::GoodTillTime(UnixMillis::new(self.now + wait))
                }
                Kind::ImmediateOrCancel => TimeInForce::ImmediateOrCancel,
                Kind::FillOrKill => TimeInForce::FillOrKill,
                Kind::PostOnly => TimeInForce::PostOnly,
            },
            reduce_only: wanted.reduce_only,
            self_trade: wanted.self_trade,
            trigger: wanted.trigger,
            display: wanted.display.map(Lots::new),
            is_liquidation: wanted.is_liquidation,
        }
    }

    fn compare(&self, summary: &heddle_exchange::Summary) {
        let (book, reference) = (&self.book, &self.reference);
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(book.depth(side, usize::MAX), reference.depth(side));
        }
        for account in (0..ACCOUNTS).map(AccountId::new) {
            assert_eq!(book.orders_of(account), reference.orders_of(account));
            assert_eq!(book.position(account).get(), reference.position(account));
        }
        assert_eq!(summary.last, reference.last());
        assert_eq!(summary.open_interest.get(), reference.open_interest());
        assert_eq!(summary.next_due, reference.next_due());
        assert_eq!(summary.best_bid, reference.depth(Side::Buy).first().map(|level| level.price));
        assert_eq!(summary.best_ask, reference.depth(Side::Sell).first().map(|level| level.price));
    }
}

fn volume(outcomes: &[Outcome]) -> u64 {
    let lots = |outcome: &Outcome| match outcome {
        Outcome::Trade(trade) => trade.lots.get(),
        Outcome::Closed(_) | Outcome::Decremented(..) => 0,
    };
    outcomes.iter().map(lots).sum()
}

fn flush(book: &mut Book) -> BTreeMap<Vec<u8>, Option<Value>> {
    let mut changes = BTreeMap::new();
    book.flush(&mut |suffix, value| {
        changes.insert(suffix.to_vec(), value);
    });
    changes
}

fn apply(store: &mut Store, changes: BTreeMap<Vec<u8>, Option<Value>>) {
    for (suffix, value) in changes {
        match value {
            Some(value) => store.insert(suffix, value),
            None => store.remove(&suffix),
        };
    }
}

fn load(store: &Store) -> Book {
    Book::load(&mut |suffix| store.get(suffix).cloned()).unwrap()
}

#[test]
fn a_book_does_what_the_reference_does_and_is_the_same_after_a_reload() {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let seen = RefCell::new(Seen::default());
    let blocks = prop::collection::vec(block(), BLOCKS);
    let result = TestRunner::new(config).run(&blocks, |blocks| {
        let mut world = World::default();
        for block in &blocks {
            world.run(block);
        }
        seen.borrow_mut().join(world.seen);
        Ok(())
    });
    result.unwrap();
    let seen = seen.into_inner();
    assert!(seen.instructions >= 100_000, "{} instructions", seen.instructions);
    assert!(seen.kinds.contains(&Some(TradeKind::Auction)));
    assert!(seen.kinds.contains(&Some(TradeKind::Liquidation)));
    assert!(seen.kinds.contains(&None), "nothing was decremented");
    assert_eq!(seen.reasons.into_iter().collect::<Vec<_>>(), REASONS);
}
