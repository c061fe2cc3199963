//! The natural logarithm.
//!
//! `ln x = k ln 2 + 2 atanh((m - 1) / (m + 1))` with `x = 2^k m` and `m` between `sqrt(1/2)` and `sqrt(2)`, so that the quotient
//! `s` is at most 0.1716 in size; in atanh's series the first term left out is below `0.1716^35 / 35 < 2^-94` (Abramowitz and Stegun,
//! 4.1.27).

use crate::fine::Fine;
use crate::fixed::Q64x64;

/// Terms of the series.
const TERMS: usize = 17;
/// `sqrt(2)` times 2^127, rounded down: what `m` is below.
const SQRT_2: u128 = 240_615_969_168_004_511_545_033_772_477_625_056_927;

impl Q64x64 {
    /// The natural logarithm; none of zero and of what is below. Error: 2^-65 + 2^-80.
    pub fn ln(self) -> Option<Self> {
        Self::ln_ratio(u128::try_from(self.to_bits()).ok()?, 1 << 64)
    }

    /// The natural logarithm of `numerator / denominator`, such as of a price in terms of another, with the error of [`Self::ln`]; none
    /// when either is zero.
    pub fn ln_ratio(numerator: u128, denominator: u128) -> Option<Self> {
        Some(ln(numerator)?.minus(ln(denominator)?).rounded())
    }
}

/// The logarithm of a whole number, at most 88.8 and less than 2^-90 off; none of zero.
fn ln(whole: u128) -> Option<Fine> {
    let exponent = whole.checked_ilog2()?;
    // Times 2^-127: from 1 to below 2.
    let mantissa = whole.wrapping_shl(127_u32.saturating_sub(exponent));
    let (mantissa, exponent) = if mantissa > SQRT_2 {
        (mantissa >> 8, exponent.saturating_add(1))
    } else {
        (mantissa >> 7, exponent)
    };
    let mantissa = Fine::from_bits(i128::try_from(mantissa).ok()?);
    let whole_part = Fine::LN_2.times_whole(i128::from(exponent));
    if mantissa == Fine::ONE {
        return Some(whole_part);
    }
    let (below, above) = (mantissa.minus(Fine::ONE), mantissa.plus(Fine::ONE));
    let s = Fine::ratio(below.to_bits(), above.to_bits())?;
    let series = s.times(s).polynomial(&INVERSE_ODDS);
    Some(whole_part.plus(s.plus(s).times(series)))
}

/// `1 / (2 n + 1)`, each less than 2^-120 too small.
const INVERSE_ODDS: [Fine; TERMS] = {
    let mut terms = [Fine::ONE; TERMS];
    let mut n = 1;
    while n < TERMS {
        terms[n] = Fine::ONE.nth(2 * n as i128 + 1);
        n += 1;
    }
    terms
};
