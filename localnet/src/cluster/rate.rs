//! How fast a counter rises.

use std::collections::VecDeque;
use std::time::Duration;
use std::time::Instant;

/// Over how long it is averaged: blocks come in lumps.
const WINDOW: Duration = Duration::from_secs(3);
/// Looks that are kept.
const LOOKS_MAX: usize = 64;

/// A counter as it was seen lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rate {
    seen: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// The counter stands at `count`. One that fell is another process's, which began anew.
    pub(super) fn observe(&mut self, now: Instant, count: u64) {
        if self.seen.back().is_some_and(|(_, before)| *before > count) {
            self.seen.clear();
        }
        self.seen.push_back((now, count));
        // The newest look that is older than the window stays, as its beginning.
        let is_old = |(at, _): &(Instant, u64)| now.duration_since(*at) >= WINDOW;
        while self.seen.len() > LOOKS_MAX || self.seen.get(1).is_some_and(is_old) {
            self.seen.pop_front();
        }
    }

    /// How much it rises in a second; none until it was seen twice.
    pub(super) fn per_second(&self) -> Option<u64> {
        let (begun, before) = self.seen.front()?;
        let (now, count) = self.seen.back()?;
        let millis = u64::try_from(now.duration_since(*begun).as_millis()).ok()?;
        count.checked_sub(*before)?.saturating_mul(1000).checked_div(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(looks: &[(u64, u64)]) -> Option<u64> {
        let (mut rate, start) = (Rate::default(), Instant::now());
        for (millis, count) in looks {
            rate.observe(start + Duration::from_millis(*millis), *count);
        }
        rate.per_second()
    }

    #[test]
    fn a_rate_is_over_the_window_only() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[(0, 7)]), None);
        assert_eq!(after(&[(0, 100), (500, 600)]), Some(1000));
        assert_eq!(after(&[(0, 0), (1000, 900), (3000, 900), (4000, 900)]), Some(0));
        assert_eq!(after(&[(0, 0), (2000, 0), (5000, 300)]), Some(100));
    }

    #[test]
    fn a_counter_that_fell_begins_anew() {
        assert_eq!(after(&[(0, 900), (1000, 10)]), None);
        assert_eq!(after(&[(0, 900), (1000, 10), (2000, 30)]), Some(20));
    }
}
