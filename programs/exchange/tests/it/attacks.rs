//! Attackers with many accounts and orders, and parts of the venue that break.

use std::sync::Arc;

use heddle_clearing::AccountStatus;
use heddle_clearing::ClearingEvent;
use heddle_clearing::Lane;
use heddle_clearing::MarketId;
use heddle_clearing::NewOrder;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderRef;
use heddle_clearing::Side;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::ExchangeCall;
use heddle_exchange::MarketMode;
use heddle_exchange::ModeChange;
use heddle_executor::testing::sign;
use heddle_num::Lots;
use heddle_types::CheckedTransaction;
use heddle_types::Entry;
use heddle_types::Nonce;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::encode;

use crate::check;
use crate::scene::Scene;
use crate::scene::clearing_events;
use crate::scene::codes;
use crate::scene::results;
use crate::scene::trades;
use crate::venue::PRICE;
use crate::venue::Setup;
use crate::venue::buy;
use crate::venue::limit;
use crate::venue::sell;
use crate::venue::trader;

const RICH: Setup = Setup {
    traders: 4,
    markets: 1,
    collateral: 1_000_000_000,
    wallet: 1_000_000,
    insurance: 0,
    rules: |_| crate::venue::RULES,
    params: crate::venue::params,
};

/// All actions, in as many transactions of one trader as they take, for one block.
fn flood(scene: &Scene, n: u8, actions: &[Action]) -> Vec<Arc<CheckedTransaction>> {
    let calls: Vec<_> =
        actions.chunks(128).map(|part| scene.venue.batch_call(n, 0, part.to_vec())).collect();
    let body = |(number, calls): (u64, &[heddle_types::Call])| {
        let mut body = scene.venue.chain.body(&trader(n), calls.to_vec());
        if let Nonce::Lane { sequence, .. } = &mut body.nonce {
            *sequence += number;
        }
        sign(body, &trader(n))
    };
    (0..).zip(calls.chunks(3)).map(body).collect()
}

/// In market 0.
fn open_orders(scene: &Scene, n: u8) -> usize {
    check::orders(&scene.venue, scene.venue.account(n), MarketId::new(0)).len()
}

#[test]
fn as_many_orders_as_a_block_can_hold_freeze_no_market() {
    let mut scene = Scene::open(RICH);
    // An account has 256 orders at most, of which each may be another in the same block: 1.8 MB.
    let both = |number| [buy(1000, 1), Action::Cancel(OrderRef::Number(number))];
    let actions: Vec<_> = (0..55_000).flat_map(both).collect();
    scene.block(&flood(&scene, 0, &actions));
    assert_eq!(scene.mode(), MarketMode::Continuous);
    assert_eq!((scene.account(0).next_order, open_orders(&scene, 0)), (55_000, 0));
    scene.meet((1, 2), PRICE, 5);
}

#[test]
fn an_iceberg_that_shows_one_lot_at_a_time_freezes_no_market_however_many_meet_it() {
    let mut scene = Scene::open(RICH);
    let iceberg = NewOrder { display: Some(Lots::new(1)), ..limit(Side::Sell, 1000, 300_000) };
    scene.block(&[scene.place(1, iceberg)]);
    let outcome = scene.block(&flood(&scene, 0, &[buy(1000, 1024); 140]));
    let traded = trades(&outcome).len();
    assert!((100_000..102_000).contains(&traded), "{traded}");
    assert_eq!(scene.mode(), MarketMode::Continuous);
    assert_eq!(open_orders(&scene, 0), 0, "what comes later in the block is closed");
    let outcome = scene.block(&[scene.send(2, &[buy(1000, 3)])]);
    assert_eq!(trades(&outcome).len(), 3, "and the next block goes on");
}

#[test]
fn wishes_to_be_cancelled_later_take_one_place_in_a_batch() {
    let mut scene = Scene::open(Setup::default());
    let sent = flood(&scene, 0, &[Action::CancelAfter(None); 40_000]);
    let outcome = scene.block(&sent);
    assert_eq!(results(&outcome).len(), 40_000);
    assert_eq!(scene.mode(), MarketMode::Continuous);
}

#[test]
fn an_order_far_from_the_mark_must_be_worth_as_much_as_one_at_the_mark() {
    let rules = |_| heddle_exchange::MarketRules {
        notional_min: heddle_num::Quote::new(10_000_000_000),
        ..crate::venue::RULES
    };
    let mut scene = Scene::open(Setup { rules, ..Setup::default() });
    let outcome = scene.block(&[scene.send(0, &[sell(9_000, 9), sell(9_000, 10), buy(999, 10)])]);
    let too_small = ActionResult::Refused(9);
    assert_eq!(results(&outcome), [too_small, ActionResult::Order(0), too_small]);
}

