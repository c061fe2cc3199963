//! Prices as the two sides of a book order them.

use heddle_clearing::Side;
use heddle_num::Ticks;

/// A price as orders of one side rank by it: the lower, the better. So one ladder serves both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u32);

impl Rank {
    /// Of an order of `side` at `price`; or, given the other side's order, the worst rank that this order may take.
    #[inline]
    pub(super) const fn of(side: Side, price: Ticks) -> Self {
        match side {
            Side::Buy => Self(!price.get()),
            Side::Sell => Self(price.get()),
        }
    }

    /// The price of it.
    #[inline]
    pub(super) const fn price(self, side: Side) -> Ticks {
        match side {
            Side::Buy => Ticks::new(!self.0),
            Side::Sell => Ticks::new(self.0),
        }
    }

    /// From the number of its page and the level there.
    #[inline]
    pub(super) const fn new(page: u32, level: u32) -> Self {
        Self((page << 6) | level)
    }

    /// The number of its page.
    #[inline]
    pub(super) const fn page(self) -> u32 {
        self.0 >> 6
    }

    /// The level in its page: below 64.
    #[inline]
    pub(super) const fn level(self) -> u32 {
        self.0 & 63
    }
}
