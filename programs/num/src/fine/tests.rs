//! The constants, and arithmetic at the ends of its range.

#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use super::Fine;
use crate::normal::MILLS;

const VECTORS: &str = include_str!("../../vectors/functions.txt");

fn constant(name: &str) -> i128 {
    let mut lines = VECTORS.lines().filter_map(|line| line.strip_prefix("constant "));
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap().parse().unwrap()
}

#[test]
fn constants_are_rounded_to_the_nearest() {
    assert_eq!(Fine::LN_2.to_bits(), constant("LN_2"));
    assert_eq!(Fine::INVERSE_LN_2.to_bits(), constant("INVERSE_LN_2"));
    assert_eq!(Fine::INVERSE_SQRT_TAU.to_bits(), constant("INVERSE_SQRT_TAU"));
    for (n, ratio) in MILLS.iter().enumerate() {
        assert_eq!(ratio.to_bits(), constant(&format!("MILLS_{n}")));
    }
}

#[test]
fn a_product_is_rounded_towards_zero() {
    let (one, least) = (Fine::ONE, Fine::from_bits(1));
    let minus = |fine: Fine| Fine::ZERO.minus(fine);
    assert_eq!(one.times(minus(one)), minus(one));
    assert_eq!(one.half().times(least), Fine::ZERO);
    assert_eq!(one.half().times(minus(least)), Fine::ZERO);
    let eleven = one.times_whole(11);
    assert_eq!(eleven.times(eleven), one.times_whole(121));
    assert_eq!(eleven.times(minus(eleven)), one.times_whole(-121));
}

#[test]
fn a_number_is_rounded_to_the_nearest_whole_one() {
    let half = Fine::ONE.half();
    let below = half.minus(Fine::from_bits(1));
    let found = [half, below, Fine::ZERO.minus(half), Fine::ZERO.minus(below)];
    assert_eq!(found.map(Fine::nearest_whole), [1, 0, 0, 0]);
    assert_eq!(Fine::ONE.times_whole(-46).nearest_whole(), -46);
}

#[test]
fn scaling_rounds_once_or_does_not_fit() {
    let scaled = |bits, exponent| Fine::from_bits(bits).scaled(exponent).map(|n| n.to_bits());
    assert_eq!(scaled(1 << 55, 0), Some(1));
    assert_eq!(scaled((1 << 55) - 1, 0), Some(0));
    assert_eq!(scaled(3, 56), Some(3));
    assert_eq!(scaled(3, 57), Some(6));
    assert_eq!(scaled(i128::MAX >> 1, 57), Some(i128::MAX - 1));
    assert_eq!(scaled(i128::MAX, 57), None);
    assert_eq!(scaled(1, 56 + 127), None);
    assert_eq!(scaled(1 << 120, -64), Some(1));
    assert_eq!(scaled(1 << 120, -65), Some(1));
    assert_eq!(scaled((1 << 120) - 1, -65), Some(0));
    assert_eq!(scaled(i128::MAX, -71), Some(1));
    assert_eq!(scaled(i128::MAX, -72), Some(0));
    assert_eq!(scaled(i128::MAX, -1000), Some(0));
}
