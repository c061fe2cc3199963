//! The square root: of 64 bits exactly, then one step of Newton's iteration, which doubles them.

use crate::fixed::Q64x64;
use crate::wide::U256;

impl Q64x64 {
    /// The square root; none of what is below zero. Error: 2^-65 + 2^-80.
    pub fn sqrt(self) -> Option<Self> {
        Self::sqrt_ratio(u128::try_from(self.to_bits()).ok()?, 1 << 64)
    }

    /// The square root of `numerator / denominator`, such as of a time in years; none when the denominator is zero or it does not fit.
    /// Error: 2^-65, and 2^-120 of the result.
    pub fn sqrt_ratio(numerator: u128, denominator: u128) -> Option<Self> {
        if numerator == 0 {
            return (denominator != 0).then_some(Self::ZERO);
        }
        let (radicand, exponent) = radicand(numerator, denominator)?;
        let root = sqrt_wide(radicand)?;
        // The result is root * 2^(exponent / 2 - 64): exponent / 2 is how many places more it has, counted in 2^-64. It has 127 bits or
        // 128, so that with one more it does not fit.
        match exponent >> 1 {
            1.. => None,
            0 => i128::try_from(root).ok().map(Self::from_bits),
            places => Some(Self::from_bits(rounded(root, places.unsigned_abs()))),
        }
    }
}

/// `numerator / denominator` as `radicand * 2^exponent`, less than 2^-124 of itself too small: an even exponent, and a radicand
/// between 2^124 and 2^127. None when either is zero.
fn radicand(numerator: u128, denominator: u128) -> Option<(u128, i32)> {
    let (places, divisor_places) = (numerator.leading_zeros(), denominator.leading_zeros());
    // Both with their first bit set, so that the quotient has 127 or 128 bits.
    let dividend = U256::product(numerator.checked_shl(places)?, 1 << 127);
    let (quotient, _) = dividend.div_rem(denominator.checked_shl(divisor_places)?)?;
    let exponent = divisor_places.cast_signed().checked_sub_unsigned(places)?.checked_sub(127)?;
    let dropped = if exponent & 1 == 0 { 2 } else { 1 };
    Some((quotient.wrapping_shr(dropped), exponent.checked_add_unsigned(dropped)?))
}

/// `sqrt(radicand) * 2^64` for a radicand between 2^124 and 2^127, at most 8 too large.
fn sqrt_wide(radicand: u128) -> Option<u128> {
    // Too large by less than 2^-62 of itself, so that the mean is too large by less than 2^-124 of itself.
    let guess = radicand.isqrt().checked_add(1)?.checked_shl(64)?;
    let (quotient, _) = U256 { high: radicand, low: 0 }.div_rem(guess)?;
    Some(guess.midpoint(quotient))
}

/// `value / 2^places` to the nearest, a half up, for at least one place.
fn rounded(value: u128, places: u32) -> i128 {
    // Half of a last place, then all of it, so that no sum overflows. A value shifted by more bits than it has is zero.
    let halves = value.checked_shr(places.saturating_sub(1)).unwrap_or(0);
    (halves.div_ceil(2)).cast_signed()
}
