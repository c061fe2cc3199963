//! Products and quotients with the rounding that the caller names.

/// What becomes of a remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Towards minus infinity: what a user receives.
    Floor,
    /// Towards plus infinity: what a user pays.
    Ceil,
    /// Towards zero.
    Zero,
}

/// `a * b / divisor`; none when the divisor is zero or the quotient does not fit.
pub fn mul_div(a: i128, b: i128, divisor: i128, rounding: Rounding) -> Option<i128> {
    let product = a.checked_mul(b)?;
    let (quotient, remainder) = (product.checked_div(divisor)?, product.checked_rem(divisor)?);
    let is_exact = remainder == 0;
    let is_negative = (remainder < 0) != (divisor < 0);
    match rounding {
        Rounding::Floor if !is_exact && is_negative => quotient.checked_sub(1),
        Rounding::Ceil if !is_exact && !is_negative => quotient.checked_add(1),
        Rounding::Floor | Rounding::Ceil | Rounding::Zero => Some(quotient),
    }
}
