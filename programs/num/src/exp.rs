//! The exponential function.
//!
//! `e^x = 2^k e^r` with `k` the whole number nearest to `x / ln 2`, so that `|r| <= ln 2 / 2 + 2^-100`, and Taylor's series for
//! `e^r`, whose first term left out is below `0.3466^22 / 22! < 2^-103` (Muller, Elementary Functions: additive range reduction).

use crate::fine::Fine;
use crate::fixed::Q64x64;

/// From here on up `e^x` is past [`Q64x64::MAX`]: `ln(2^63)` is 43.67.
const OVERFLOW: i128 = 44;
/// From here on down `e^x` is nearer to zero than to 2^-64: `ln(2^-65)` is -45.05.
const UNDERFLOW: i128 = -46;
/// Terms of the series.
const TERMS: usize = 22;

impl Q64x64 {
    /// e to this power; none when it does not fit, from 63 ln 2 = 43.668 on. Below -45.05 it is zero.
    ///
    /// Error: 2^-65, and 2^-100 of the result. Never decreases where the argument increases.
    pub fn exp(self) -> Option<Self> {
        // What is past 64 in either direction is past all bounds.
        exp(Fine::from_bits(self.to_bits().clamp(-64 << 64, 64 << 64) << 56))
    }

    /// e to the power of `numerator / denominator`, such as a rate times a time, with the error of [`Self::exp`]; none when it does
    /// not fit or the denominator is zero.
    pub fn exp_ratio(numerator: i128, denominator: i128) -> Option<Self> {
        match Fine::ratio(numerator, denominator) {
            Some(power) => exp(power),
            // Past 128 in either direction.
            None => (denominator != 0 && (numerator ^ denominator) < 0).then_some(Self::ZERO),
        }
    }
}

/// e to this power, rounded; none when it does not fit.
fn exp(power: Fine) -> Option<Q64x64> {
    if power >= Fine::ONE.times_whole(OVERFLOW) {
        return None;
    }
    if power < Fine::ONE.times_whole(UNDERFLOW) {
        return Some(Q64x64::ZERO);
    }
    let Power { mantissa, exponent } = Power::of_e(power);
    mantissa.scaled(exponent)
}

/// `mantissa * 2^exponent`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Power {
    /// Between 0.7 and 1.5, and less than 2^-102 off.
    pub(crate) mantissa: Fine,
    /// At most 67 either way.
    pub(crate) exponent: i128,
}

impl Power {
    /// e to this power, which is at most 46 either way.
    pub(crate) fn of_e(power: Fine) -> Self {
        let exponent = power.times(Fine::INVERSE_LN_2).nearest_whole();
        let rest = power.minus(Fine::LN_2.times_whole(exponent));
        Self { mantissa: rest.polynomial(&INVERSE_FACTORIALS), exponent }
    }
}

/// `1 / n!`, each at most 2^-119 too small.
const INVERSE_FACTORIALS: [Fine; TERMS] = {
    let mut terms = [Fine::ONE; TERMS];
    let mut n = 1;
    while n < TERMS {
        terms[n] = terms[n - 1].nth(n as i128);
        n += 1;
    }
    terms
};
