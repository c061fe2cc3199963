//! A venue's ordinary days.

use heddle_clearing::AccountId;
use heddle_exchange::ActionResult;
use heddle_exchange::Breaker;
use heddle_exchange::ExchangeEvent;
use heddle_exchange::MarketMode;
use heddle_exchange::MarketRules;
use heddle_num::Ppm;
use heddle_types::Millis;

use crate::check;
use crate::venue::BREAKER;
use crate::venue::PRICE;
use crate::venue::RULES;
use crate::venue::Setup;
use crate::venue::Venue;
use crate::venue::buy;
use crate::venue::exchange_events;
use crate::venue::sell;
use crate::venue::trader;

#[test]
fn two_traders_meet_and_hold_opposite_positions() {
    let mut venue = Venue::open(Setup::default());
    let maker = venue.batch(0, 0, vec![buy(999, 10), buy(998, 5)]);
    let taker = venue.batch(1, 0, vec![sell(999, 4)]);
    let outcome = venue.run_at(&[PRICE], &[maker, taker]);
    check::all(&venue, &outcome);
    let trades: Vec<_> = exchange_events(&outcome)
        .into_iter()
        .filter_map(|event| match event {
            ExchangeEvent::Trades(trades) => Some(trades.trades),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(trades.len(), 1);
    assert_eq!(check::position(&venue, venue.account(0), 0), 4);
    assert_eq!(check::position(&venue, venue.account(1), 0), -4);
}

#[test]
fn an_order_out_of_the_band_is_refused_and_the_others_of_its_batch_are_not() {
    let mut venue = Venue::open(Setup::default());
    let batch = venue.batch(0, 0, vec![buy(1101, 1), buy(1100, 1), sell(899, 1)]);
    let outcome = venue.run_at(&[PRICE], &[batch]);
    check::all(&venue, &outcome);
    let results = exchange_events(&outcome).into_iter().find_map(|event| match event {
        ExchangeEvent::Batch(batch) => Some(batch.results),
        _ => None,
    });
    let refused = ActionResult::Refused(7);
    assert_eq!(results, Some(vec![refused, ActionResult::Order(0), refused]));
    assert_eq!(venue.account(0), AccountId::new(venue.account(0).get()));
}

#[test]
fn nobody_is_liquidated_while_a_market_collects_orders_for_an_auction() {
    let mut venue =
        Venue::open(Setup { collateral: 20_000, rules: |_| TRIPPING, ..Setup::default() });
    let long = venue.account(0);
    let meet = [venue.batch(0, 0, vec![buy(1000, 120)]), venue.batch(1, 0, vec![sell(1000, 120)])];
    venue.run_at(&[PRICE], &meet);
    assert_eq!(check::position(&venue, long, 0), 120);
    // A sale below what the breaker allows makes the market collect.
    let thin = [venue.batch(2, 0, vec![buy(945, 1)]), venue.batch(3, 0, vec![sell(940, 2)])];
    venue.run_at(&[PRICE], &thin);
    for _ in 0..4 {
        let outcome = venue.run_at(&[870], &[]);
        check::all(&venue, &outcome);
        assert_eq!(check::position(&venue, long, 0), 120, "equity is below maintenance");
    }
    let bids = venue.batch(2, 0, vec![buy(868, 10)]);
    venue.run_at(&[870], &[bids]);
    for _ in 0..4 {
        let outcome = venue.run_at(&[870], &[]);
        check::all(&venue, &outcome);
    }
    assert!(check::position(&venue, long, 0) < 120);
}

/// Trips at 5 %, and collects for six seconds.
const TRIPPING: MarketRules = MarketRules {
    breaker: Some(Breaker { auction: Millis::new(6_000), ..BREAKER }),
    band: Ppm::new(200_000),
    ..RULES
};

/// Two markets, of which the first trips, and what trader 0 bought in each at a thousand.
fn collecting(lots: [u64; 2], collateral: u128) -> Venue {
    let rules = |market| if market == 0 { TRIPPING } else { RULES };
    let mut venue = Venue::open(Setup { collateral, rules, markets: 2, ..Setup::default() });
    let meet = (0..).zip(lots).flat_map(|(market, lots)| {
        let call = |n, action| venue.batch_call(n, market, vec![action]);
        [(0, call(0, buy(1000, lots))), (1, call(1, sell(1000, lots)))]
    });
    let meet: Vec<_> = meet.collect();
    let calls = |n| meet.iter().filter(|(by, _)| *by == n).map(|(_, call)| call.clone()).collect();
    let meet = [0, 1].map(|n| venue.chain.transaction(&trader(n), calls(n)));
    venue.run_at(&[PRICE; 2], &meet);
    assert_eq!(held(&venue), lots.map(|lots| i64::try_from(lots).unwrap()));
    let thin = [venue.batch(2, 0, vec![buy(945, 1)]), venue.batch(3, 0, vec![sell(940, 2)])];
    venue.run_at(&[PRICE; 2], &thin);
    venue
}

/// What trader 0 holds in both markets.
fn held(venue: &Venue) -> [i64; 2] {
    [0, 1].map(|market| check::position(venue, venue.account(0), market))
}

fn collects(venue: &Venue) -> bool {
    matches!(check::session(venue, 0).mode(), MarketMode::Auction(_))
}

/// The second market's price falls, and others bid the prices of the feeds in both.
fn fall(venue: &mut Venue, price: u32) {
    let prices = [PRICE, price];
    let bids =
        (0..).zip(prices).map(|(market, price)| venue.batch_call(2, market, vec![buy(price, 30)]));
    let bids = venue.chain.transaction(&trader(2), bids.collect());
    let outcome = venue.run_at(&prices, &[bids]);
    check::all(venue, &outcome);
}

#[test]
fn what_is_held_in_a_market_that_collects_orders_protects_up_to_its_worth_and_no_longer() {
    // 25,000 of collateral; 20,000 are lost, and 9,000 are the margin.
    let mut venue = collecting([100, 100], 25_000);
    while collects(&venue) {
        assert_eq!(held(&venue), [100, 100]);
        fall(&mut venue, 800);
    }
    (0..6).for_each(|_| fall(&mut venue, 800));
    assert!(held(&venue).iter().sum::<i64>() < 200, "{:?}", held(&venue));
}

#[test]
fn a_lot_in_a_market_that_collects_orders_does_not_protect_a_position_elsewhere() {
    // 35,000 of collateral; 24,000 are lost, and 12,650 are the margin.
    let mut venue = collecting([1, 200], 35_000);
    let mut sold = 0;
    while collects(&venue) {
        let [here, there] = held(&venue);
        assert_eq!(here, 1, "nobody is liquidated where orders are collected");
        sold = 200 - there;
        fall(&mut venue, 880);
    }
    assert!(sold > 0, "it was liquidated elsewhere meanwhile");
}
