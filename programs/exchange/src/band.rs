//! Where trades may happen.

use heddle_num::Ppm;
use heddle_num::Ticks;

use crate::book::Band;

impl Band {
    /// From `top` less a rate of it, rounded up, to `bottom` and a rate of it, rounded down: what is within the rate of both. At least
    /// one tick, so that price zero is never in it.
    pub(crate) fn around(top: Ticks, bottom: Ticks, rate: Ppm) -> Self {
        let (whole, rate) =
            (u64::from(Ppm::ONE.get().unsigned_abs()), u64::from(rate.get().unsigned_abs()));
        // 32 and 21 bits at most.
        let scaled = |price: Ticks, by: u64| u64::from(price.get()).saturating_mul(by);
        let low = scaled(top, whole.saturating_sub(rate)).div_ceil(whole);
        let high = scaled(bottom, whole.saturating_add(rate)).checked_div(whole).unwrap_or(0);
        let ticks = |price: u64| Ticks::new(u32::try_from(price).unwrap_or(u32::MAX).max(1));
        Self { low: ticks(low), high: ticks(high) }
    }

    /// What is in both; where that is nothing, the prices between them.
    #[must_use]
    pub(crate) fn narrowed(self, other: Self) -> Self {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        if low <= high { Self { low, high } } else { Self { low: high, high: low } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(low: u32, high: u32) -> Band {
        Band { low: Ticks::new(low), high: Ticks::new(high) }
    }

    #[test]
    fn a_band_reaches_as_far_as_the_rate_and_not_a_tick_further() {
        let around =
            |mark: u32, rate: i32| Band::around(Ticks::new(mark), Ticks::new(mark), Ppm::new(rate));
        assert_eq!(around(1000, 100_000), band(900, 1100));
        assert_eq!(around(999, 100_000), band(900, 1098));
        assert_eq!(around(1, 999_999), band(1, 1));
        assert_eq!(around(u32::MAX, 500_000), band(2_147_483_648, u32::MAX));
    }

    #[test]
    fn a_band_around_a_range_is_within_the_rate_of_both_ends() {
        let around = Band::around(Ticks::new(1100), Ticks::new(1000), Ppm::new(200_000));
        assert_eq!(around, band(880, 1200));
    }

    #[test]
    fn bands_that_do_not_meet_leave_what_is_between_them() {
        assert_eq!(band(10, 20).narrowed(band(15, 30)), band(15, 20));
        assert_eq!(band(10, 20).narrowed(band(30, 40)), band(20, 30));
    }
}
