//! Money, rates and times as people read them.

use heddle_num::Quote;
use heddle_rpc_api::decimal;

/// An amount with two decimals at most, rounded to the nearest, a half away from zero.
pub(crate) fn money(amount: Quote, decimals: u8) -> String {
    const SHOWN: u8 = 2;
    let Some(dropped) = decimals.checked_sub(SHOWN) else {
        return decimal(amount.get(), decimals);
    };
    let unit = 10_i128.saturating_pow(dropped.into());
    let half = amount.get().signum().saturating_mul(unit / 2);
    decimal(amount.get().saturating_add(half) / unit, SHOWN)
}

/// The same, and a plus sign before what is gained.
pub(crate) fn gain(amount: Quote, decimals: u8) -> String {
    let text = money(amount, decimals);
    if amount.get() > 0 { format!("+{text}") } else { text }
}

/// Millionths as a percentage: 450 is `0.045%`.
pub(crate) fn percent(ppm: i32) -> String {
    let text = decimal(ppm.into(), 4);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}%")
}

/// How long until a time, in the largest units that matter; both in milliseconds since 1970.
pub(crate) fn until(time_ms: u64, now_ms: u64) -> String {
    span(time_ms.saturating_sub(now_ms))
}

/// A length of time in the two largest units that matter.
pub(crate) fn span(millis: u64) -> String {
    let seconds = millis.div_ceil(1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A moment of the day, UTC, such as `14:03:07.250`.
pub(crate) fn clock(time_ms: u64) -> String {
    let (seconds, millis) = (time_ms / 1000, time_ms % 1000);
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{millis:03}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_in_hundredths() {
        let check = |units, decimals, expected: &str| {
            assert_eq!(money(Quote::new(units), decimals), expected);
        };
        check(1_234_567_890, 6, "1234.57");
        check(1_234_564_999, 6, "1234.56");
        check(-1_005_000, 6, "-1.01");
        check(-4_999, 6, "0.00");
        check(15, 1, "1.5");
        assert_eq!(gain(Quote::new(5_000_000), 6), "+5.00");
        assert_eq!(gain(Quote::new(-5_000_000), 6), "-5.00");
        assert_eq!(gain(Quote::ZERO, 6), "0.00");
    }

    #[test]
    fn rates_are_percentages() {
        assert_eq!(percent(450), "0.045%");
        assert_eq!(percent(-100), "-0.01%");
        assert_eq!(percent(20_000), "2%");
        assert_eq!(percent(0), "0%");
        assert_eq!(percent(1), "0.0001%");
    }

    #[test]
    fn times_are_shown_in_what_matters() {
        assert_eq!(until(5_000, 4_001), "1 s");
        assert_eq!(until(4_000, 5_000), "0 s");
        assert_eq!(span(90_000), "1 min");
        assert_eq!(span(3_600_000), "1 h");
        assert_eq!(span(8_100_000), "2 h 15 min");
        assert_eq!(clock(1_700_000_000_250), "22:13:20.250");
    }
}
