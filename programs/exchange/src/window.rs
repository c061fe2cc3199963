//! The range of prices traded in a rolling window of time, in bounded memory.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Ticks;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use crate::book::Band;

/// Buckets of a window.
const BUCKETS: usize = 8;

/// The window in equal buckets of time. What is older than the window may count for up to one bucket more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Window([Bucket; BUCKETS]);

/// What was traded in one bucket; a low of zero if nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Bucket {
    /// Its number since 1970, in buckets of this window.
    number: u64,
    low: Ticks,
    high: Ticks,
}

impl Window {
    /// Buckets; a window has at least as many milliseconds.
    pub(crate) const BUCKETS_U64: u64 = 8;
    /// Encoded bytes.
    pub(crate) const BYTES: usize = BUCKETS * 16;
    /// Nothing was traded.
    pub(crate) const EMPTY: Self =
        Self([Bucket { number: 0, low: Ticks::ZERO, high: Ticks::ZERO }; BUCKETS]);

    /// Adds a range that was traded at `now`.
    pub(crate) fn add(&mut self, now: UnixMillis, window: Millis, range: Band) {
        let Band { low, high } = range;
        let number = bucket_number(now, window);
        let place =
            usize::try_from(number.checked_rem(Self::BUCKETS_U64).unwrap_or(0)).unwrap_or(0);
        let Some(bucket) = self.0.get_mut(place) else { return };
        let is_current = bucket.number == number && !bucket.low.is_zero();
        *bucket = if is_current {
            Bucket { number, low: bucket.low.min(low), high: bucket.high.max(high) }
        } else {
            Bucket { number, low, high }
        };
    }

    /// The lowest and the highest price of the window that ends at `now`, if anything was traded in it.
    pub(crate) fn range(&self, now: UnixMillis, window: Millis) -> Option<Band> {
        let current = bucket_number(now, window);
        let oldest = current.saturating_sub(Self::BUCKETS_U64.saturating_sub(1));
        let is_in =
            |bucket: &&Bucket| !bucket.low.is_zero() && (oldest..=current).contains(&bucket.number);
        let ranges = self.0.iter().filter(is_in);
        let ranges = ranges.map(|bucket| Band { low: bucket.low, high: bucket.high });
        ranges.reduce(|all, other| all.with(other.low).with(other.high))
    }
}

fn bucket_number(now: UnixMillis, window: Millis) -> u64 {
    let bucket = window.get().checked_div(Window::BUCKETS_U64).unwrap_or(1).max(1);
    now.get().checked_div(bucket).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Millis = Millis::new(800);

    fn traded(window: &mut Window, now: u64, low: u32, high: u32) {
        window.add(
            UnixMillis::new(now),
            WINDOW,
            Band { low: Ticks::new(low), high: Ticks::new(high) },
        );
    }

    fn range(window: &Window, now: u64) -> Option<(u32, u32)> {
        let range = window.range(UnixMillis::new(now), WINDOW);
        range.map(|band| (band.low.get(), band.high.get()))
    }

    #[test]
    fn a_window_forgets_what_is_older_than_it() {
        let mut window = Window::EMPTY;
        assert_eq!(range(&window, 10_000), None);
        traded(&mut window, 10_000, 90, 100);
        traded(&mut window, 10_050, 95, 110);
        traded(&mut window, 10_500, 99, 99);
        assert_eq!(range(&window, 10_700), Some((90, 110)));
        assert_eq!(range(&window, 10_800), Some((99, 99)));
        assert_eq!(range(&window, 11_300), None);
    }

    #[test]
    fn a_place_is_used_again_without_what_was_there() {
        let mut window = Window::EMPTY;
        traded(&mut window, 10_000, 1, 1000);
        traded(&mut window, 10_800, 50, 60);
        assert_eq!(range(&window, 10_800), Some((50, 60)));
    }
}
