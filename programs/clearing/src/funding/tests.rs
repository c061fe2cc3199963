#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

use heddle_num::Quote;

use super::*;

const HOUR: u64 = 3_600_000;

const TIER: MarginTier = MarginTier {
    notional_max: Quote::MAX,
    initial: Ppm::new(50_000),
    maintenance: Ppm::new(30_000),
};

fn params() -> FundingParams {
    FundingParams {
        interest: Ppm::new(100),
        clamp_factor: 6_000_000,
        sample_every: Millis::new(60_000),
        pay_every: Millis::new(HOUR),
    }
}

fn at(minutes: u64) -> UnixMillis {
    UnixMillis::new(HOUR + minutes * 60_000)
}

fn prices(mark: u32, index: u32) -> (Ticks, Ticks) {
    (Ticks::new(mark), Ticks::new(index))
}

#[test]
fn a_premium_is_a_part_of_the_index_towards_zero_and_bounded() {
    let check = |mark, index, expected| {
        let (mark, index) = prices(mark, index);
        assert_eq!(premium(mark, index), expected);
    };
    check(1001, 1000, 1000);
    check(999, 1000, -1000);
    check(3_000_001, 3_000_000, 0);
    check(2_999_999, 3_000_000, 0);
    check(1000, 0, 0);
    check(u32::MAX, 1, 10_000_000);
    check(0, 1000, -1_000_000);
}

#[test]
fn premiums_are_sampled_once_an_interval_and_missing_ones_count_as_zero() {
    let mut premiums = Premiums::default();
    assert_eq!(premiums.settle(at(0), &params(), &TIER), None);
    for minute in 0..30 {
        for second in [0, 20_000, 40_000] {
            let now = UnixMillis::new(at(minute).get() + second);
            premiums.sample(now, params().sample_every, prices(1002, 1000));
        }
    }
    assert_eq!(premiums.count, 30);
    assert_eq!(premiums.settle(at(59), &params(), &TIER), None);
    // Half of 2000, and interest of 100.
    let settled = premiums.settle(at(60), &params(), &TIER);
    assert_eq!(settled, Some((1100, Millis::new(HOUR))));
    // Nothing at all for two hours: interest alone, for two hours.
    let settled = premiums.settle(at(180), &params(), &TIER);
    assert_eq!(settled, Some((100, Millis::new(2 * HOUR))));
}

#[test]
fn a_rate_is_clamped_either_way() {
    assert_eq!(rate(1 << 40, &params(), &TIER), 120_000);
    assert_eq!(rate(-(1 << 40), &params(), &TIER), -120_000);
    assert_eq!(rate(119_900, &params(), &TIER), 120_000);
    assert_eq!(rate(-100, &params(), &TIER), 0);
}

#[test]
fn a_rise_is_exact_before_it_is_cut_and_refused_when_it_does_not_fit() {
    let worth = Worth::of_lot(Ticks::new(1000), UnitValue::new(10));
    // 10,000 a lot at 1 % for one eighth of the time.
    assert_eq!(index_rise(10_000, Millis::new(HOUR), worth), Some((100 << 32) / 8));
    assert_eq!(index_rise(-10_000, Millis::new(HOUR), worth), Some(-(100 << 32) / 8));
    let largest = Worth::of_lot(Ticks::MAX, UnitValue::MAX);
    let rise = index_rise(10_000_000, Millis::new(8 * HOUR), largest).unwrap();
    assert_eq!(rise, i128::from(u32::MAX) * i128::from(u32::MAX) * (10 << 32));
    assert_eq!(index_rise(i64::MAX, Millis::new(u64::MAX), largest), None);
}
