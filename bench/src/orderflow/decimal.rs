//! Decimal numbers as venues write them, exactly.

/// `text` in units of `10^-decimals`.
pub(super) fn units(text: &str, decimals: u8) -> Result<u64, String> {
    let scaled = parts(text).and_then(|(whole, fraction)| {
        let zeros = usize::from(decimals).checked_sub(fraction.len())?;
        let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', zeros));
        digits.into_iter().try_fold(0_u64, |value, digit| {
            value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
    });
    scaled.ok_or_else(|| {
        format!(
            "found {:?}, expected a decimal number below 2^64 units of {decimals} decimals",
            cut(text)
        )
    })
}

/// How many decimals `text` needs.
pub(super) fn decimals(text: &str) -> Result<u8, String> {
    let count = parts(text).and_then(|(_, fraction)| u8::try_from(fraction.len()).ok());
    count.ok_or_else(|| format!("found {:?}, expected a decimal number", cut(text)))
}

/// The digits before the point, and those behind it but for zeros at the end.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|d| d.is_ascii_digit());
    (is_number(whole) && is_number(fraction)).then(|| (whole, fraction.trim_end_matches('0')))
}

/// No more of a stranger's text than a line shows.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, decimals: u8, expected: Option<u64>) {
        assert_eq!(units(text, decimals).ok(), expected, "{text} with {decimals} decimals");
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        check("61800.20", 1, Some(618_002));
        check("61800.20", 2, Some(6_180_020));
        check("61800.25", 1, None);
        check("0.00001234", 8, Some(1234));
        check("0.00001234", 7, None);
        check("15", 3, Some(15_000));
        check("15.000", 0, Some(15));
        check("0", 0, Some(0));
        check("18446744073709551615", 0, Some(u64::MAX));
        check("18446744073709551616", 0, None);
        check("1844674407370955161.6", 1, None);
    }

    #[test]
    fn nothing_but_digits_and_a_point_is_a_number() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1.2.3", " 1", "1 ", "0x1", "١"] {
            check(text, 9, None);
            assert!(decimals(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zeros_at_the_end_need_no_decimals() {
        for (text, expected) in [("1.2300", 2), ("1.000", 0), ("7", 0), ("0.001", 3)] {
            assert_eq!(decimals(text), Ok(expected), "{text}");
        }
    }
}