/// Puts something else into state, as no program would.
fn corrupt(scene: &mut Scene, key: StateKey, value: Value) {
    let deposit = scene.venue.chain.state.0.get(&key).and_then(|entry| entry.deposit);
    scene.venue.chain.state.0.insert(key, Entry { deposit, value });
}

/// A part of market 0's book, and its stamp, so that it is loaded again.
fn corrupt_book(scene: &mut Scene, suffix: &[u8], value: Value) {
    let book = heddle_exchange::book_key(MarketId::new(0));
    corrupt(scene, book.part(suffix).unwrap(), value);
    corrupt(scene, *book.stamp(), Value::new(&[7; 24]));
}

/// Two markets, positions in both, and the first breaks by this.
fn breaks(suffix: &[u8], value: Value) {
    let mut scene = Scene::open(Setup { traders: 5, markets: 2, ..Setup::default() });
    scene.meet((0, 1), PRICE, 10);
    let other =
        [scene.venue.batch(2, 1, vec![buy(1000, 3)]), scene.venue.batch(3, 1, vec![sell(1000, 3)])];
    scene.block(&other);
    scene.block(&[scene.send(2, &[buy(990, 1)])]);
    corrupt_book(&mut scene, suffix, value);
    let cash = scene.account(4).cash;
    for round in 0..4 {
        let sent = [
            scene.send(4, &[buy(990, 5), sell(1010, 5)]),
            scene.venue.batch(2, 1, vec![buy(1000, 2)]),
            scene.venue.batch(3, 1, vec![sell(1000, 2)]),
        ];
        let outcome = scene.venue.run_at(&[PRICE, PRICE], &sent);
        check::all_but(&scene.venue, 0);
        assert_eq!(scene.mode(), MarketMode::Frozen);
        let listed = trades(&outcome);
        assert_eq!((listed.len(), listed[0].lots), (1, Lots::new(2)), "the other market trades on");
        let done = results(&outcome);
        let is_first = round == 0;
        assert_eq!(matches!(done[0], ActionResult::Order(_)), is_first);
        assert_eq!(done[0] == ActionResult::Refused(6), !is_first);
        assert_eq!(
            open_orders(&scene, 4),
            0,
            "what was admitted in the block that broke it is closed"
        );
        assert!(scene.account(4).exposures.is_empty());
        assert_eq!(scene.account(4).cash, cash);
    }
    let row = scene.row();
    assert_eq!(row.status, heddle_clearing::MarketStatus::Frozen, "accounts know it");
    let sent = [
        scene.withdraw(0, 1),
        scene.withdraw(2, 1),
        scene.withdraw(4, 1),
        scene.deposit(1, 1),
        scene.set_mode(ModeChange::Resume),
    ];
    let outcome = scene.venue.run_at(&[PRICE, PRICE], &sent);
    assert_eq!(codes(&outcome, 5), [13, 13, 0, 0, 10], "no margin is known of what is frozen");
    let cancel = scene.send(2, &[Action::CancelAll]);
    let outcome = scene.venue.run_at(&[PRICE, PRICE], &[cancel]);
    assert_eq!(results(&outcome), [ActionResult::Cancelled(1)]);
    check::all_but(&scene.venue, 0);
}

#[test]
fn a_market_whose_book_cannot_be_read_is_frozen_and_all_else_goes_on() {
    breaks(b"h", Value::new(b"no head"));
}

#[test]
fn a_market_whose_positions_do_not_sum_to_zero_is_frozen_and_all_else_goes_on() {
    // One account, long two lots.
    let page = [&1_u32.to_le_bytes()[..], &[0], &0_u32.to_le_bytes(), &2_i64.to_le_bytes(), &[0]];
    breaks(b"t\0\0\0\0", Value::new(&page.concat()));
}

