//! Numbers of 256 bits, as far as a product that is divided again needs them.

/// 256 bits: what a product of two `u128` may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct U256 {
    /// The upper 128 bits.
    pub(crate) high: u128,
    /// The lower 128 bits.
    pub(crate) low: u128,
}

impl U256 {
    /// `a * b`, exact.
    pub(crate) const fn product(a: u128, b: u128) -> Self {
        let ((a1, a0), (b1, b0)) = (halves(a), halves(b));
        // No product of two 64-bit halves overflows 128 bits, nor does one with two further halves added.
        let low = a0.wrapping_mul(b0);
        let middle = a1.wrapping_mul(b0).wrapping_add(low >> 64);
        let (carry, middle) = halves(middle);
        let middle = a0.wrapping_mul(b1).wrapping_add(middle);
        let high = a1.wrapping_mul(b1).wrapping_add(carry).wrapping_add(middle >> 64);
        Self { high, low: middle << 64 | low & LOW_HALF }
    }

    /// The quotient and the remainder; none when the divisor is zero or the quotient does not fit 128 bits.
    pub(crate) fn div_rem(self, divisor: u128) -> Option<(u128, u128)> {
        if self.high >= divisor {
            return None;
        }
        if self.high == 0 {
            return div_rem(self.low, divisor);
        }
        // Knuth, The Art of Computer Programming, 4.3.1, algorithm D: two digits of 64 bits, the divisor's first bit set.
        let places = divisor.leading_zeros();
        let divisor = divisor.wrapping_shl(places);
        let dividend = self.shifted_left(places);
        let (next, last) = halves(dividend.low);
        let (first_digit, remainder) = digit(dividend.high, next, divisor)?;
        let (second_digit, remainder) = digit(remainder, last, divisor)?;
        Some((first_digit << 64 | second_digit, remainder.wrapping_shr(places)))
    }

    /// Times `2^places`, for at most 127 places; what leaves the upper end is lost.
    const fn shifted_left(self, places: u32) -> Self {
        let Some(complement) = 128_u32.checked_sub(places) else { return self };
        let carried = match self.low.checked_shr(complement) {
            Some(carried) => carried,
            None => 0,
        };
        Self { high: self.high.wrapping_shl(places) | carried, low: self.low.wrapping_shl(places) }
    }
}

const LOW_HALF: u128 = u64::MAX as u128;

/// The upper and the lower 64 bits.
const fn halves(value: u128) -> (u128, u128) {
    (value >> 64, value & LOW_HALF)
}

/// The quotient and the remainder; none when the divisor is zero.
#[inline]
pub(crate) fn div_rem(dividend: u128, divisor: u128) -> Option<(u128, u128)> {
    // Nearly always both have 64 bits, for which the processor has an instruction.
    if let (Ok(dividend), Ok(divisor)) = (u64::try_from(dividend), u64::try_from(divisor)) {
        let (quotient, remainder) =
            (dividend.checked_div(divisor)?, dividend.checked_rem(divisor)?);
        return Some((quotient.into(), remainder.into()));
    }
    let quotient = dividend.checked_div(divisor)?;
    // Cheaper than a second division, and at most the dividend.
    Some((quotient, dividend.wrapping_sub(quotient.wrapping_mul(divisor))))
}

/// One digit of a quotient and what remains: `(head * 2^64 + next) / divisor`, where `head < divisor`, `next < 2^64` and the
/// divisor's first bit is set, without which there may be none.
fn digit(head: u128, next: u128, divisor: u128) -> Option<(u128, u128)> {
    let (divisor_1, divisor_0) = halves(divisor);
    // At most 2^64 + 1, and at most two too many, because the divisor's first bit is set: no product below overflows.
    let (mut digit, mut rest) = div_rem(head, divisor_1)?;
    while digit > LOW_HALF || digit.wrapping_mul(divisor_0) > (rest << 64 | next) {
        digit = digit.wrapping_sub(1);
        rest = rest.wrapping_add(divisor_1);
        if rest > LOW_HALF {
            break;
        }
    }
    // The true remainder is below 2^128; what both sides have above cancels.
    let remainder = (head << 64 | next).wrapping_sub(digit.wrapping_mul(divisor));
    Some((digit, remainder))
}

#[cfg(test)]
mod tests;
