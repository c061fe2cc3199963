//! What an account has in one market: a position, and what its open orders may make of it.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;

use crate::ids::MarketId;

/// Bytes of an encoded exposure.
pub(crate) const EXPOSURE_BYTES: usize = 134;

/// A position and the sums over the open orders of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Exposure {
    /// Where.
    pub market: MarketId,
    /// The position.
    pub lots: SignedLots,
    /// The signed money that the position cost.
    pub entry: Quote,
    /// The market's funding index up to which the account has paid.
    pub funding: i128,
    /// The market's loss index up to which the account has paid.
    pub loss: i128,
    /// What open orders may do.
    pub orders: OrderSums,
}

/// Sums over the open orders of one account in one market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OrderSums {
    /// Lots of orders to buy.
    pub buys: Lots,
    /// Lots of orders to sell.
    pub sells: Lots,
    /// Lots of reduce-only orders to buy.
    pub reduce_buys: Lots,
    /// Lots of reduce-only orders to sell.
    pub reduce_sells: Lots,
    /// What fills may lose against `basis`, fees included, that no margin freed by them covers.
    pub loss: Quote,
    /// What fills of reduce-only orders may lose besides, which the margin that they free covers as long as nothing opposes them.
    pub reduce_loss: Quote,
    /// What the losses are measured against.
    pub basis: LossBasis,
}

/// What orders' losses are measured against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LossBasis {
    /// The mark price.
    pub mark: Ticks,
    /// The fee that each fill is taken to pay.
    pub fee: Ppm,
    /// The part of the mark that a reduce-only order frees for sure: the lowest tier's maintenance margin.
    pub covered: Ppm,
}

impl Exposure {
    /// No position and no orders in a market with these indices.
    pub const fn new(market: MarketId, funding: i128, loss: i128) -> Self {
        Self {
            market,
            lots: SignedLots::ZERO,
            entry: Quote::ZERO,
            funding,
            loss,
            orders: OrderSums::NONE,
        }
    }

    /// Whether nothing is left to keep.
    pub const fn is_empty(&self) -> bool {
        self.lots.is_zero() && self.orders.is_empty()
    }
}

impl OrderSums {
    /// No orders.
    pub const NONE: Self = Self {
        buys: Lots::ZERO,
        sells: Lots::ZERO,
        reduce_buys: Lots::ZERO,
        reduce_sells: Lots::ZERO,
        loss: Quote::ZERO,
        reduce_loss: Quote::ZERO,
        basis: LossBasis { mark: Ticks::ZERO, fee: Ppm::ZERO, covered: Ppm::ZERO },
    };

    /// Whether there are no orders.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.buys.is_zero()
            && self.sells.is_zero()
            && self.reduce_buys.is_zero()
            && self.reduce_sells.is_zero()
    }
}
