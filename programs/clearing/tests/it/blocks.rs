//! What blocks do: prices, funding, settlement of many accounts, and what is done about what cannot be settled.

use heddle_clearing::AccountFrozen;
use heddle_clearing::AccountStatus;
use heddle_clearing::BookSummary;
use heddle_clearing::ClearingError;
use heddle_clearing::ClearingEvent;
use heddle_clearing::CloseReason;
use heddle_clearing::Closed;
use heddle_clearing::Count;
use heddle_clearing::Lane;
use heddle_clearing::MarketState;
use heddle_clearing::MarketStatus;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Role;
use heddle_clearing::Side;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_clearing::market_state_key;
use heddle_executor::BlockOutcome;
use heddle_executor::testing::TestChain;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_oracle::Quality;
use heddle_types::Call;

use crate::chain::DeskCall;
use crate::chain::account;
use crate::chain::account_of;
use crate::chain::block;
use crate::chain::book;
use crate::chain::chain;
use crate::chain::market_state;
use crate::chain::price;
use crate::chain::put;
use crate::chain::summary;
use crate::world::M;
use crate::world::order;

fn place(chain: &TestChain, n: u8, side: Side, price: u32, lots: u64) -> (u8, Call) {
    let order = order(side, price, lots);
    (n, DeskCall::Place(account_of(chain, n), Role::Owner, order).to_call())
}

/// Key `maker`'s order 0 is taken by key `taker`'s order 0, who buys.
fn trade(chain: &TestChain, (maker, taker): (u8, u8), price: u32, lots: u64) -> Outcome {
    let id = |n| OrderId { account: account_of(chain, n), number: 0 };
    Outcome::Trade(Trade {
        maker: id(maker),
        taker: id(taker),
        taker_side: Side::Buy,
        price: Ticks::new(price),
        lots: Lots::new(lots),
        kind: TradeKind::Continuous,
    })
}

fn report(outcomes: Vec<Outcome>) -> (u8, Call) {
    (5, DeskCall::Report(outcomes).to_call())
}

fn phase_events(outcome: &BlockOutcome) -> Vec<ClearingEvent> {
    let events = outcome.phase_events.iter();
    events.map(|event| ClearingEvent::decode(event.kind, &event.data).unwrap()).collect()
}

fn all_ok(outcome: &BlockOutcome) {
    let is_ok = |receipt: &heddle_types::Receipt| receipt.outcome == heddle_types::Outcome::Ok;
    assert!(outcome.receipts.iter().all(is_ok), "{:?}", outcome.receipts);
}

/// Key 1 sold 100 lots at 1000 to key 2.
fn traded() -> TestChain {
    let mut chain = chain();
    let calls = [
        place(&chain, 1, Side::Sell, 1000, 100),
        place(&chain, 2, Side::Buy, 1000, 100),
        report(vec![trade(&chain, (1, 2), 1000, 60), trade(&chain, (1, 2), 1000, 40)]),
    ];
    all_ok(&block(&mut chain, &calls));
    chain
}

#[test]
fn a_trade_is_settled_on_both_sides_in_its_block_and_fees_are_the_houses() {
    let chain = traded();
    let (maker, taker) = (account(&chain, 1), account(&chain, 2));
    // 1,000,000: the taker pays 450, the maker receives 100.
    assert_eq!((maker.cash, taker.cash), (Quote::new(1_000_100), Quote::new(999_550)));
    let lots = |account: &heddle_clearing::Account| account.exposure(M).unwrap().lots;
    assert_eq!((lots(&maker), lots(&taker)), (SignedLots::new(-100), SignedLots::new(100)));
    let count = Count::of(&chain.state.0).unwrap();
    assert_eq!(count.lane(Lane::Fees), 350);
    assert_eq!(count.lots[&M], 0);
    // A million traded is the second fee tier.
    assert_eq!((maker.fee_tier, taker.fee_tier), (1, 1));
}

#[test]
fn a_closed_order_is_released_and_one_that_its_account_cancelled_passed_over() {
    let mut chain = chain();
    let closed = |chain: &TestChain, n, number| {
        let id = OrderId { account: account_of(chain, n), number };
        Outcome::Closed(Closed { id, lots: Lots::new(100), reason: CloseReason::Unfilled })
    };
    let calls = [
        place(&chain, 1, Side::Sell, 1000, 100),
        report(vec![closed(&chain, 1, 0), closed(&chain, 2, 7)]),
    ];
    all_ok(&block(&mut chain, &calls));
    assert!(account(&chain, 1).exposures.is_empty());
    assert_eq!(account(&chain, 2).status, AccountStatus::Active);
}

#[test]
fn an_account_that_cannot_be_settled_is_frozen_and_lots_and_money_still_sum() {
    let mut chain = chain();
    // Key 2 placed nothing that could have traded.
    let calls =
        [place(&chain, 1, Side::Sell, 1000, 100), report(vec![trade(&chain, (1, 2), 1000, 100)])];
    let outcome = block(&mut chain, &calls);
    let frozen = AccountFrozen { account: account_of(&chain, 2) };
    assert!(phase_events(&outcome).contains(&ClearingEvent::AccountFrozen(frozen)));
    let imbalance = |event: &ClearingEvent| matches!(event, ClearingEvent::Imbalance(_));
    assert!(!phase_events(&outcome).iter().any(imbalance));
    assert_eq!(account(&chain, 2).status, AccountStatus::Frozen);
    assert_eq!(account(&chain, 1).exposure(M).unwrap().lots, SignedLots::new(-100));
    let count = Count::of(&chain.state.0).unwrap();
    assert_eq!((count.lane(Lane::Suspense), count.lane(Lane::Fees)), (-1_000_000, -100));
    let kept = chain.state.0.keys().filter(|key| {
        key.program() == heddle_types::ProgramId::CLEARING && key.first_byte() == b'x'
    });
    assert_eq!(kept.count(), 1);
    price(&mut chain, 1000);
    let call = place(&chain, 2, Side::Buy, 1000, 1);
    let refused = block(&mut chain, &[call]);
    let expected =
        crate::chain::refusal(heddle_types::ProgramId::EXCHANGE, ClearingError::AccountFrozen);
    assert_eq!(refused.receipts[0].outcome, expected);
}

