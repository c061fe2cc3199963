//! Fixed point: numbers with a fraction, and the functions that options and rates need, as whole numbers alone.

use std::fmt;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::rounding::Rounding;
use crate::rounding::mul_div;

/// A number with 64 bits before and 64 after the point: a count of 2^-64, about 5.4e-20.
///
/// Every function is computed with 120 fractional bits and rounded once, to the nearest. So its error is half of the last place,
/// 2^-65 = 2.8e-20, and what its method leaves out, which each of them names and bounds by 2^-80 or less. The test `functions` holds
/// them to that on some 6,000 points with references of 40 decimals.
///
/// An argument that is no multiple of 2^-64 is off by up to 2^-65 before anything is computed; `exp_ratio`, `ln_ratio` and
/// `sqrt_ratio` take it as a quotient and are exact there too.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
)]
#[repr(transparent)]
pub struct Q64x64(i128);

impl Q64x64 {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(1 << 64);
    /// The least: -2^63.
    pub const MIN: Self = Self(i128::MIN);
    /// The most: 2^63 - 2^-64.
    pub const MAX: Self = Self(i128::MAX);

    /// So many times 2^-64.
    #[inline]
    pub const fn from_bits(bits: i128) -> Self {
        Self(bits)
    }

    /// How many times 2^-64 it is.
    #[inline]
    pub const fn to_bits(self) -> i128 {
        self.0
    }

    /// `numerator / denominator`; none when the denominator is zero or it does not fit.
    #[inline]
    pub fn from_ratio(numerator: i128, denominator: i128, rounding: Rounding) -> Option<Self> {
        mul_div(numerator, Self::ONE.0, denominator, rounding).map(Self)
    }

    /// `count` times this, as a whole number; none when it does not fit.
    #[inline]
    pub fn of(self, count: i128, rounding: Rounding) -> Option<i128> {
        mul_div(self.0, count, Self::ONE.0, rounding)
    }

    /// The sum; none when it does not fit.
    #[inline]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference; none when it does not fit.
    #[inline]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The product; none when it does not fit.
    #[inline]
    pub fn checked_mul(self, other: Self, rounding: Rounding) -> Option<Self> {
        mul_div(self.0, other.0, Self::ONE.0, rounding).map(Self)
    }

    /// The quotient; none when the divisor is zero or it does not fit.
    #[inline]
    pub fn checked_div(self, divisor: Self, rounding: Rounding) -> Option<Self> {
        mul_div(self.0, Self::ONE.0, divisor.0, rounding).map(Self)
    }
}

impl fmt::Display for Q64x64 {
    /// Exact: up to 64 decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", size >> 64)?;
        let mut fraction = size & u128::from(u64::MAX);
        if fraction > 0 {
            write!(f, ".")?;
        }
        while fraction > 0 {
            // Ten times less than 2^64 stays below 2^68.
            let digits = fraction.wrapping_mul(10);
            write!(f, "{}", digits >> 64)?;
            fraction = digits & u128::from(u64::MAX);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
