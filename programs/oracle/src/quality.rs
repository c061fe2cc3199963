//! What a price is good for.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Ppm;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use crate::snapshot::Snapshot;

/// The classes of actions that a price is good for. Cancels and deposits need none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Quality(u8);

impl Quality {
    /// Good for nothing.
    pub const NONE: Self = Self(0);
    /// Liquidations.
    pub const LIQUIDATE: Self = Self(1);
    /// Orders that may increase a position, and withdrawals.
    pub const INCREASE: Self = Self(2);
    /// Orders that only reduce one.
    pub const REDUCE: Self = Self(4);
    /// Good for everything.
    pub const ALL: Self = Self(7);

    /// From its bits; others count for nothing.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// As bits: 1, 2 and 4 in the order above.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether it is good for all of `classes`.
    pub const fn has(self, classes: Self) -> bool {
        self.0 & classes.0 == classes.0
    }

    /// Good for what either is good for.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Good for what both are good for.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// What a price must be, for each class of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct QualityLimits {
    /// To liquidate.
    pub liquidate: PriceLimit,
    /// For orders that may increase a position, and withdrawals.
    pub increase: PriceLimit,
    /// For reduce-only orders.
    pub reduce: PriceLimit,
}

/// How old and how uncertain a price may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PriceLimit {
    /// So old.
    pub age_max: Millis,
    /// So uncertain, as a part of the price.
    pub confidence_max: Ppm,
}

/// What the price of `snapshot` is good for at `now`. One that is not above zero is good for nothing.
pub fn quality(snapshot: &Snapshot, now: UnixMillis, limits: &QualityLimits) -> Quality {
    let QualityLimits { liquidate, increase, reduce } = limits;
    [(liquidate, Quality::LIQUIDATE), (increase, Quality::INCREASE), (reduce, Quality::REDUCE)]
        .into_iter()
        .filter(|(limit, _)| limit.allows(snapshot, now))
        .fold(Quality::NONE, |sum, (_, class)| sum.or(class))
}

impl PriceLimit {
    /// Whether the price of `snapshot` is above zero, and young and certain enough at `now`.
    pub fn allows(&self, snapshot: &Snapshot, now: UnixMillis) -> bool {
        let age = now.get().saturating_sub(snapshot.time.get());
        let is_certain = |price| is_within(snapshot.confidence, price, self.confidence_max);
        age <= self.age_max.get() && snapshot.price > 0 && is_certain(snapshot.price.unsigned_abs())
    }
}

/// Whether `part` is at most this part of `whole`; never where the rate is below zero.
pub(crate) fn is_within(part: u64, whole: u64, rate: Ppm) -> bool {
    let millionths = |number: u64, count: u32| u128::from(number).saturating_mul(u128::from(count));
    let rate = u32::try_from(rate.get());
    rate.is_ok_and(|rate| {
        millionths(part, Ppm::ONE.get().unsigned_abs()) <= millionths(whole, rate)
    })
}

#[cfg(test)]
mod tests;
