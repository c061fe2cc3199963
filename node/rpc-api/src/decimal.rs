//! Whole numbers of base units as the decimals that people read. No floats: what is shown is what there is.

use std::fmt;

/// `units` with their last `decimals` digits behind a point, all of them: 1500 with 3 is `1.500`.
pub fn decimal(units: i128, decimals: u8) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let places = usize::from(decimals);
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Why a text is no decimal number of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// It is no number such as `1.5`: digits, and a point between digits.
    NotDecimal,
    /// It is finer than the grid.
    TooFine,
    /// It is larger than can be.
    TooLarge,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDecimal => "no decimal number",
            Self::TooFine => "more decimals than there can be",
            Self::TooLarge => "too large a number",
        })
    }
}

impl std::error::Error for DecimalError {}

/// The base units of a text that [`decimal`] could have made; zeros at its end may be left out or be more.
///
/// # Errors
/// [`DecimalError`]; a sign, an exponent or a point without a digit on both sides is none of a decimal.
pub fn parse_decimal(text: &str, decimals: u8) -> Result<u128, DecimalError> {
    let (whole, fraction) = match text.split_once('.') {
        None => (text, "0"),
        Some(parts) => parts,
    };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(DecimalError::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::from(decimals).checked_sub(fraction.len());
    let zeros = "0".repeat(missing.ok_or(DecimalError::TooFine)?);
    format!("{whole}{fraction}{zeros}").parse().map_err(|_| DecimalError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_shown_in_full() {
        let check = |units, decimals, expected: &str| {
            assert_eq!(decimal(units, decimals), expected);
        };
        check(0, 0, "0");
        check(0, 3, "0.000");
        check(5, 3, "0.005");
        check(-5, 3, "-0.005");
        check(1_500, 3, "1.500");
        check(-123_456, 2, "-1234.56");
        check(7, 0, "7");
        check(i128::MIN, 0, "-170141183460469231731687303715884105728");
    }

    #[test]
    fn what_is_shown_can_be_read() {
        for (units, decimals) in [(0, 0), (0, 6), (1, 6), (123_456_789, 4), (10, 1)] {
            let shown = decimal(i128::try_from(units).unwrap(), decimals);
            assert_eq!(parse_decimal(&shown, decimals), Ok(units), "{shown}");
        }
    }

    #[test]
    fn a_number_off_the_grid_is_told_from_no_number() {
        assert_eq!(parse_decimal("1.5", 1), Ok(15));
        assert_eq!(parse_decimal("1.500", 1), Ok(15));
        assert_eq!(parse_decimal("60000", 1), Ok(600_000));
        assert_eq!(parse_decimal("1.55", 1), Err(DecimalError::TooFine));
        assert_eq!(parse_decimal(&"9".repeat(40), 0), Err(DecimalError::TooLarge));
        for bad in ["", ".", "1.", ".5", "+1", "-1", "1e3", "1,5", "1.5.0", " 1", "0x1"] {
            assert_eq!(parse_decimal(bad, 3), Err(DecimalError::NotDecimal), "{bad}");
        }
    }
}
