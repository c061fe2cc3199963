//! Equity, tiers, what is required.

use heddle_clearing::ClearingError;
use heddle_clearing::INDEX_ONE;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderRef;
use heddle_clearing::Side;
use heddle_num::Quote;
use heddle_num::Ticks;

use crate::world::M;
use crate::world::account;
use crate::world::holding;
use crate::world::order;
use crate::world::reduce_only;
use crate::world::row;
use crate::world::table;

#[test]
fn margin_is_progressive_by_notional_and_rounded_up_once() {
    let row = row(0);
    let check = |notional: i128, initial: i128, maintenance: i128| {
        assert_eq!(row.initial_margin(Quote::new(notional)), Ok(Quote::new(initial)));
        assert_eq!(row.maintenance_margin(Quote::new(notional)), Ok(Quote::new(maintenance)));
    };
    check(0, 0, 0);
    check(1, 1, 1);
    check(10, 1, 1);
    check(11, 2, 1);
    check(21, 3, 2);
    check(1_000_000, 100_000, 50_000);
    check(1_000_001, 100_001, 50_001);
    check(1_000_005, 100_001, 50_001);
    check(1_000_006, 100_002, 50_001);
    check(10_000_000, 1_900_000, 950_000);
    check(10_000_001, 1_900_001, 950_001);
    check(30_000_000, 11_900_000, 5_950_000);
}

#[test]
fn margin_past_64_bits_is_rounded_up_as_well() {
    let mut row = row(0);
    row.tiers[0].notional_max = Quote::MAX;
    let margin = row.initial_margin(Quote::new(10 * (1 << 70) + 1));
    assert_eq!(margin, Ok(Quote::new((1 << 70) + 1)));
}

#[test]
fn margin_of_the_largest_notional_fits_and_past_it_is_refused_instead_of_wrong() {
    let row = row(0);
    let largest = Quote::new(heddle_clearing::limits::NOTIONAL_MAX);
    assert!(row.initial_margin(largest).unwrap() > Quote::new(largest.get() / 2 - 10_000_000));
    assert_eq!(row.initial_margin(Quote::MAX), Err(ClearingError::Overflow));
}

#[test]
fn equity_is_cash_and_the_gain_of_positions_less_what_is_due() {
    let account = holding(50_000, 100);
    let mut row = row(0);
    assert_eq!(account.margin(&table(&[row])).unwrap().equity, Quote::new(50_000));
    row.mark = Ticks::new(990);
    assert_eq!(account.margin(&table(&[row])).unwrap().equity, Quote::new(40_000));
    row.funding = INDEX_ONE / 1000 * 5;
    assert_eq!(account.margin(&table(&[row])).unwrap().equity, Quote::new(39_999));
    row.loss = INDEX_ONE / 1000 * 15;
    assert_eq!(account.margin(&table(&[row])).unwrap().equity, Quote::new(39_997));
}

#[test]
fn a_short_receives_funding_rounded_down_and_bears_losses_like_a_long() {
    let account = holding(50_000, -100);
    let mut row = row(0);
    row.funding = INDEX_ONE / 1000 * 15;
    assert_eq!(account.margin(&table(&[row])).unwrap().equity, Quote::new(50_001));
    row.loss = INDEX_ONE / 1000 * 15;
    assert_eq!(account.margin(&table(&[row])).unwrap().equity, Quote::new(49_999));
}

#[test]
fn opposite_orders_net_and_the_larger_side_is_required() {
    let (mut account, mut orders) = (holding(10_000_000, 10), OpenOrders::default());
    let risk = table(&[row(0)]);
    let required =
        |account: &heddle_clearing::Account| account.margin(&risk).unwrap().required.get();
    assert_eq!(required(&account), 10_000);
    account.place(&mut orders, &risk, M, &order(Side::Sell, 1000, 15)).unwrap();
    // Positions from -5 to 10: the margin of 10, and the fee of 15 lots: 4.5 each, rounded up.
    assert_eq!(required(&account), 10_000 + 15 * 5);
    account.place(&mut orders, &risk, M, &order(Side::Buy, 1000, 5)).unwrap();
    assert_eq!(required(&account), 15_000 + 20 * 5);
    account.place(&mut orders, &risk, M, &order(Side::Sell, 1000, 15)).unwrap();
    assert_eq!(required(&account), 20_000 + 35 * 5);
    account.place(&mut orders, &risk, M, &order(Side::Buy, 1003, 2)).unwrap();
    assert_eq!(required(&account), 20_000 + 35 * 5 + 2 * (30 + 5));
}

#[test]
fn a_reduce_only_order_is_covered_by_what_it_frees_unless_plain_orders_oppose_it() {
    let (mut account, mut orders) = (holding(10_000_000, 10), OpenOrders::default());
    let risk = table(&[row(0)]);
    let required =
        |account: &heddle_clearing::Account| account.margin(&risk).unwrap().required.get();
    account.place(&mut orders, &risk, M, &reduce_only(Side::Sell, 1000, 10)).unwrap();
    assert_eq!(required(&account), 10_000);
    // Loses 600 and a fee of 5 (4.23) a lot, of which 500 are freed.
    account.place(&mut orders, &risk, M, &reduce_only(Side::Sell, 940, 2)).unwrap();
    assert_eq!(required(&account), 10_000 + 2 * 105);
    account.place(&mut orders, &risk, M, &order(Side::Sell, 1000, 1)).unwrap();
    assert_eq!(required(&account), 10_000 + 2 * 605 + 10 * 5 + 5);
}

#[test]
fn requirements_at_another_mark_are_never_less_than_those_taken_anew() {
    let (mut account, mut orders) = (holding(10_000_000, 10), OpenOrders::default());
    let risk = table(&[row(0)]);
    account.place(&mut orders, &risk, M, &order(Side::Buy, 1010, 5)).unwrap();
    account.place(&mut orders, &risk, M, &order(Side::Sell, 990, 5)).unwrap();
    let mut moved = row(0);
    moved.mark = Ticks::new(995);
    let stale = account.margin(&table(&[moved])).unwrap().required.get();
    // From 5 to 15 lots. Buys lose 100 + 50 more, sells at most 100.
    assert_eq!(stale, 995 * 15 + 5 * (100 + 50 + 5) + 5 * (100 + 5));
    let touched = account.place(&mut orders, &table(&[moved]), M, &order(Side::Buy, 1, 1)).unwrap();
    account.cancel(&mut orders, &moved, OrderRef::Number(touched.id.number)).unwrap();
    let anew = account.margin(&table(&[moved])).unwrap().required.get();
    assert_eq!(anew, 995 * 15 + 5 * (100 + 50 + 5) + 5 * (50 + 5));
}

#[test]
fn no_more_than_cash_and_free_margin_may_be_withdrawn() {
    let risk = table(&[row(0)]);
    assert_eq!(account(5).withdrawable(&risk), Ok(Quote::new(5)));
    assert_eq!(account(-5).withdrawable(&risk), Ok(Quote::ZERO));
    assert_eq!(holding(12_000, 10).withdrawable(&risk), Ok(Quote::new(2_000)));
    assert_eq!(holding(9_000, 10).withdrawable(&risk), Ok(Quote::ZERO));
    let mut row = row(0);
    row.mark = Ticks::new(2000);
    // Worth 100,000 more, but that is not cash.
    assert_eq!(holding(12_000, 10).withdrawable(&table(&[row])), Ok(Quote::new(12_000)));
}
