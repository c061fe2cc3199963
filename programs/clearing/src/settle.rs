//! What trades do to an account: position, cash, fees, and what was set aside.
//!
//! | amount | rounding |
//! |---|---|
//! | price x lots x unit | exact |
//! | entry released by closing `q` of `L` lots: `entry x q / L` | towards zero; it stays within the account |
//! | fee `notional x rate` | up: who pays pays more, who receives a rebate receives less |
//! | funding, shared loss `lots x index / 2^32` | up, likewise; the rest stays in the market's pool |

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_num::mul_div;

use crate::account::Account;
use crate::error::ClearingError;
use crate::exposure::Exposure;
use crate::ids::OrderId;
use crate::ids::Side;
use crate::margin::difference;
use crate::margin::sum;
use crate::orders::OpenOrders;
use crate::orders::OrderRef;
use crate::outcome::Closed;
use crate::outcome::Outcome;
use crate::outcome::Trade;
use crate::outcome::TradeKind;
use crate::risk_table::RiskRow;

/// What settling moved between the account and others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Fees paid to the house; below zero rebates received.
    pub fees: Quote,
    /// Funding paid to the market's pool; below zero received.
    pub funding: Quote,
    /// Shared loss paid to the market's pool.
    pub loss: Quote,
    /// Notional traded.
    pub volume: Quote,
    /// Notional that was traded because the account is liquidated.
    pub liquidated: Quote,
    /// Profit realised, before fees.
    pub realised: Quote,
    /// By how much the position changed.
    pub lots: SignedLots,
}

impl Account {
    /// Settles the account's outcomes of one market, in sequence order. `orders` are the account's in that market.
    ///
    /// A [`Closed`] of an order that is not listed is passed over: the account cancelled it in the same block.
    ///
    /// # Errors
    /// [`ClearingError::BrokenOutcome`] for a trade of an order that is not listed, of more lots than it has left, or at a worse
    /// price than its limit; [`ClearingError::Overflow`]. The account is then half settled, to be thrown away.
    pub fn settle(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        outcomes: &[Outcome],
    ) -> Result<Settled, ClearingError> {
        let mut settled = self.accrue(row)?;
        for outcome in outcomes {
            match outcome {
                Outcome::Trade(trade) => self.settle_trade(orders, row, (trade, &mut settled))?,
                Outcome::Closed(closed) => self.settle_closed(orders, row, closed)?,
                Outcome::Decremented(id, lots) => {
                    let place = self.find(orders, *id).ok_or(ClearingError::BrokenOutcome)?;
                    self.take_off_filled(orders, row, (place, *lots))?;
                }
            }
        }
        Ok(settled)
    }

    /// Pays what is due of funding and shared loss in the row's market.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    pub fn accrue(&mut self, row: &RiskRow) -> Result<Settled, ClearingError> {
        let Ok(at) = self.place_of(row.market) else {
            return Ok(Settled::default());
        };
        let exposure = &mut self.exposures[at];
        let (funding, loss) = (exposure.funding_due(row)?, exposure.loss_due(row)?);
        exposure.funding = row.funding;
        exposure.loss = row.loss;
        self.cash = difference(self.cash, sum(funding, loss)?)?;
        Ok(Settled { funding, loss, ..Settled::default() })
    }

    fn settle_trade(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        (trade, settled): (&Trade, &mut Settled),
    ) -> Result<(), ClearingError> {
        let (id, side, rate) = self.part_in(trade, row);
        let place = self.find(orders, id).ok_or(ClearingError::BrokenOutcome)?;
        let order = &orders.as_slice()[place];
        let is_within = order.side == side && !is_worse(side, trade.price, order.price);
        if !is_within || trade.lots.is_zero() {
            return Err(ClearingError::BrokenOutcome);
        }
        let fill = Fill::new(side, trade.price, trade.lots)?;
        let at = self.place_of(row.market).map_err(|_| ClearingError::BrokenOutcome)?;
        let realised = self.exposures[at].fill(&fill, row)?;

        let notional = trade.price.notional(trade.lots, row.unit);
        let fee = notional.at_rate(rate, Rounding::Ceil).ok_or(ClearingError::Overflow)?;
        self.cash = difference(sum(self.cash, realised)?, fee)?;
        settled.fees = sum(settled.fees, fee)?;
        settled.realised = sum(settled.realised, realised)?;
        settled.volume = sum(settled.volume, notional)?;
        settled.lots = settled.lots.checked_add(fill.lots).ok_or(ClearingError::Overflow)?;
        if trade.kind == TradeKind::Liquidation && id == trade.taker {
            settled.liquidated = sum(settled.liquidated, notional)?;
        }
        self.take_off_filled(orders, row, (place, trade.lots))
    }

    fn settle_closed(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        closed: &Closed,
    ) -> Result<(), ClearingError> {
        let Some(place) = self.find(orders, closed.id) else {
            return Ok(());
        };
        // Less may be left here than the market says: a reduction that came with the order, or in the block of its expiry.
        let lots = orders.as_slice()[place].lots;
        if lots > closed.lots {
            return Err(ClearingError::BrokenOutcome);
        }
        self.take_off(orders, row, (place, lots))
    }

    /// As [`Self::take_off`], checking first that so much is left.
    fn take_off_filled(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        (place, lots): (usize, Lots),
    ) -> Result<(), ClearingError> {
        if lots > orders.as_slice()[place].lots {
            return Err(ClearingError::BrokenOutcome);
        }
        self.take_off(orders, row, (place, lots))
    }

    /// Which order of a trade is the account's, what it did, and which fee it pays.
    #[inline]
    fn part_in(&self, trade: &Trade, row: &RiskRow) -> (OrderId, Side, Ppm) {
        let fees = row.fees_of(self.fee_tier);
        let is_maker = trade.maker.account == self.id;
        let rate = match (trade.kind, is_maker) {
            (TradeKind::Continuous, true) => fees.maker,
            (TradeKind::Continuous, false) => fees.taker,
            // Where no taker pays the house, it pays no rebate.
            (TradeKind::Auction, _) | (TradeKind::Liquidation, true) => fees.maker.max(Ppm::ZERO),
            // What a liquidated account pays goes to insurance, and is decided when the whole account is seen.
            (TradeKind::Liquidation, false) => Ppm::ZERO,
        };
        if is_maker {
            (trade.maker, trade.taker_side.opposite(), rate)
        } else {
            (trade.taker, trade.taker_side, rate)
        }
    }

    #[inline]
    fn find(&self, orders: &OpenOrders, id: OrderId) -> Option<usize> {
        if id.account != self.id {
            return None;
        }
        orders.place_of(OrderRef::Number(id.number))
    }
}

