//! The disasters that other venues have had.

use heddle_clearing::Lane;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderId;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::MarketMode;
use heddle_exchange::MarketRules;
use heddle_exchange::ModeChange;
use heddle_num::Lots;

use crate::check;
use crate::scene::Scene;
use crate::scene::codes;
use crate::scene::liquidations;
use crate::scene::results;
use crate::scene::trades;
use crate::venue::BREAKER;
use crate::venue::PRICE;
use crate::venue::RULES;
use crate::venue::Setup;
use crate::venue::USD;
use crate::venue::buy;
use crate::venue::limit;
use crate::venue::params;
use crate::venue::sell;

const MARKET_CLOSED: ActionResult = ActionResult::Refused(6);
const PRICE_QUALITY: ActionResult = ActionResult::Refused(1014);

fn reduce(order: NewOrder) -> NewOrder {
    NewOrder { reduce_only: true, ..order }
}

fn dollars(units: i128) -> i128 {
    units / i128::try_from(USD).unwrap()
}

/// Two accounts of one attacker trade with each other at one end of the band, and keep a narrow book there.
fn self_trading(at: u32, beside: u32) {
    const OPEN_INTEREST_MAX: u64 = 500;
    let mut scene = Scene::open(Setup { collateral: 100_000, ..Setup::default() });
    let capped = MarketParams { open_interest_max: Lots::new(OPEN_INTEREST_MAX), ..params(0) };
    scene.block(&[scene.set_params(capped)]);
    // Whoever is on the wrong side of the attacker with all that its margin carries.
    let (long, short) = (2, 3);
    scene.meet((long, short), PRICE, 450);
    let mut reached = false;
    for _ in 0..60 {
        let (high, low) = (at.max(beside), at.min(beside));
        let sent = [
            scene.send(0, &[Action::CancelAll, sell(high, 3), buy(low - 1, 1)]),
            scene.send(1, &[Action::CancelAll, buy(high, 3)]),
        ];
        let outcome = scene.block(&sent);
        assert_eq!(liquidations(&outcome), 0, "the mark is moved by nobody alone");
        let mark = scene.row().mark.get();
        assert!((980..=1020).contains(&mark), "{mark}");
        let open = check::book(&scene.venue, MarketId::new(0)).open_interest();
        assert!(open <= Lots::new(OPEN_INTEREST_MAX), "{open}");
        reached |= open == Lots::new(OPEN_INTEREST_MAX);
        let out = scene.withdrawable(0) + scene.withdrawable(1);
        assert!(dollars(out) <= 200_000, "{out}");
    }
    assert!(reached, "open interest reached its bound");
    let sent = [0, 1].map(|n| scene.withdraw(n, scene.withdrawable(n).unsigned_abs().max(1)));
    scene.block(&sent);
    let paid = i128::try_from(1_000_000 * USD).unwrap();
    let got = [0, 1].map(|n| {
        let owner = heddle_executor::testing::address(&crate::venue::trader(n));
        scene.venue.chain.balance(&owner, &crate::venue::usd()).signed() - paid
    });
    assert!(dollars(got[0] + got[1]) < 200_000, "{got:?}");
}

#[test]
fn who_trades_with_himself_above_the_mark_moves_it_no_further_than_the_basis_and_gains_nothing() {
    self_trading(1019, 1018);
    self_trading(1100, 1099);
}

#[test]
fn who_trades_with_himself_below_the_mark_moves_it_no_further_than_the_basis_and_gains_nothing() {
    self_trading(982, 981);
    self_trading(901, 900);
}

#[test]
fn on_old_prices_first_nothing_grows_then_nothing_shrinks_and_money_can_always_come_in() {
    let mut scene = Scene::open(Setup::default());
    scene.meet((0, 1), PRICE, 10);
    scene.block(&[scene.send(2, &[buy(900, 1), buy(901, 1)])]);
    for second in 1..=40 {
        let mut shrink = reduce(limit(Side::Sell, 1000, 1));
        shrink.time_in_force = TimeInForce::ImmediateOrCancel;
        let sent = [
            scene.send(2, &[buy(950, 1)]),
            scene.place(0, shrink),
            scene.deposit(3, 1),
            scene.withdraw(1, 1),
        ];
        let outcome = scene.silent(&sent);
        let done = results(&outcome);
        let grew = matches!(done[0], ActionResult::Order(_));
        let shrank = matches!(done[1], ActionResult::Order(_));
        let codes = codes(&outcome, 4);
        assert_eq!(codes[2], 0, "a deposit needs no price");
        assert_eq!((grew, codes[3] == 0), (second <= 6, second <= 6), "{second}: {done:?}");
        assert_eq!(shrank, second <= 30, "{second}: {done:?}");
        let expected = if second <= 31 { PRICE_QUALITY } else { MARKET_CLOSED };
        assert!(grew || done[0] == expected, "{second}: {done:?}");
    }
    assert_eq!(scene.mode(), MarketMode::CancelOnly);
    let outcome = scene.silent(&[scene.send(2, &[Action::CancelAll])]);
    assert_eq!(results(&outcome), [ActionResult::Cancelled(8)], "out is always possible");
}

