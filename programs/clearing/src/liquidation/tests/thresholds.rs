use proptest::prelude::*;

use super::*;
use crate::ids::Side;

/// A market as the proof sees it: two tiers of margin, two indices.
#[derive(Clone, Copy, Debug)]
struct Market {
    mark: u32,
    funding: i128,
    loss: i128,
    rates: (i32, i32),
    tier: i128,
    unit: u32,
}

impl Market {
    fn worth(&self) -> MarketWorth {
        MarketWorth {
            mark: Ticks::new(self.mark),
            unit: UnitValue::new(self.unit),
            funding: self.funding,
            loss: self.loss,
            rate_max: Ppm::new(self.rates.1),
        }
    }

    fn maintenance(&self, lots: i64) -> i128 {
        let notional = i128::from(lots.abs()) * i128::from(self.mark) * i128::from(self.unit);
        let (low, high) = (notional.min(self.tier), (notional - self.tier).max(0));
        let margin = low * i128::from(self.rates.0) + high * i128::from(self.rates.1);
        div_ceil(margin, 1_000_000)
    }
}

fn div_ceil(a: i128, b: i128) -> i128 {
    -(-a).div_euclid(b)
}

/// What the account has of a position taken at `then`, above its margin, as it is `now`.
fn headroom(lots: i64, then: &Market, now: &Market) -> i128 {
    let size = i128::from(lots.abs());
    let value = i128::from(lots) * i128::from(now.mark) * i128::from(now.unit);
    let funding =
        div_ceil(i128::from(lots) * now.funding - i128::from(lots) * then.funding, 1 << 32);
    let loss = div_ceil(size * (now.loss - then.loss), 1 << 32);
    value - funding - loss - now.maintenance(lots)
}

fn side(lots: i64) -> Side {
    if lots > 0 { Side::Buy } else { Side::Sell }
}

fn threshold(headroom: i128, positions: usize, lots: i64, market: &Market) -> Threshold {
    let share = share(Quote::new(headroom), u32::try_from(positions).unwrap());
    Threshold::new(share, lots.unsigned_abs(), &market.worth().lot(side(lots)))
}

fn market() -> impl Strategy<Value = Market> {
    let rates = (1_000_i32..100_000, 0_i32..100_000);
    let indices = (-(1_i128 << 50)..1 << 50, 0_i128..1 << 50);
    (1_u32..1_000_000, indices, rates, 1_i128..1_000_000_000, 1_u32..1_000).prop_map(
        |(mark, (funding, loss), (low, more), tier, unit)| Market {
            mark,
            funding,
            loss,
            rates: (low, low + more),
            tier,
            unit,
        },
    )
}

/// By how much a mark and indices change: mostly near to where thresholds lie.
fn change() -> impl Strategy<Value = (i32, i128, i128)> {
    (-200_i32..200, -(1_i128 << 44)..1 << 44, 0_i128..1 << 40)
}

