//! Funding: longs pay shorts while the mark is above the index, and the other way round.
//!
//! As dYdX v4 has it (`x/perpetuals/funding`): the rate for eight hours is the mean of the premium samples of a period, where a
//! sample that is missing counts as zero, and interest, clamped to a factor of (initial - maintenance margin). It is paid through an
//! index, money per long lot; what a position owes is found when it is next touched.
//!
//! | amount | rounding |
//! |---|---|
//! | premium, mean, clamp, rise of the index | towards zero |
//! | what a position pays | up, so that a receiver gets it rounded down |

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Ppm;
use heddle_num::Rounding;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_num::mul_div;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use crate::margin::INDEX_ONE;
use crate::params::FundingParams;
use crate::params::MarginTier;

/// The time that a rate is for.
const RATE_MS: i128 = 8 * 3_600_000;
/// A premium sample stays within this, in millionths: ten times the index.
const PREMIUM_MAX: i32 = 10_000_000;

/// The premium samples of a period that is not paid for yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Premiums {
    /// When the period began. Zero before the first.
    pub since: UnixMillis,
    /// When the newest sample was taken.
    pub sampled: UnixMillis,
    /// Their sum, in millionths.
    pub sum: i64,
    /// How many there are.
    pub count: u32,
}

impl Premiums {
    /// None, and no period has begun.
    pub const NONE: Self =
        Self { since: UnixMillis::new(0), sampled: UnixMillis::new(0), sum: 0, count: 0 };

    /// Samples the premium of the mark over the index, unless the last sample is too young.
    pub fn sample(&mut self, now: UnixMillis, every: Millis, prices: (Ticks, Ticks)) {
        let (mark, index) = prices;
        if since(now, self.sampled) < every.get() {
            return;
        }
        self.sampled = now;
        self.add(premium(mark, index));
    }

    /// Counts a sample.
    pub fn add(&mut self, premium: i32) {
        self.sum = self.sum.saturating_add(premium.into());
        self.count = self.count.saturating_add(1);
    }

    /// The mean over as many samples as there should be in a period, or as there are when these are more; towards zero.
    pub fn mean(&self, expected: u32) -> i64 {
        self.sum.checked_div(self.count.max(expected).into()).unwrap_or(0)
    }

    /// Ends the period if it is over: gives the rate for eight hours, in millionths, and for how long it is to be paid. The first
    /// period begins when this is first called.
    pub fn settle(
        &mut self,
        now: UnixMillis,
        params: &FundingParams,
        tier: &MarginTier,
    ) -> Option<(i64, Millis)> {
        if self.since.get() == 0 {
            *self = Self { since: now, ..Self::default() };
            return None;
        }
        let elapsed = since(now, self.since);
        if elapsed < params.pay_every.get() {
            return None;
        }
        let expected = elapsed.checked_div(params.sample_every.get()).unwrap_or(0);
        let mean = self.mean(u32::try_from(expected).unwrap_or(u32::MAX));
        *self = Self { since: now, sampled: self.sampled, ..Self::default() };
        Some((rate(mean, params, tier), Millis::new(elapsed)))
    }
}

/// `(mark - index) / index` in millionths, towards zero and within bounds; zero without an index.
fn premium(mark: Ticks, index: Ticks) -> i32 {
    let apart = i64::from(mark.get()).saturating_sub(index.get().into());
    let premium = apart.saturating_mul(Ppm::ONE.get().into()).checked_div(index.get().into());
    let bounded = premium.unwrap_or(0).clamp((-PREMIUM_MAX).into(), PREMIUM_MAX.into());
    i32::try_from(bounded).unwrap_or(PREMIUM_MAX)
}

/// The rate for eight hours, in millionths: mean premium and interest, clamped.
pub fn rate(mean: i64, params: &FundingParams, tier: &MarginTier) -> i64 {
    let margin =
        i128::from(tier.initial.get()).saturating_sub(tier.maintenance.get().into()).max(0);
    // 2^31 times 2^32 at most.
    let clamp = margin.saturating_mul(params.clamp_factor.into()) / ONE;
    let clamp = i64::try_from(clamp).unwrap_or(i64::MAX);
    mean.saturating_add(params.interest.get().into()).clamp(clamp.saturating_neg(), clamp)
}

const ONE: i128 = Ppm::ONE.get() as i128;

/// How much money is in what funding is paid for: `money / per`, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    /// So much.
    pub money: i128,
    /// For this many. Above zero.
    pub per: i128,
}

impl Worth {
    /// A lot at a price, in what the funding index counts, for rates in millionths.
    pub fn of_lot(price: Ticks, unit: UnitValue) -> Self {
        let lot = i128::from(price.get()).saturating_mul(unit.get().into());
        // 64 bits times 2^32.
        Self { money: lot.saturating_mul(INDEX_ONE), per: ONE }
    }
}

/// By how much an index rises: `rate x elapsed / 8 h x worth`, towards zero; none when that does not fit.
pub fn index_rise(rate: i64, elapsed: Millis, worth: Worth) -> Option<i128> {
    let weight = i128::from(rate).checked_mul(elapsed.get().into())?;
    mul_div(worth.money, weight, worth.per.checked_mul(RATE_MS)?, Rounding::Zero)
}

const fn since(now: UnixMillis, then: UnixMillis) -> u64 {
    now.get().saturating_sub(then.get())
}

#[cfg(test)]
mod tests;