#[test]
fn an_account_that_cannot_be_settled_is_frozen_and_what_it_traded_is_kept_for_it() {
    let mut scene = Scene::open(Setup::default());
    scene.block(&[scene.send(0, &[buy(999, 10)])]);
    let key = heddle_clearing::orders_key(scene.venue.account(0), MarketId::new(0));
    corrupt(&mut scene, key, Value::from(encode(&OpenOrders::default())));
    let sent = [scene.send(1, &[sell(999, 4)])];
    let outcome = scene.venue.run_at(&[PRICE], &sent);
    let frozen = scene.venue.account(0);
    let is_frozen = |event: &ClearingEvent| matches!(event, ClearingEvent::AccountFrozen(event) if event.account == frozen);
    assert!(clearing_events(&outcome).iter().any(is_frozen));
    let is_told = |event: &ClearingEvent| matches!(event, ClearingEvent::Imbalance(_));
    for _ in 0..5 {
        let account = scene.account(0);
        assert_eq!((account.status, scene.position(0)), (AccountStatus::Frozen, 0));
        assert_eq!(scene.position(1), -4, "who traded with it has what it traded");
        let count = check::money(&scene.venue);
        assert_eq!(count.lane(Lane::Lots(MarketId::new(0))), 0);
        // Four lots at 999 dollars are paid for, and held for the account.
        assert_eq!(count.lane(Lane::Suspense), -4 * 999_000_000);
        let sent = [
            scene.send(0, &[buy(999, 1)]),
            scene.withdraw(2, 1),
            scene.send(1, &[sell(1001, 1)]),
            scene.send(3, &[buy(1001, 1)]),
        ];
        let outcome = scene.venue.run_at(&[PRICE], &sent);
        assert_eq!(results(&outcome)[0], ActionResult::Refused(1010));
        assert!(!clearing_events(&outcome).iter().any(is_told));
        assert_eq!(trades(&outcome).len(), 1);
        let sent =
            [scene.withdraw(0, 1), scene.send(3, &[sell(1001, 1)]), scene.send(1, &[buy(1001, 1)])];
        let outcome = scene.venue.run_at(&[PRICE], &sent);
        assert_eq!(codes(&outcome, 3)[0], 10);
    }
}

#[test]
fn a_lot_in_a_market_that_is_over_protects_nobody_from_liquidation_elsewhere() {
    let mut scene = Scene::open(Setup {
        markets: 2,
        collateral: 100_000,
        insurance: 1_000,
        ..Setup::default()
    });
    scene.block(&[scene.venue.batch(1, 1, vec![sell(1000, 1)])]);
    scene.block(&[scene.venue.batch(0, 1, vec![buy(1000, 1)])]);
    let close = ExchangeCall::SetMode(MarketId::new(1), ModeChange::Close).to_call();
    scene.block(&[scene.venue.govern(close)]);
    scene.meet((0, 2), PRICE, 450);
    scene.prices = vec![848, PRICE];
    scene.block(&[scene.send(3, &[buy(848, 100)])]);
    scene.blocks(10);
    assert!(scene.position(0) < 450, "{}", scene.position(0));
    scene.prices = vec![600, PRICE];
    scene.blocks(10);
    assert_eq!(scene.position(0), 0);
    assert!(scene.equity(0) >= 0);
}

#[test]
fn a_lot_in_a_market_without_prices_protects_nobody_from_liquidation_elsewhere() {
    let mut scene = Scene::open(Setup { markets: 2, collateral: 100_000, ..Setup::default() });
    scene.block(&[scene.venue.batch(1, 1, vec![sell(1000, 1)])]);
    scene.block(&[scene.venue.batch(0, 1, vec![buy(1000, 1)])]);
    scene.meet((0, 2), PRICE, 450);
    scene.prices = vec![PRICE];
    scene.blocks(10);
    scene.prices = vec![840];
    scene.block(&[scene.send(3, &[buy(840, 100)])]);
    scene.blocks(10);
    assert!(scene.position(0) < 450, "slices of it are sold");
    scene.prices = vec![600];
    scene.blocks(10);
    let [all, insurance, deleveraged, shared] = check::bad_debt(&scene.venue);
    assert!(all > 0 && all == insurance + deleveraged + shared);
    assert_eq!(scene.position(0), 0, "and it does not stay when nothing is left to lose");
    assert_eq!(
        check::position(&scene.venue, scene.venue.account(0), 1),
        1,
        "there is no price for this"
    );
}

#[test]
fn who_may_have_gained_where_there_are_no_prices_is_not_liquidated_for_it() {
    let mut scene = Scene::open(Setup { markets: 2, collateral: 100_000, ..Setup::default() });
    scene.block(&[scene.venue.batch(1, 1, vec![sell(1000, 200)])]);
    scene.block(&[scene.venue.batch(0, 1, vec![buy(1000, 200)])]);
    scene.meet((0, 2), PRICE, 200);
    scene.prices = vec![PRICE];
    scene.blocks(10);
    scene.prices = vec![550];
    let ordered: usize = scene.blocks(10).iter().map(crate::scene::liquidations).sum();
    assert_eq!((ordered, scene.position(0)), (0, 200));
}