fn moved(market: &Market, (mark, funding, loss): (i32, i128, i128)) -> Market {
    let by = i64::from(market.mark) * i64::from(mark) / 1_000;
    let mark = u32::try_from(i64::from(market.mark) + by).unwrap().max(1);
    Market { mark, funding: market.funding + funding, loss: market.loss + loss, ..*market }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn an_account_that_crossed_no_threshold_has_its_margin(
        positions in prop::collection::vec((market(), -50_000_i64..50_000, change()), 1..5),
        spare in 0_i128..1_000_000,
    ) {
        let held = positions.iter().filter(|(_, lots, _)| *lots != 0);
        let held: Vec<_> = held.map(|(then, lots, by)| (*then, *lots, moved(then, *by))).collect();
        let is_crossed = held.iter().any(|(then, lots, now)| {
            threshold(spare, held.len(), *lots, then).is_crossed(&now.worth().lot(side(*lots)))
        });
        let change: i128 =
            held.iter().map(|(then, lots, now)| headroom(*lots, then, now) - headroom(*lots, then, then)).sum();
        prop_assert!(is_crossed || spare + change >= 0, "{} of {spare} left", spare + change);
    }

    /// The same where a unit of money is much, so that nothing but the roundings of the proof is between a threshold and the margin.
    #[test]
    fn roundings_are_accounted_for(
        positions in prop::collection::vec((
            (1_u32..50, 1_u32..4, -(1_i128 << 34)..1 << 34, 1_000_i32..100_000),
            -60_i64..60,
            (-3_i32..4, -(1_i128 << 33)..1 << 33, 0_i128..1 << 33),
        ), 1..4),
        spare in 0_i128..40,
    ) {
        let held = positions.iter().filter(|(_, lots, _)| *lots != 0).map(|(then, lots, by)| {
            let (mark, unit, funding, rate) = *then;
            let rates = (rate, rate);
            let then = Market { mark, funding, loss: 0, rates, tier: 1, unit };
            let mark = u32::try_from(i64::from(mark) + i64::from(by.0)).unwrap_or(1).max(1);
            (then, *lots, Market { mark, funding: funding + by.1, loss: by.2, ..then })
        });
        let held: Vec<_> = held.collect();
        let is_crossed = held.iter().any(|(then, lots, now)| {
            threshold(spare, held.len(), *lots, then).is_crossed(&now.worth().lot(side(*lots)))
        });
        let change: i128 =
            held.iter().map(|(then, lots, now)| headroom(*lots, then, now) - headroom(*lots, then, then)).sum();
        prop_assert!(is_crossed || spare + change >= 0, "{} of {spare} left", spare + change);
    }

    /// A threshold is not so early that it says nothing: what is found has used up its share, but for a bucket and the margin's growth.
    #[test]
    fn an_account_in_one_market_is_found_near_its_threshold(
        then in market(), lots in 1_i64..50_000, spare in 10_i128..100_000_000_000,
    ) {
        let now = then.worth().lot(Side::Buy);
        let threshold = threshold(spare, 1, lots, &then);
        let bucket = (i128::from(then.mark) * i128::from(then.unit)) << 22;
        let exact = now.worth() - ((spare - 4) << 32) / i128::from(lots);
        prop_assert!(threshold.worth <= exact + bucket.max(1));
        prop_assert!(threshold.worth >= exact - (4 << 32) / i128::from(lots) - 1);
    }
}

#[test]
fn an_account_without_headroom_is_found_at_once() {
    let market =
        Market { mark: 1_000, funding: 0, loss: 0, rates: (50_000, 50_000), tier: 1, unit: 1 };
    for lots in [1, -1, 1_000, -1_000] {
        let now = market.worth().lot(side(lots));
        assert!(threshold(-1, 1, lots, &market).is_crossed(&now));
        assert!(threshold(i128::MIN, 1, lots, &market).is_crossed(&now));
        assert!(!threshold(i128::MAX, 1, lots, &market).is_crossed(&now));
    }
}

#[test]
fn what_the_margin_is_rounded_up_by_is_not_lost_already() {
    // A millionth of 2^42 is no whole number, and the threshold would lie on a bucket of 2^32 but for that.
    let market = Market { mark: 1_024, funding: 0, loss: 0, rates: (1, 1), tier: 1, unit: 1 };
    let now = market.worth().lot(Side::Buy);
    let loss = now.free().rem_euclid(1 << 32);
    let threshold = Threshold::new(Quote::new(loss), 1 << 32, &now);
    assert_eq!(threshold.free, now.free() - loss + (1 << 32));
}

#[test]
fn a_rising_mark_whose_gain_funding_takes_is_noticed() {
    // The mark rises by a tenth and funding takes all of that: the worth is the same, and the margin of five hundredths grows.
    let then =
        Market { mark: 1_000, funding: 0, loss: 0, rates: (50_000, 50_000), tier: 1, unit: 1_000 };
    let now = Market { mark: 1_100, funding: 100_000 << 32, ..then };
    let before = threshold(100_000, 1, 100, &then);
    let worth = now.worth().lot(Side::Buy);
    assert_eq!(worth.worth(), then.worth().lot(Side::Buy).worth());
    assert!(headroom(100, &then, &now) - headroom(100, &then, &then) < -100_000);
    assert!(before.is_crossed(&worth));
}