#[test]
fn sums_that_do_not_meet_are_reported_in_every_block() {
    let mut chain = chain();
    assert!(phase_events(&chain.run(&[])).is_empty());
    let vault = heddle_types::Value::new(&heddle_sdk::encode_number(7));
    chain.state.0.get_mut(&Lane::Vault.key()).unwrap().value = vault;
    for _ in 0..2 {
        let events = phase_events(&chain.run(&[]));
        let [ClearingEvent::Imbalance(imbalance)] = events[..] else { panic!("{events:?}") };
        assert_eq!((imbalance.money, imbalance.markets), (Quote::new(4_005_000 - 7), 0));
    }
}

#[test]
fn funding_is_paid_by_one_side_to_the_other_and_what_is_left_over_stays_in_the_pool() {
    let mut chain = traded();
    // The mark is 10 ticks over the index: 1 %, and interest of 80 ppm, clamped nowhere.
    for _ in 0..25 {
        price(&mut chain, 1000);
        book(&mut chain, &summary(1000, 1020, 1010));
        block(&mut chain, &[]);
    }
    let state = market_state(&chain);
    assert_eq!((state.index, state.mark), (Ticks::new(1000), Ticks::new(1010)));
    assert_eq!(state.funding_rate, 10_080);
    let calls = [
        place(&chain, 1, Side::Sell, 1010, 1),
        place(&chain, 2, Side::Buy, 1010, 1),
        report(vec![]),
    ];
    let before = (account(&chain, 1).cash, account(&chain, 2).cash);
    all_ok(&block(&mut chain, &calls));
    // Touched by an outcome that names them.
    let expire = |chain: &TestChain, n| {
        let id = OrderId { account: account_of(chain, n), number: 1 };
        Outcome::Closed(Closed { id, lots: Lots::new(1), reason: CloseReason::Expired })
    };
    let outcomes = report(vec![expire(&chain, 1), expire(&chain, 2)]);
    all_ok(&block(&mut chain, &[outcomes]));
    let received = account(&chain, 1).cash.get() - before.0.get();
    let paid = before.1.get() - account(&chain, 2).cash.get();
    let due = (100 * market_state(&chain).funding) >> 32;
    assert!(due > 0);
    assert_eq!((paid, received), (due + 1, due));
    let pool = Count::of(&chain.state.0).unwrap().lane(Lane::Funding(M));
    assert_eq!(pool, paid - received);
}

#[test]
fn a_stale_price_blocks_orders_that_increase_then_all_and_keeps_the_mark() {
    let mut chain = chain();
    let quality = |chain: &TestChain| market_state(chain).quality;
    assert_eq!(quality(&chain), Quality::ALL);
    for _ in 0..3 {
        block(&mut chain, &[]);
    }
    assert_eq!(quality(&chain), Quality::INCREASE.or(Quality::REDUCE));
    for _ in 0..10 {
        block(&mut chain, &[]);
    }
    assert_eq!(quality(&chain), Quality::REDUCE);
    // Nor is the premium sampled: what is missing counts as zero.
    let sampled = market_state(&chain).premiums.sampled;
    block(&mut chain, &[]);
    assert_eq!(market_state(&chain).premiums.sampled, sampled);
    let call = place(&chain, 1, Side::Buy, 1000, 1);
    let refused = block(&mut chain, &[call]);
    let expected =
        crate::chain::refusal(heddle_types::ProgramId::EXCHANGE, ClearingError::PriceQuality);
    assert_eq!(refused.receipts[0].outcome, expected);
    for _ in 0..10 {
        block(&mut chain, &[]);
    }
    assert_eq!(quality(&chain), Quality::NONE);
    assert_eq!(market_state(&chain).mark, Ticks::new(1000));
    price(&mut chain, 1100);
    let call = place(&chain, 1, Side::Buy, 1100, 1);
    all_ok(&block(&mut chain, &[call]));
}

#[test]
fn a_market_takes_no_more_than_its_book_says_and_one_that_cannot_be_renewed_is_frozen() {
    let mut chain = chain();
    book(&mut chain, &BookSummary { status: MarketStatus::Halted, ..summary(1, 2, 1) });
    let call = place(&chain, 1, Side::Buy, 1000, 1);
    let refused = block(&mut chain, &[call]);
    let expected =
        crate::chain::refusal(heddle_types::ProgramId::EXCHANGE, ClearingError::MarketNotOpen);
    assert_eq!(refused.receipts[0].outcome, expected);

    let broken = MarketState { funding: i128::MAX, ..market_state(&chain) };
    put(&mut chain, market_state_key(M), &broken);
    book(&mut chain, &summary(1020, 1020, 1020));
    for _ in 0..12 {
        price(&mut chain, 1000);
        block(&mut chain, &[]);
    }
    assert_eq!(market_state(&chain).status, MarketStatus::Frozen);
    let call = place(&chain, 1, Side::Buy, 1000, 1);
    let refused = block(&mut chain, &[call]);
    assert_eq!(refused.receipts[0].outcome, expected);
}
