//! At which worth of a lot an account has to be looked at.
//!
//! A lot's *worth* is what its account has of it: the mark, for a long position, or what the mark takes, for a short one, less what positions of
//! this direction have paid through the market's indices. Its *free worth* is that less the most margin that a lot can need at this mark. Both
//! are money per lot times 2^32, and one number per market and direction, whoever holds the position:
//!
//! ```text
//! long:   worth =  mark 2^32 - funding - loss      free = worth - ceil(rate mark 2^32)
//! short:  worth = -mark 2^32 + funding - loss      free = worth - ceil(rate mark 2^32)
//! ```
//!
//! **Why an account of which no threshold is crossed has its maintenance margin.** Let `H >= 0` be equity less margin when the thresholds were
//! taken, over `n` positions, and `s = floor(H / n) - 3` the share of each. In a market with `L` lots, let the worth change by `g` a lot since,
//! and the mark by `v`. Equity changes by more than `L g / 2^32 - 2`: what is due through an index is rounded up, as it was then, and there
//! are two. The margin `ceil(m(L mark))`, with `m` rising, and nowhere faster than `rate`, grows by less than `max(0, rate L v) + 1`. So the
//! headroom of this market changes by more than `L min(g, g - rate v) / 2^32 - 3`. The thresholds say `g >= -s 2^32 / L`, and the same of
//! `g - rate v`, so that this is more than `-s - 3 = -floor(H / n)`; and over all markets more than `-H`.
//!
//! It holds while cash, positions and the market's margin tiers are those that the thresholds were taken with. Thresholds are taken anew in the
//! block in which cash or a position changes, and by and by after the tiers have.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_num::mul_div;

use crate::ids::Side;
use crate::margin::INDEX_ONE;
use crate::params::MarginTier;
use crate::risk_table::RiskRow;

/// What rounding may cost in one market: up to one for each index, up to one for the margin.
const ROUNDING_MAX: i128 = 3;
/// Thresholds are multiples of a power of two of at most this part of the mark, so that small changes of an account leave its where they are.
const BUCKETS_PER_MARK: i128 = 1 << 10;

/// The worth of one lot, to whoever holds it in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotWorth {
    worth: i128,
    free: i128,
    bucket: i128,
}

/// What a position in a market is worth by, for the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketWorth {
    /// The mark price.
    pub mark: Ticks,
    /// Of the market.
    pub unit: UnitValue,
    /// What a long position has paid, and a short one received, per lot since the market opened, times 2^32.
    pub funding: i128,
    /// What every position has paid per lot since then, times 2^32.
    pub loss: i128,
    /// The highest rate of maintenance margin of any notional.
    pub rate_max: Ppm,
}

/// The account is to be looked at when the worth of a lot falls below the one, or its free worth below the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Threshold {
    /// Money per lot, times 2^32.
    pub worth: i128,
    /// Money per lot, times 2^32.
    pub free: i128,
}

impl MarketWorth {
    /// As a market's row says.
    pub fn of(row: &RiskRow) -> Self {
        // Rates rise from tier to tier.
        let rate_max = row.tiers.last().map_or(Ppm::ZERO, |tier: &MarginTier| tier.maintenance);
        Self { mark: row.mark, unit: row.unit, funding: row.funding, loss: row.loss, rate_max }
    }

    /// Of a lot that was bought, or that was sold.
    ///
    /// Saturates, which it cannot before an index is past 2^126, that is, before a lot has paid 2^94.
    pub fn lot(&self, side: Side) -> LotWorth {
        let value = u64::from(self.mark.get()).saturating_mul(u64::from(self.unit.get()));
        let value = i128::from(value).saturating_mul(INDEX_ONE);
        let worth = match side {
            Side::Buy => value.saturating_sub(self.funding),
            Side::Sell => self.funding.saturating_sub(value),
        };
        let worth = worth.saturating_sub(self.loss);
        // At most 2^96 times at most 2^31.
        let margin = Quote::new(value).at_rate(self.rate_max, Rounding::Ceil);
        let margin = margin.map_or(i128::MAX, Quote::get);
        LotWorth { worth, free: worth.saturating_sub(margin), bucket: bucket(value) }
    }
}

/// The largest power of two that is at most `value / BUCKETS_PER_MARK`, and at least one.
fn bucket(value: i128) -> i128 {
    let widest = value.wrapping_div(BUCKETS_PER_MARK).max(1);
    // Above zero, so that the logarithm is at most 126.
    1_i128.wrapping_shl(widest.ilog2())
}

impl LotWorth {
    /// What the lot is worth to its holder, times 2^32.
    pub const fn worth(&self) -> i128 {
        self.worth
    }

    /// That, less the most margin that it can need.
    pub const fn free(&self) -> i128 {
        self.free
    }
}

/// What of an account's headroom each of its positions may lose; below zero when there is none to lose.
pub fn share(headroom: Quote, positions: u32) -> Quote {
    let positions = i128::from(positions.max(1));
    let share = headroom.get().div_euclid(positions);
    Quote::new(share.saturating_sub(ROUNDING_MAX))
}

impl Threshold {
    /// Where `lots` of a position have lost their `share` of the account's headroom, counted from `now`. Rounded up, to where an account is
    /// found earlier.
    pub fn new(share: Quote, lots: u64, now: &LotWorth) -> Self {
        let lots = i128::from(lots.max(1));
        // What does not fit is further than any worth can fall.
        let loss = mul_div(share.get(), INDEX_ONE, lots, Rounding::Floor);
        let loss = loss.unwrap_or(if share < Quote::ZERO { i128::MIN } else { i128::MAX });
        let at = |from: i128| round_up(from.saturating_sub(loss), now.bucket);
        // The free worth is rounded down by less than one, which must not count as lost already.
        Self { worth: at(now.worth), free: at(now.free.saturating_add(1)) }
    }

    /// Whether the account is to be looked at, now that a lot is worth this.
    pub const fn is_crossed(&self, now: &LotWorth) -> bool {
        now.worth < self.worth || now.free < self.free
    }
}

/// To the next multiple of `bucket`, a power of two.
const fn round_up(value: i128, bucket: i128) -> i128 {
    match value.checked_add(bucket.wrapping_sub(1)) {
        Some(above) => above & bucket.wrapping_neg(),
        None => i128::MAX,
    }
}
