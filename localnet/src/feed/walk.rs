//! A price that moves by chance.

use heddle_rpc_api::Market;
use heddle_rpc_api::parse_decimal;

use crate::cluster::markets::FEED_EXPONENT;
use crate::simulator::Dice;

/// A step is a sum of so many throws, so that small ones are likelier than large ones.
const THROWS: u64 = 4;
/// Each throw moves a price by at most this part, in billionths, either way: about 0.007 % a step, 3 % a day.
const THROW_BILLIONTHS: i64 = 60_000;
/// The part of its distance from where it began that a price goes back with every step: it does not run away in a week.
const PULL: i64 = 20_000;

/// A price in hundredths of a dollar, that is 10 to the power of [`FEED_EXPONENT`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    anchor: i64,
    /// In billionths of that unit, so that small steps of small prices count.
    price: i64,
    throw: i64,
}

const FINE: i64 = 1_000;

impl Walk {
    /// Of BTC and ETH, in the order of their feeds.
    pub(super) fn all(speed: u16) -> Vec<Self> {
        [60_000_00, 3_000_00].map(|price| Self::new(price, speed)).to_vec()
    }

    fn new(price: i64, speed: u16) -> Self {
        Self {
            anchor: price * FINE,
            price: price * FINE,
            throw: THROW_BILLIONTHS * i64::from(speed),
        }
    }

    /// In the unit of the feed.
    pub(super) const fn price(&self) -> i64 {
        self.price / FINE
    }

    /// Begins at the index price that the market has, if it has one.
    pub(super) fn go_on_from(&mut self, market: &Market) {
        let decimals = FEED_EXPONENT.unsigned_abs();
        let index = market.index_ui.as_ref().map(|index| parse_decimal(index, decimals));
        if let Some(Ok(price)) = index
            && let Ok(price) = i64::try_from(price)
            && price > 0
        {
            self.price = price.saturating_mul(FINE);
        }
    }

    /// The price a moment later.
    pub(super) fn step(&mut self, dice: &mut Dice) {
        let mut billionths = 0;
        for _ in 0..THROWS {
            let throw = dice.below(2 * self.throw.unsigned_abs() + 1);
            billionths += i64::try_from(throw).unwrap_or_default() - self.throw;
        }
        let moved = i128::from(self.price) * i128::from(billionths) / 1_000_000_000;
        let pulled = (self.anchor - self.price) / PULL;
        let price = self.price + i64::try_from(moved).unwrap_or_default() + pulled;
        // Never below a hundredth of where it began.
        self.price = price.max(self.anchor / 100);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seed: u64, speed: u16, steps: u32) -> i64 {
        let mut walk = Walk::all(speed).remove(0);
        let mut dice = Dice::new(seed);
        (0..steps).for_each(|_| walk.step(&mut dice));
        walk.price()
    }

    #[test]
    fn the_same_seed_gives_the_same_prices() {
        assert_eq!(after(7, 1, 1_000), after(7, 1, 1_000));
        assert_ne!(after(7, 1, 1_000), after(8, 1, 1_000));
    }

    #[test]
    fn a_price_moves_a_few_percent_in_an_hour_at_most_and_stays_a_price_at_any_speed() {
        for seed in 0..20 {
            let hour = after(seed, 1, 7_200);
            assert!((57_000_00..63_000_00).contains(&hour), "{hour}");
            assert!(after(seed, 100, 100_000) > 0);
        }
    }
}
