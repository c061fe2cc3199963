//! A feed's prices as a market's.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Rounding;
use heddle_num::Ticks;
use heddle_num::mul_div;

use crate::limits::EXPONENT_MAX;
use crate::snapshot::Snapshot;

/// How much a market's tick is, in what its feed counts: `tick` times 10 to the power of `exponent`. A tick of ten cents of a feed in
/// dollars is `{ tick: 1, exponent: -1 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TickScale {
    /// Digits; not zero.
    pub tick: u64,
    /// Their place: at most [`EXPONENT_MAX`] either way.
    pub exponent: i8,
}

impl TickScale {
    /// Whether its bounds hold.
    pub const fn is_valid(&self) -> bool {
        self.tick > 0 && self.exponent.unsigned_abs() <= EXPONENT_MAX.unsigned_abs()
    }

    /// A price of 10 to the power of `exponent` in ticks, to the nearest, a half up; none when that is not above zero or does not fit.
    pub fn ticks(&self, price: i64, exponent: i8) -> Option<Ticks> {
        let places = i32::from(exponent).checked_sub(i32::from(self.exponent))?;
        let shift = 10_i128.checked_pow(places.unsigned_abs())?;
        let tick = i128::from(self.tick);
        let ticks = if places >= 0 {
            mul_div(i128::from(price), shift, tick, Rounding::HalfUp)
        } else {
            // A tick that is so large that this overflows is larger than any price.
            mul_div(i128::from(price), 1, tick.checked_mul(shift)?, Rounding::HalfUp)
        };
        let ticks = u32::try_from(ticks?).ok()?;
        (ticks > 0).then(|| Ticks::new(ticks))
    }
}

impl Snapshot {
    /// The price in whole ticks of a market, to the nearest, a half up; none when that is not above zero or does not fit.
    pub fn in_ticks(&self, scale: &TickScale) -> Option<Ticks> {
        scale.ticks(self.price, self.exponent)
    }

    /// The time-weighted average price in whole ticks of a market, as [`Self::in_ticks`].
    pub fn twap_in_ticks(&self, scale: &TickScale) -> Option<Ticks> {
        scale.ticks(self.twap, self.exponent)
    }
}

#[cfg(test)]
mod tests;
