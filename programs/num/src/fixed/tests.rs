//! Numbers with a fraction, in and out.

#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use super::Q64x64;
use crate::rounding::Rounding;

fn ratio(numerator: i128, denominator: i128) -> Q64x64 {
    Q64x64::from_ratio(numerator, denominator, Rounding::HalfUp).unwrap()
}

#[test]
fn numbers_are_written_exactly() {
    assert_eq!(Q64x64::ZERO.to_string(), "0");
    assert_eq!(ratio(-7, 2).to_string(), "-3.5");
    assert_eq!(ratio(-1, 4).to_string(), "-0.25");
    assert_eq!(Q64x64::MIN.to_string(), "-9223372036854775808");
    let least = "0.0000000000000000000542101086242752217003726400434970855712890625";
    assert_eq!(Q64x64::from_bits(1).to_string(), least);
}

#[test]
fn ratios_are_rounded_as_named() {
    let third = |rounding| Q64x64::from_ratio(1, 3, rounding).unwrap().to_bits();
    assert_eq!(third(Rounding::Floor), 0x5555_5555_5555_5555);
    assert_eq!(third(Rounding::Ceil), 0x5555_5555_5555_5556);
    assert_eq!(Q64x64::from_ratio(1, 0, Rounding::Floor), None);
    assert_eq!(Q64x64::from_ratio(1 << 63, 1, Rounding::Floor), None);
    assert_eq!(Q64x64::from_ratio(-1 << 63, 1, Rounding::Floor), Some(Q64x64::MIN));
}

#[test]
fn a_part_of_a_count_is_a_count() {
    assert_eq!(ratio(1, 2).of(7, Rounding::Floor), Some(3));
    assert_eq!(ratio(1, 2).of(7, Rounding::Ceil), Some(4));
    assert_eq!(Q64x64::MAX.of(i128::MAX, Rounding::Floor), None);
    assert_eq!(Q64x64::ONE.of(i128::MIN, Rounding::Floor), Some(i128::MIN));
}

#[test]
fn arithmetic_ends_where_the_type_ends() {
    let (two, most) = (ratio(2, 1), Q64x64::MAX);
    assert_eq!(two.checked_mul(two, Rounding::Floor), Some(ratio(4, 1)));
    assert_eq!(most.checked_mul(two, Rounding::Floor), None);
    assert_eq!(ratio(1, 2).checked_div(two, Rounding::Floor), Some(ratio(1, 4)));
    assert_eq!(most.checked_div(ratio(1, 2), Rounding::Floor), None);
    assert_eq!(two.checked_div(Q64x64::ZERO, Rounding::Floor), None);
    assert_eq!(most.checked_add(Q64x64::from_bits(1)), None);
    assert_eq!(Q64x64::MIN.checked_sub(Q64x64::from_bits(1)), None);
}
