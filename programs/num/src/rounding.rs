//! Products and quotients with the rounding that the caller names.

use crate::wide;
use crate::wide::U256;

/// What becomes of a remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Towards minus infinity: what a user receives.
    Floor,
    /// Towards plus infinity: what a user pays.
    Ceil,
    /// Towards zero.
    Zero,
    /// To the nearest, a half towards plus infinity: prices, which have a direction.
    HalfUp,
    /// To the nearest, a half away from zero: what must be the same for a value and its opposite.
    HalfAway,
}

/// `a * b / divisor`, exact before it is rounded; none when the divisor is zero or the quotient does not fit.
#[inline]
pub fn mul_div(a: i128, b: i128, divisor: i128, rounding: Rounding) -> Option<i128> {
    let divisor_size = divisor.unsigned_abs();
    let (quotient, remainder) = match a.unsigned_abs().checked_mul(b.unsigned_abs()) {
        Some(product) => wide::div_rem(product, divisor_size)?,
        None => U256::product(a.unsigned_abs(), b.unsigned_abs()).div_rem(divisor_size)?,
    };
    let is_negative = (a ^ b ^ divisor) < 0;
    // The remainder is less than the divisor.
    let distance = Distance { below: remainder, above: divisor_size.wrapping_sub(remainder) };
    let size = quotient.checked_add(u128::from(rounding.grows(is_negative, distance)))?;
    if is_negative { 0_i128.checked_sub_unsigned(size) } else { i128::try_from(size).ok() }
}

/// How far an exact size is from the whole numbers around it. None from the one below: it is one itself.
#[derive(Clone, Copy)]
struct Distance {
    below: u128,
    above: u128,
}

impl Rounding {
    /// Whether the size of a quotient becomes the next larger whole number.
    #[inline]
    const fn grows(self, is_negative: bool, distance: Distance) -> bool {
        let Distance { below, above } = distance;
        match self {
            Self::Floor => is_negative && below > 0,
            Self::Ceil => !is_negative && below > 0,
            Self::Zero => false,
            Self::HalfUp if is_negative => below > above,
            Self::HalfUp | Self::HalfAway => below >= above,
        }
    }
}

#[cfg(test)]
mod tests;
