//! What an account traded lately, by which its fees are.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_types::UnixMillis;

/// Length of the window, and of a period: 14 days.
const PERIOD_MS: u64 = 14 * 86_400_000;
const PERIOD: i128 = PERIOD_MS as i128;

/// Traded notional of this period of 14 days and of the one before. What was traded within the last 14 days is taken to be this
/// period's and the part of the former one's that the window still covers, as if that had been traded evenly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Volume {
    /// The period, counted since 1970.
    period: u32,
    current: Quote,
    former: Quote,
}

impl Volume {
    /// Nothing.
    pub const NONE: Self = Self { period: 0, current: Quote::ZERO, former: Quote::ZERO };

    /// Counts a traded notional, not below zero. Saturates: more than the largest amount is the highest tier anyway.
    pub fn add(&mut self, now: UnixMillis, notional: Quote) {
        self.roll(now);
        self.current = Quote::new(self.current.get().saturating_add(notional.get()));
    }

    /// What was traded in the 14 days before `now`, rounded down.
    pub fn at(&self, now: UnixMillis) -> Quote {
        let mut rolled = *self;
        rolled.roll(now);
        let left = PERIOD_MS.saturating_sub(now.get() % PERIOD_MS);
        // Divided first: volumes may be as large as amounts can be.
        let part = (rolled.former.get() / PERIOD).saturating_mul(left.into());
        Quote::new(rolled.current.get().saturating_add(part))
    }

    fn roll(&mut self, now: UnixMillis) {
        let period = u32::try_from(now.get() / PERIOD_MS).unwrap_or(u32::MAX);
        let periods = period.saturating_sub(self.period);
        if periods > 0 {
            self.former = if periods == 1 { self.current } else { Quote::ZERO };
            self.current = Quote::ZERO;
            self.period = period;
        }
    }
}

#[cfg(test)]
mod tests;