#[test]
fn nobody_is_liquidated_on_an_old_price() {
    let mut scene = Scene::open(Setup { collateral: 100_000, ..Setup::default() });
    scene.meet((0, 1), PRICE, 500);
    scene.prices = vec![870];
    let ordered: usize = scene.blocks(3).iter().map(liquidations).sum();
    assert!(ordered > 0, "nobody takes what is sold, so that the account stays in distress");
    let ordered: Vec<_> = (0..20).map(|_| liquidations(&scene.silent(&[]))).collect();
    // A price of four seconds is good enough, and what it decided is carried out in the block after.
    assert_eq!(ordered[..5], [1; 5]);
    assert_eq!(ordered[5..], [0; 15]);
    assert_eq!(scene.position(0), 500);
}

#[test]
fn after_a_silence_a_market_opens_through_an_auction_without_the_orders_that_prices_have_passed() {
    let mut scene = Scene::open(Setup::default());
    scene.block(&[scene.send(0, &[buy(999, 1), buy(540, 30)])]);
    let stale = OrderId { account: scene.venue.account(0), number: 0 };
    for _ in 0..35 {
        assert!(trades(&scene.silent(&[])).is_empty());
    }
    assert_eq!(scene.mode(), MarketMode::CancelOnly);
    // Prices come back, and half is gone. Everybody would sell to the old bid at once.
    scene.prices = vec![500];
    let mut modes = Vec::new();
    let mut traded = Vec::new();
    for _ in 0..6 {
        let outcome = scene.block(&[scene.send(1, &[sell(450, 5)])]);
        modes.push(scene.mode().number());
        traded.extend(trades(&outcome));
    }
    assert_eq!(modes, [0, 1, 2, 2, 2, 2], "cancels only, opening, continuous");
    assert!(!traded.is_empty());
    for trade in &traded {
        assert!(trade.price.get() <= 550, "{trade:?}");
        assert!(trade.maker != stale && trade.taker != stale, "{trade:?}");
    }
    let bids: u64 = traded.iter().map(|trade| trade.lots.get()).sum();
    assert_eq!(scene.position(0), i64::try_from(bids).unwrap());
    assert!(bids <= 30, "only the bid within the band traded");
}

#[test]
fn a_halted_market_only_cancels_until_it_is_resumed_and_opens_through_an_auction() {
    let mut scene = Scene::open(Setup { traders: 5, ..Setup::default() });
    scene.meet((0, 1), PRICE, 10);
    scene.block(&[scene.send(2, &[buy(990, 1), buy(991, 1)])]);
    let sent = [scene.set_mode(ModeChange::Halt), scene.send(3, &[sell(990, 1)])];
    let outcome = scene.block(&sent);
    assert!(trades(&outcome).is_empty(), "what was admitted in the block of the halt is closed");
    for _ in 0..3 {
        let sent = [
            scene.send(3, &[sell(990, 1)]),
            scene.place(0, reduce(limit(Side::Sell, 990, 1))),
            scene.send(2, &[Action::CancelAll, buy(990, 1)]),
            scene.deposit(1, 1),
            scene.withdraw(4, 1),
        ];
        let outcome = scene.block(&sent);
        assert!(trades(&outcome).is_empty());
        let done = results(&outcome);
        assert_eq!([done[0], done[1], done[3]], [MARKET_CLOSED; 3]);
        assert!(matches!(done[2], ActionResult::Cancelled(_)));
        assert_eq!(codes(&outcome, 2), [0, 0]);
    }
    assert_eq!(codes(&scene.block(&[scene.set_mode(ModeChange::Resume)]), 1), [0]);
    assert_eq!(scene.mode().name(), "opening");
    scene.block(&[]);
    assert_eq!(scene.mode(), MarketMode::Continuous);
    let outcome = scene.block(&[scene.set_mode(ModeChange::Resume)]);
    assert_eq!(codes(&outcome, 1), [10], "what trades cannot be resumed");
}

#[test]
fn the_last_position_of_a_market_closes_to_nothing() {
    let mut scene = Scene::open(Setup { traders: 2, ..Setup::default() });
    scene.meet((0, 1), 1003, 7);
    scene.blocks(70);
    scene.prices = vec![1011];
    scene.blocks(65);
    scene.meet((1, 0), 1007, 7);
    for n in [0, 1] {
        assert!(scene.account(n).exposures.is_empty());
        assert_eq!(scene.withdrawable(n), scene.account(n).cash.get());
    }
    let book = check::book(&scene.venue, MarketId::new(0));
    assert_eq!((book.open_interest(), book.len()), (Lots::ZERO, 0));
    let sent = [0, 1].map(|n| scene.withdraw(n, scene.withdrawable(n).unsigned_abs()));
    assert_eq!(codes(&scene.block(&sent), 2), [0, 0]);
    let count = heddle_clearing::Count::of(&scene.venue.chain.state.0).unwrap();
    assert_eq!(count.accounts, 0, "nothing is left in any account");
    // Fees, and what funding rounded up.
    let pool = count.lane(Lane::Funding(MarketId::new(0)));
    assert!((0..=4).contains(&pool), "{pool}");
    assert_eq!(count.lane(Lane::Vault), count.lane(Lane::Fees) + pool);
}

