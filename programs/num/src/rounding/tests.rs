//! Against what rounding means: a whole number on the named side of the exact quotient, less than one away.

#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use proptest::prelude::*;

use super::Rounding;
use super::mul_div;
use crate::wide::U256;

const ALL: [Rounding; 5] =
    [Rounding::Floor, Rounding::Ceil, Rounding::Zero, Rounding::HalfUp, Rounding::HalfAway];

fn any_i128() -> impl Strategy<Value = i128> {
    let lengths = (any::<i128>(), 0..128_u32).prop_map(|(value, places)| value >> places);
    let edges = (0..5_i128, any::<bool>(), any::<bool>()).prop_map(|(n, is_top, is_edge)| {
        match (is_top, is_edge) {
            (true, true) => i128::MAX - n,
            (false, true) => i128::MIN + n,
            (true, false) => n,
            (false, false) => -n,
        }
    });
    prop_oneof![4 => lengths, 1 => edges]
}

/// `value * 2`, `value * divisor`, and so on, as a sign and a size.
#[derive(Clone, Copy, Debug)]
struct Signed {
    is_negative: bool,
    size: U256,
}

impl Signed {
    fn product(a: i128, b: i128) -> Self {
        let size = U256::product(a.unsigned_abs(), b.unsigned_abs());
        Self { is_negative: (a < 0) != (b < 0), size }
    }

    /// `self - other`, whose size is at most 2^129 or so; none when it is not.
    fn minus(self, other: Self) -> Option<Self> {
        if self.is_negative != other.is_negative {
            let (low, carry) = self.size.low.overflowing_add(other.size.low);
            let high = self.size.high.checked_add(other.size.high)?;
            let size = U256 { high: high.checked_add(u128::from(carry))?, low };
            return Some(Self { is_negative: self.is_negative, size });
        }
        let (larger, smaller) = (self.size.max(other.size), self.size.min(other.size));
        let (low, borrow) = larger.low.overflowing_sub(smaller.low);
        let size = U256 { high: larger.high - smaller.high - u128::from(borrow), low };
        Some(Self { is_negative: self.is_negative != (self.size < other.size), size })
    }

    fn is_zero(self) -> bool {
        self.size == U256 { high: 0, low: 0 }
    }
}

/// Checks that `quotient` is `a * b / divisor` rounded so, by looking at `(a * b - quotient * divisor) / divisor` alone.
fn check(a: i128, b: i128, divisor: i128, rounding: Rounding, quotient: i128) {
    let exact = Signed::product(a, b);
    let error = exact.minus(Signed::product(quotient, divisor)).unwrap();
    let size = divisor.unsigned_abs();
    assert!(error.size.high == 0 && error.size.low < size, "{a} * {b} / {divisor}: {quotient}");
    let is_below_exact = !error.is_zero() && error.is_negative == (divisor < 0);
    let is_above_exact = !error.is_zero() && !is_below_exact;
    let exact_is_negative = exact.is_negative != (divisor < 0);
    let to_other = size - error.size.low;
    match rounding {
        Rounding::Floor => assert!(!is_above_exact),
        Rounding::Ceil => assert!(!is_below_exact),
        Rounding::Zero if exact_is_negative => assert!(!is_below_exact),
        Rounding::Zero => assert!(!is_above_exact),
        Rounding::HalfUp => {
            assert!(error.size.low < to_other || error.size.low == to_other && is_above_exact);
        }
        Rounding::HalfAway => {
            let is_away = if exact_is_negative { is_below_exact } else { is_above_exact };
            assert!(error.size.low < to_other || error.size.low == to_other && is_away);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn every_rounding_is_exact(a in any_i128(), b in any_i128(), divisor in any_i128()) {
        for rounding in ALL {
            if let Some(quotient) = mul_div(a, b, divisor, rounding) {
                check(a, b, divisor, rounding, quotient);
            }
        }
    }

    #[test]
    fn what_fits_is_found(a in any_i128(), b in any_i128(), rounding in 0..5_usize) {
        let b = if b == 0 { 1 } else { b };
        prop_assert_eq!(mul_div(a, b, b, ALL[rounding]), Some(a));
        prop_assert_eq!(mul_div(b, a, b, ALL[rounding]), Some(a));
    }
}

#[test]
fn small_numbers_round_as_in_school() {
    let divisors = (-9..=9_i128).filter(|divisor| *divisor != 0);
    for (a, divisor) in divisors.flat_map(|divisor| (-60..=60).map(move |a| (a, divisor))) {
        let (a_size, size) = (a * divisor.signum(), divisor.abs());
        let floor = a_size.div_euclid(size);
        let ceil = -(-a_size).div_euclid(size);
        let half_up = (2 * a_size + size).div_euclid(2 * size);
        let half_down = -(-2 * a_size + size).div_euclid(2 * size);
        let (zero, half_away) = if a_size < 0 { (ceil, half_down) } else { (floor, half_up) };
        let expected = [floor, ceil, zero, half_up, half_away].map(Some);
        assert_eq!(ALL.map(|rounding| mul_div(a, 1, divisor, rounding)), expected);
        assert_eq!(ALL.map(|rounding| mul_div(-1, -a, divisor, rounding)), expected);
    }
}

#[test]
fn a_quotient_that_does_not_fit_is_none() {
    for rounding in ALL {
        assert_eq!(mul_div(1, 1, 0, rounding), None);
        assert_eq!(mul_div(0, 0, 0, rounding), None);
        assert_eq!(mul_div(i128::MIN, i128::MIN, 0, rounding), None);
        assert_eq!(mul_div(i128::MAX, 2, 1, rounding), None);
        assert_eq!(mul_div(i128::MIN, -1, 1, rounding), None);
        assert_eq!(mul_div(i128::MIN, 1, -1, rounding), None);
        assert_eq!(mul_div(i128::MIN, i128::MIN, 1, rounding), None);
    }
}

#[test]
fn the_ends_of_the_type_are_reached() {
    for rounding in ALL {
        assert_eq!(mul_div(i128::MIN, 1, 1, rounding), Some(i128::MIN));
        assert_eq!(mul_div(i128::MIN, -1, -1, rounding), Some(i128::MIN));
        assert_eq!(mul_div(i128::MIN, i128::MAX, i128::MAX, rounding), Some(i128::MIN));
        assert_eq!(mul_div(i128::MIN, i128::MIN, i128::MIN, rounding), Some(i128::MIN));
        assert_eq!(mul_div(i128::MAX, i128::MIN, i128::MIN, rounding), Some(i128::MAX));
    }
}

#[test]
fn rounding_past_the_end_of_the_type_is_none() {
    // (2^127 - 1) * 3 / 2 does not fit at all; (2^127 - 1) * (2^127 - 1) / (2^127 - 2) is 2^127 and a bit.
    assert_eq!(mul_div(i128::MAX, i128::MAX, i128::MAX - 1, Rounding::Zero), None);
    // 2^127 - 1/2, twice over: fits only where it is rounded down.
    let (a, b, divisor) = (u64::MAX as i128, (1 << 64) + 1, 2);
    assert_eq!(mul_div(a, b, divisor, Rounding::Floor), Some(i128::MAX));
    assert_eq!(mul_div(a, b, divisor, Rounding::Ceil), None);
    assert_eq!(mul_div(a, b, divisor, Rounding::HalfUp), None);
    assert_eq!(mul_div(-a, b, divisor, Rounding::HalfUp), Some(-i128::MAX));
    assert_eq!(mul_div(-a, b, divisor, Rounding::Floor), Some(i128::MIN));
}
