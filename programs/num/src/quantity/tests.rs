//! Quantities at the edges of their types.

#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use super::Lots;
use super::Ppm;
use super::Quote;
use super::SignedLots;
use super::Ticks;
use super::UnitValue;
use crate::rounding::Rounding;

#[test]
fn sums_and_differences_end_where_the_type_ends() {
    assert_eq!(Ticks::MAX.checked_add(Ticks::new(1)), None);
    assert_eq!(Ticks::ZERO.checked_sub(Ticks::new(1)), None);
    assert_eq!(Lots::MAX.checked_add(Lots::new(1)), None);
    assert_eq!(Lots::ZERO.checked_sub(Lots::new(1)), None);
    assert_eq!(SignedLots::MAX.checked_add(SignedLots::new(1)), None);
    assert_eq!(SignedLots::MIN.checked_sub(SignedLots::new(1)), None);
    assert_eq!(Quote::MAX.checked_add(Quote::new(1)), None);
    assert_eq!(Quote::MIN.checked_sub(Quote::new(1)), None);
    assert_eq!(Ppm::MAX.checked_add(Ppm::new(1)), None);
    assert_eq!(UnitValue::MAX.checked_add(UnitValue::new(1)), None);
    assert_eq!(Quote::MAX.checked_add(Quote::MIN), Some(Quote::new(-1)));
    assert_eq!(Lots::MAX.checked_sub(Lots::MAX), Some(Lots::ZERO));
}

#[test]
fn a_position_has_an_opposite_unless_it_is_the_least() {
    assert_eq!(SignedLots::MAX.checked_neg(), Some(SignedLots::new(-i64::MAX)));
    assert_eq!(SignedLots::MIN.checked_neg(), None);
    assert_eq!(SignedLots::MIN.abs(), Lots::new(1 << 63));
    assert_eq!(Quote::MIN.checked_neg(), None);
    assert_eq!(Quote::MAX.checked_neg(), Some(Quote::new(-i128::MAX)));
}

#[test]
fn lots_become_a_position_when_they_fit() {
    let most = Lots::new(i64::MAX.unsigned_abs());
    let past = Lots::new(1 << 63);
    assert_eq!(most.long(), Some(SignedLots::MAX));
    assert_eq!(most.short(), Some(SignedLots::new(-i64::MAX)));
    assert_eq!((past.long(), past.short()), (None, None));
    assert_eq!(Lots::ZERO.short(), Some(SignedLots::ZERO));
}

#[test]
fn the_largest_notional_is_exact_or_saturated() {
    let (price, unit) = (Ticks::MAX, UnitValue::MAX);
    let per_lot = u128::from(u32::MAX) * u128::from(u32::MAX);
    let lots = Lots::new(1 << 63);
    assert_eq!(price.notional(lots, unit).get().unsigned_abs(), per_lot << 63);
    assert_eq!(price.notional(Lots::MAX, unit), Quote::MAX);
    assert_eq!(price.notional(Lots::ZERO, unit), Quote::ZERO);
    assert_eq!(Ticks::new(1).notional(Lots::MAX, UnitValue::new(1)).get(), i128::from(u64::MAX));
}

#[test]
fn the_largest_positions_have_exact_values() {
    let per_lot = i128::from(u32::MAX) * i128::from(u32::MAX);
    let value = |lots: SignedLots| lots.value(Ticks::MAX, UnitValue::MAX).get();
    assert_eq!(value(SignedLots::MAX), per_lot * i128::from(i64::MAX));
    assert_eq!(value(SignedLots::MIN), per_lot * i128::from(i64::MIN));
    assert_eq!(value(SignedLots::ZERO), 0);
}

#[test]
fn a_rate_of_any_amount_is_exact_before_it_is_rounded() {
    let whole = |amount: Quote, rounding| amount.at_rate(Ppm::ONE, rounding);
    assert_eq!(whole(Quote::MIN, Rounding::Floor), Some(Quote::MIN));
    assert_eq!(whole(Quote::MAX, Rounding::Ceil), Some(Quote::MAX));
    let rate = Ppm::new(1);
    assert_eq!(Quote::new(1).at_rate(rate, Rounding::Ceil), Some(Quote::new(1)));
    assert_eq!(Quote::new(1).at_rate(rate, Rounding::Floor), Some(Quote::ZERO));
    assert_eq!(Quote::new(-1).at_rate(rate, Rounding::Floor), Some(Quote::new(-1)));
    let expected = i128::MAX / 1_000_000;
    assert_eq!(Quote::MAX.at_rate(rate, Rounding::Zero), Some(Quote::new(expected)));
    assert_eq!(Quote::MAX.at_rate(Ppm::MAX, Rounding::Zero), None);
}