#[inline]
fn is_worse(side: Side, price: Ticks, limit: Ticks) -> bool {
    match side {
        Side::Buy => price > limit,
        Side::Sell => price < limit,
    }
}

/// A change of a position at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Bought above zero, sold below.
    pub lots: SignedLots,
    /// At this price.
    pub price: Ticks,
}

impl Fill {
    /// Of an order of this side.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub fn new(side: Side, price: Ticks, lots: Lots) -> Result<Self, ClearingError> {
        let lots = match side {
            Side::Buy => lots.long(),
            Side::Sell => lots.short(),
        };
        Ok(Self { lots: lots.ok_or(ClearingError::Overflow)?, price })
    }
}

impl Exposure {
    /// Changes the position and gives the profit realised, which is for the caller to add to the account's cash. Funding and
    /// shared loss must have been paid.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub fn fill(&mut self, fill: &Fill, row: &RiskRow) -> Result<Quote, ClearingError> {
        let closed = self.closed_by(fill.lots);
        let mut realised = Quote::ZERO;
        let mut left = fill.lots;
        if !closed.is_zero() {
            let released = self.released(closed)?;
            // `closed` has the sign of the position: closing a long one receives, closing a short one pays.
            realised = difference(closed.value(fill.price, row.unit), released)?;
            self.entry = difference(self.entry, released)?;
            self.lots = self.lots.checked_sub(closed).ok_or(ClearingError::Overflow)?;
            left = left.checked_add(closed).ok_or(ClearingError::Overflow)?;
        }
        self.entry = sum(self.entry, left.value(fill.price, row.unit))?;
        self.lots = self.lots.checked_add(left).ok_or(ClearingError::Overflow)?;
        Ok(realised)
    }

    /// The part of the position, with its sign, that a change closes.
    #[inline]
    pub(crate) fn closed_by(&self, change: SignedLots) -> SignedLots {
        let (position, change) = (self.lots.get(), change.get());
        let closed = match (position > 0, change > 0) {
            (true, false) => position.min(change.saturating_neg()),
            (false, true) => position.max(change.saturating_neg()),
            (true, true) | (false, false) => 0,
        };
        SignedLots::new(closed)
    }

    /// The part of the entry that closing so much of the position releases, rounded towards zero; all of it with all lots.
    #[inline]
    pub(crate) fn released(&self, closed: SignedLots) -> Result<Quote, ClearingError> {
        if closed == self.lots {
            return Ok(self.entry);
        }
        let (part, whole) = (closed.get().into(), self.lots.get().into());
        mul_div(self.entry.get(), part, whole, Rounding::Zero)
            .map(Quote::new)
            .ok_or(ClearingError::Overflow)
    }
}
