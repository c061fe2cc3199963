//! Against sums of every millisecond.

#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use proptest::collection::vec;
use proptest::prelude::*;

use heddle_types::Canonical;
use heddle_types::Millis;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;
use heddle_types::encode;

use super::PriceHistory;
use crate::limits::TWAP_MARKS_MAX;

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis)
}

/// The history of these prices, each since its time, in order.
fn history(prices: &[(u64, i64)], window: u64) -> PriceHistory {
    let mut history = PriceHistory::new(at(prices[0].0), prices[0].1);
    for (time, price) in prices {
        history.advance(at(*time), *price, Millis::new(window));
    }
    history
}

/// The price at each millisecond of the last `window`, as far back as there is one.
fn held(prices: &[(u64, i64)], window: u64) -> Vec<i64> {
    let end = prices.last().unwrap().0;
    let first = prices[0].0.max(end.saturating_sub(window));
    let at = |time| prices.iter().rev().find(|(since, _)| *since <= time).unwrap().1;
    (first..end).map(at).collect()
}

fn average(prices: &[(u64, i64)], window: u64) -> i64 {
    history(prices, window).average(Millis::new(window))
}

fn random_prices() -> impl Strategy<Value = Vec<(u64, i64)>> {
    let steps = vec((prop_oneof![Just(0_u64), 1..9_u64, 1..120_u64], -1000..1000_i64), 1..60);
    steps.prop_map(|steps| {
        let mut time = 5;
        steps
            .into_iter()
            .map(|(wait, price)| {
                time += wait;
                (time, price)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn an_average_is_exact_but_for_the_oldest_part(prices in random_prices(), window in 1..400_u64) {
        let found = average(&prices, window);
        let held = held(&prices, window);
        let Ok(count @ 1..) = i64::try_from(held.len()) else { return Ok(()) };
        let exact = held.iter().sum::<i64>() / count;
        // The oldest part is a sixteenth, or what no block was in; prices lie within 2,000 of each other.
        let gap = prices.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap_or(0);
        let part = i64::try_from((window.div_ceil(16) + gap).min(window)).unwrap();
        prop_assert!((found - exact).abs() <= 2_000 * part / count + 2);
    }

    #[test]
    fn an_average_is_between_the_prices_that_made_it(prices in random_prices(), window in 1..400_u64) {
        let found = average(&prices, window);
        let (least, greatest) =
            (prices.iter().map(|p| p.1).min().unwrap(), prices.iter().map(|p| p.1).max().unwrap());
        prop_assert!(least <= found && found <= greatest);
    }

    #[test]
    fn what_is_not_stored_is_told_later(prices in random_prices(), window in 1..400_u64) {
        let window = Millis::new(window);
        let mut always = PriceHistory::new(at(prices[0].0), prices[0].1);
        let mut stored = always.clone();
        for (time, price) in &prices {
            always.advance(at(*time), *price, window);
            let mut next = stored.clone();
            next.advance(at(*time), *price, window);
            prop_assert_eq!(next.average(window), always.average(window));
            if next.differs_from(&stored) {
                stored = next;
            }
        }
    }

    #[test]
    fn a_history_is_bounded(prices in random_prices(), window in 1..400_u64) {
        let history = history(&prices, window);
        prop_assert!(history.marks.len() <= TWAP_MARKS_MAX);
        let bytes = encode(&history);
        prop_assert!(bytes.len() <= PriceHistory::BYTES_MAX);
        prop_assert_eq!(decode_exact::<PriceHistory>(&bytes), Ok(history));
    }
}

#[test]
fn a_price_counts_for_as_long_as_it_held() {
    assert_eq!(average(&[(0, 100)], 160), 100);
    assert_eq!(average(&[(0, 100), (30, 200)], 160), 100);
    assert_eq!(average(&[(0, 100), (30, 200), (40, 0)], 160), 125);
    assert_eq!(average(&[(0, 100), (160, 200), (240, 200)], 160), 150);
    assert_eq!(average(&[(0, 100), (160, 200), (320, 0)], 160), 200);
}

#[test]
fn halves_are_rounded_away_from_zero() {
    assert_eq!(average(&[(0, 1), (10, 2), (20, 0)], 100), 2);
    assert_eq!(average(&[(0, -1), (10, -2), (20, 0)], 100), -2);
}

#[test]
fn time_going_backwards_counts_for_nothing() {
    let window = Millis::new(100);
    let mut history = history(&[(1000, 10), (1050, 20)], 100);
    let before = history.average(window);
    history.advance(at(900), 30, window);
    assert_eq!(history.average(window), before);
    history.advance(at(1100), 30, window);
    assert_eq!(history.average(window), 20);
}

#[test]
fn the_ends_of_every_type_are_no_error() {
    let prices = [(0, i64::MIN), (u64::MAX / 2, i64::MAX), (u64::MAX, 0)];
    assert_eq!(average(&prices[..2], u64::MAX), i64::MIN);
    assert_eq!(average(&prices, u64::MAX), 0);
}