/// Blocks until all is over, 40 at most.
fn blocks_until_over(scene: &mut Scene) -> usize {
    scene.blocks(2);
    (0..40)
        .take_while(|_| {
            let goes_on = !check::is_over(&scene.venue);
            scene.block(&[]);
            goes_on
        })
        .count()
}

#[test]
fn when_one_of_the_last_two_is_bankrupt_the_other_gets_what_there_was_and_the_market_is_empty() {
    let mut scene = Scene::open(Setup { traders: 2, collateral: 100_000, ..Setup::default() });
    scene.meet((0, 1), PRICE, 500);
    scene.prices = vec![700];
    let blocks = blocks_until_over(&mut scene);
    assert!(blocks < 20, "{blocks}");
    assert_eq!((scene.position(0), scene.position(1)), (0, 0));
    assert_eq!(scene.equity(0), 0);
    let fees = heddle_clearing::Count::of(&scene.venue.chain.state.0).unwrap().lane(Lane::Fees);
    assert_eq!(scene.equity(1), 200_000 * i128::try_from(USD).unwrap() - fees);
    let [all, insurance, deleveraged, shared] = check::bad_debt(&scene.venue);
    assert_eq!(all, insurance + deleveraged + shared);
    assert!(deleveraged > 0);
}

/// Eight traders with all the leverage that margin allows, four on each side, and one price far away.
fn gap(price: u32, insurance: u128) {
    let setup = Setup { traders: 9, collateral: 100_000, insurance, ..Setup::default() };
    let mut scene = Scene::open(setup);
    for n in 0..4 {
        scene.meet((n, 4 + n), PRICE, 200 + 100 * u64::from(n));
    }
    // Orders rest on both sides, and somebody makes a market.
    scene.block(&[scene.send(8, &[buy(990, 50), sell(1010, 50), buy(905, 20), sell(1095, 20)])]);
    scene.prices = vec![price];
    let blocks = blocks_until_over(&mut scene);
    assert!(blocks < 20, "{blocks}");
    let [all, by_insurance, deleveraged, shared] = check::bad_debt(&scene.venue);
    assert!(all > 0, "a gap this wide is a loss that somebody cannot bear");
    assert_eq!(all, by_insurance + deleveraged + shared);
    let most = i128::try_from(insurance * USD).unwrap();
    assert!(by_insurance <= most + by_fees(&scene), "{by_insurance}");
    assert!(check::is_over(&scene.venue));
}

/// What insurance earned: what it has now, and paid, less what it had.
fn by_fees(scene: &Scene) -> i128 {
    let count = heddle_clearing::Count::of(&scene.venue.chain.state.0).unwrap();
    let had = i128::try_from(scene.venue.setup.insurance * USD).unwrap();
    count.lane(Lane::Insurance) + check::bad_debt(&scene.venue)[1] - had
}

#[test]
fn ninety_per_cent_down_at_once_is_over_soon_and_every_loss_is_accounted_for() {
    gap(100, 0);
    gap(100, 50_000);
    gap(100, 100_000_000);
}

#[test]
fn nine_hundred_per_cent_up_at_once_is_over_soon_and_every_loss_is_accounted_for() {
    gap(10_000, 0);
    gap(10_000, 50_000);
    gap(10_000, 100_000_000);
}

#[test]
fn a_breaker_is_tripped_by_whoever_would_trade_far_away_and_not_by_whoever_would_wait_there() {
    let rules = |_| MarketRules { breaker: Some(BREAKER), ..RULES };
    let mut scene = Scene::open(Setup { rules, ..Setup::default() });
    scene.meet((0, 1), PRICE, 1);
    let outcome = scene.block(&[scene.send(2, &[buy(1090, 1)])]);
    assert_eq!(results(&outcome).len(), 1);
    assert_eq!(scene.mode(), MarketMode::Continuous, "an order that meets nobody trips nothing");
    assert!(check::book(&scene.venue, MarketId::new(0)).is_empty(), "and does not rest there");
    scene.block(&[scene.send(3, &[sell(1060, 1)])]);
    scene.block(&[scene.send(2, &[buy(1090, 1)])]);
    assert_eq!(scene.mode().name(), "auction");
    assert_eq!(scene.position(2), 0);
}

#[test]
fn a_liquidation_closes_nothing_at_a_price_that_its_account_cannot_pay() {
    let mut scene = Scene::open(Setup { collateral: 100_000, ..Setup::default() });
    scene.meet((0, 1), PRICE, 500);
    // A shark bids far below, for when somebody must sell.
    scene.prices = vec![870];
    scene.block(&[scene.send(2, &[buy(790, 500)])]);
    scene.blocks(1);
    for _ in 0..10 {
        let outcome = scene.block(&[]);
        assert_eq!((liquidations(&outcome), trades(&outcome).len()), (1, 0));
    }
    assert_eq!(scene.position(0), 500);
    assert!(scene.equity(0) > 0);
}
