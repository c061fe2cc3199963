//! What the functions of [`crate::Q64x64`] are computed in, before they round once.

use crate::fixed::Q64x64;
use crate::rounding::Rounding;
use crate::rounding::mul_div;
use crate::wide::U256;

/// A number with 120 fractional bits, between -128 and 128. No function leaves that range, as the bounds that each names show; so what
/// saturates here never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fine(i128);

impl Fine {
    pub(crate) const BITS: u32 = 120;
    pub(crate) const ZERO: Self = Self(0);
    pub(crate) const ONE: Self = Self(1 << Self::BITS);
    /// ln 2.
    pub(crate) const LN_2: Self = Self(921_350_637_599_661_305_226_344_307_672_478_455);
    /// 1 / ln 2.
    pub(crate) const INVERSE_LN_2: Self = Self(1_917_670_637_729_674_084_946_755_258_930_051_709);
    /// 1 / sqrt(2 pi).
    pub(crate) const INVERSE_SQRT_TAU: Self = Self(530_285_247_811_860_281_885_121_121_780_411_961);

    pub(crate) const fn from_bits(bits: i128) -> Self {
        Self(bits)
    }

    pub(crate) const fn to_bits(self) -> i128 {
        self.0
    }

    /// `numerator / denominator`, rounded towards zero; none when the denominator is zero, or when it does not fit.
    pub(crate) fn ratio(numerator: i128, denominator: i128) -> Option<Self> {
        mul_div(numerator, Self::ONE.0, denominator, Rounding::Zero).map(Self)
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Their product, rounded towards zero: less than 2^-120 off.
    pub(crate) const fn times(self, other: Self) -> Self {
        let U256 { high, low } = U256::product(self.0.unsigned_abs(), other.0.unsigned_abs());
        let size = (high << 8 | low >> 120).cast_signed();
        Self(if (self.0 ^ other.0) < 0 { size.wrapping_neg() } else { size })
    }

    /// This many times itself.
    pub(crate) const fn times_whole(self, count: i128) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// An `n`th of it, rounded towards zero; zero for no part.
    pub(crate) const fn nth(self, n: i128) -> Self {
        match self.0.checked_div(n) {
            Some(part) => Self(part),
            None => Self::ZERO,
        }
    }

    /// Its half, rounded down.
    pub(crate) const fn half(self) -> Self {
        Self(self.0 >> 1)
    }

    /// The nearest whole number, a half rounded up.
    pub(crate) const fn nearest_whole(self) -> i128 {
        self.plus(Self::ONE.half()).0 >> 120
    }

    /// `terms[0] + terms[1] x + terms[2] x^2 + ...`, by Horner's rule. Where |x| is at most a half and no partial sum leaves the
    /// range, less than 2^-118 off besides what the terms themselves are.
    pub(crate) fn polynomial(self, terms: &[Self]) -> Self {
        terms.iter().rev().fold(Self::ZERO, |sum, term| sum.times(self).plus(*term))
    }

    /// This times 2^`exponent`, rounded to the nearest Q64.64, a half up; none when it does not fit.
    pub(crate) fn scaled(self, exponent: i128) -> Option<Q64x64> {
        let places = exponent.saturating_sub(56);
        if let Ok(left) = u32::try_from(places) {
            let factor = 1_i128.checked_shl(left).filter(|factor| *factor > 0)?;
            return self.0.checked_mul(factor).map(Q64x64::from_bits);
        }
        // Halves of a last place, then whole ones, so that no sum overflows. Where 128 places or more go, nothing is left.
        let right = u32::try_from(places.saturating_neg()).unwrap_or(u32::MAX);
        let halves = self.0.checked_shr(right.saturating_sub(1)).unwrap_or(0);
        Some(Q64x64::from_bits(halves.saturating_add(1) >> 1))
    }

    /// The nearest Q64.64, a half up.
    pub(crate) const fn rounded(self) -> Q64x64 {
        Q64x64::from_bits(self.0.saturating_add(1 << 55) >> 56)
    }
}

#[cfg(test)]
mod tests;
