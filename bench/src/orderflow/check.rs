//! The best prices of a book that follows a recording, against those that were recorded.

use std::fmt;

use heddle_clearing::Side;
use heddle_num::Ticks;
use serde::Serialize;

use super::Level;
use super::LevelKey;
use super::Touch;
use super::levels::Levels;

/// Differences that are told in full.
const TOLD_MAX: usize = 8;

/// What was compared so far.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    /// Comparisons, from the first on in which the prices were equal: what did not change before is unknown.
    pub(crate) compared: u64,
    /// Of these, those with the same prices on both sides.
    pub(crate) prices_equal: u64,
    /// Of these, those with the same quantities too.
    pub(crate) equal: u64,
    /// Of the others, those where a recorded best level was never spoken of before: nobody could know it.
    pub(crate) unknown: u64,
    /// The first differences.
    pub(crate) differences: Vec<Difference>,
}

/// A difference.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    /// The number of the recorded update.
    update_id: u64,
    /// Here, as `lots @ ticks / lots @ ticks`.
    found: String,
    /// In the recording.
    expected: String,
}

impl Check {
    /// Compares what was `found` after update `id` with what was recorded.
    pub(crate) fn compare(&mut self, id: u64, found: Touch, (expected, levels): (Touch, &Levels)) {
        let prices_equal = found.prices() == expected.prices();
        if self.compared == 0 && !prices_equal {
            return;
        }
        self.compared += 1;
        self.prices_equal += u64::from(prices_equal);
        self.equal += u64::from(found == expected);
        if found == expected {
            return;
        }
        let is_unknown = expected.keys().into_iter().flatten().any(|key| !levels.has_seen(key));
        self.unknown += u64::from(is_unknown);
        if self.differences.len() < TOLD_MAX {
            let (found, expected) = (found.to_string(), expected.to_string());
            self.differences.push(Difference { update_id: id, found, expected });
        }
    }

    /// Whether something was compared, and all prices were equal but for those that nobody could know.
    pub(crate) const fn holds(&self) -> bool {
        self.compared > 0 && self.compared <= self.prices_equal + self.unknown
    }
}

impl Touch {
    /// Between the best prices, rounded down; none when one is missing.
    pub(crate) fn middle(self) -> Option<Ticks> {
        let (bid, ask) = (self.bid?.price.get(), self.ask?.price.get());
        Some(Ticks::new(bid.midpoint(ask)))
    }

    fn prices(self) -> (Option<Ticks>, Option<Ticks>) {
        (self.bid.map(|level| level.price), self.ask.map(|level| level.price))
    }

    fn keys(self) -> [Option<LevelKey>; 2] {
        let key = |side| move |Level { price, .. }: Level| LevelKey { side, price };
        [self.bid.map(key(Side::Buy)), self.ask.map(key(Side::Sell))]
    }
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut level = |level: Option<Level>, end: &str| match level {
            Some(Level { price, lots }) => write!(f, "{lots} @ {price}{end}"),
            None => write!(f, "nothing{end}"),
        };
        level(self.bid, " / ")?;
        level(self.ask, "")
    }
}
