//! Which limits a price is within.

use heddle_num::Ppm;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use super::PriceLimit;
use super::Quality;
use super::QualityLimits;
use super::quality;
use crate::snapshot::Snapshot;

const NOW: UnixMillis = UnixMillis::new(100_000);

fn limit(age_ms_max: u64, confidence_max: i32) -> PriceLimit {
    PriceLimit { age_max: Millis::new(age_ms_max), confidence_max: Ppm::new(confidence_max) }
}

fn of(price: i64, confidence: u64, time: u64) -> Quality {
    let time = UnixMillis::new(time);
    let snapshot = Snapshot { price, confidence, exponent: 0, time, publishers: 3, twap: price };
    let limits = QualityLimits {
        liquidate: limit(1_000, 1_000),
        increase: limit(5_000, 10_000),
        reduce: limit(60_000, 100_000),
    };
    quality(&snapshot, NOW, &limits)
}

#[test]
fn each_class_has_its_own_age() {
    let reduce_and_increase = Quality::REDUCE.or(Quality::INCREASE);
    assert_eq!(of(1_000, 0, 100_000), Quality::ALL);
    assert_eq!(of(1_000, 0, 99_000), Quality::ALL);
    assert_eq!(of(1_000, 0, 98_999), reduce_and_increase);
    assert_eq!(of(1_000, 0, 95_000), reduce_and_increase);
    assert_eq!(of(1_000, 0, 94_999), Quality::REDUCE);
    assert_eq!(of(1_000, 0, 40_000), Quality::REDUCE);
    assert_eq!(of(1_000, 0, 39_999), Quality::NONE);
}

#[test]
fn each_class_has_its_own_confidence() {
    let reduce_and_increase = Quality::REDUCE.or(Quality::INCREASE);
    assert_eq!(of(1_000, 1, 100_000), Quality::ALL);
    assert_eq!(of(1_000, 2, 100_000), reduce_and_increase);
    assert_eq!(of(1_000, 10, 100_000), reduce_and_increase);
    assert_eq!(of(1_000, 11, 100_000), Quality::REDUCE);
    assert_eq!(of(1_000, 101, 100_000), Quality::NONE);
    assert_eq!(of(1, u64::MAX, 100_000), Quality::NONE);
    assert_eq!(of(i64::MAX, 1, 100_000), Quality::ALL);
}

#[test]
fn a_price_not_above_zero_is_good_for_nothing() {
    assert_eq!(of(0, 0, 100_000), Quality::NONE);
    assert_eq!(of(-1_000, 0, 100_000), Quality::NONE);
    assert_eq!(of(i64::MIN, 0, 100_000), Quality::NONE);
}

#[test]
fn a_time_after_now_is_no_age() {
    assert_eq!(of(1_000, 0, 100_400), Quality::ALL);
}

#[test]
fn a_limit_below_zero_allows_nothing() {
    let time = NOW;
    let snapshot = Snapshot { price: 5, confidence: 0, exponent: 0, time, publishers: 1, twap: 5 };
    assert!(limit(1, 0).allows(&snapshot, NOW));
    assert!(!limit(1, -1).allows(&snapshot, NOW));
}

#[test]
fn classes_are_bits() {
    let classes = [Quality::LIQUIDATE, Quality::INCREASE, Quality::REDUCE];
    assert_eq!(classes.map(Quality::bits), [1, 2, 4]);
    assert_eq!(Quality::ALL.and(Quality::REDUCE), Quality::REDUCE);
    assert!(Quality::ALL.has(Quality::LIQUIDATE.or(Quality::REDUCE)));
    assert!(!Quality::REDUCE.has(Quality::LIQUIDATE.or(Quality::REDUCE)));
    assert!(Quality::NONE.has(Quality::NONE));
}
