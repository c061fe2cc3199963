//! Lengths of time as people write them: `250ms`, `1s`, `2m`, `1h`.

use heddle_types::Millis;
use thiserror::Error;

/// Why a text is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a length of time is a whole number and a unit: 250ms, 1s, 2m or 1h")]
pub struct ParseSpanError;

/// Reads a length of time.
///
/// # Errors
/// [`ParseSpanError`] for a missing unit, a sign, a point, or more milliseconds than fit.
pub fn parse_span(text: &str) -> Result<Millis, ParseSpanError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(ParseSpanError),
    };
    let number: u64 = number.parse().map_err(|_| ParseSpanError)?;
    number.checked_mul(unit_ms).map(Millis::new).ok_or(ParseSpanError)
}

/// `span` as [`parse_span`] reads it, in the largest unit of milliseconds and seconds that holds it exactly.
pub fn format_span(span: Millis) -> String {
    let millis = span.get();
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}
