//! What liquidation does to accounts besides trading: positions that change hands for a given amount of money, and orders that are
//! taken away or placed without asking for margin.

use heddle_num::Lots;
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
use crate::instruction::Instruction;
use crate::instruction::Place;
use crate::instruction::SelfTrade;
use crate::instruction::TimeInForce;
use crate::margin::difference;
use crate::margin::sum;
use crate::orders::OpenOrder;
use crate::orders::OpenOrders;
use crate::orders::OrderRef;
use crate::risk_table::RiskRow;
use crate::settle::Settled;

/// A change of a position, and what the account pays for it; below zero it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Received above zero, given below.
    pub lots: SignedLots,
    /// What is paid.
    pub paid: Quote,
}

impl Exchange {
    /// What the other account does.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    pub fn opposite(&self) -> Result<Self, ClearingError> {
        let lots = self.lots.checked_neg().ok_or(ClearingError::Overflow)?;
        Ok(Self { lots, paid: self.paid.checked_neg().ok_or(ClearingError::Overflow)? })
    }
}

/// Which of an account's orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// All but those that may only make a position smaller.
    Plain,
}

impl Account {
    /// Pays what is due in the row's market, and changes the position there.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`]. The account is then to be thrown away.
    pub fn exchange(
        &mut self,
        row: &RiskRow,
        exchange: &Exchange,
    ) -> Result<Settled, ClearingError> {
        let mut settled = self.accrue(row)?;
        let place = self.place_of(row.market).unwrap_or_else(|place| {
            self.exposures.insert(place, Exposure::new(row.market, row.funding, row.loss));
            place
        });
        let exposure = &mut self.exposures[place];
        let realised = exposure.exchange(exchange)?;
        if exposure.is_empty() {
            self.exposures.remove(place);
        }
        self.cash = sum(self.cash, realised)?;
        settled.realised = realised;
        settled.lots = exchange.lots;
        Ok(settled)
    }

    /// Takes orders of the row's market away and releases what was set aside for them; gives what the market is told.
    ///
    /// # Errors
    /// [`ClearingError::BrokenOutcome`] when the orders are not the account's.
    pub fn take_away(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        which: Which,
    ) -> Result<Vec<Instruction>, ClearingError> {
        let is_meant = |order: &&OpenOrder| which == Which::All || !order.reduce_only;
        let numbers = orders.as_slice().iter().filter(is_meant).map(|order| order.number);
        let numbers: Vec<_> = numbers.collect();
        for number in &numbers {
            self.cancel(orders, row, OrderRef::Number(*number))?;
        }
        let id = |number| OrderId { account: self.id, number };
        Ok(numbers.into_iter().map(|number| Instruction::Cancel(id(number))).collect())
    }

    /// Places an order that closes `lots` of the position in the row's market at `price` or better, whatever margin the account has.
    ///
    /// # Errors
    /// [`ClearingError::UnknownMarket`] without a position there, [`ClearingError::TooMany`], [`ClearingError::Overflow`].
    pub fn place_liquidation(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        (lots, price): (Lots, Ticks),
    ) -> Result<Place, ClearingError> {
        let at = self.place_of(row.market).map_err(|_| ClearingError::UnknownMarket)?;
        let exposure = &mut self.exposures[at];
        let side = if exposure.lots > SignedLots::ZERO { Side::Sell } else { Side::Buy };
        let number = self.next_order;
        self.next_order = number.checked_add(1).ok_or(ClearingError::TooMany)?;
        let order = OpenOrder { number, client: 0, side, reduce_only: true, price, lots };
        exposure.orders.rebase(orders, row)?;
        exposure.orders.reserve(&order, row.unit)?;
        orders.push(order);
        Ok(Place {
            id: OrderId { account: self.id, number },
            side,
            price,
            lots,
            time_in_force: TimeInForce::ImmediateOrCancel,
            reduce_only: true,
            self_trade: SelfTrade::CancelProvide,
            trigger: None,
            display: None,
            is_liquidation: true,
        })
    }
}

impl Exposure {
    /// Changes the position for an amount of money and gives the profit realised. What is paid for the part that closes, and what the closed
    /// part had cost, are rounded towards zero; that moves money only between cash and entry.
    fn exchange(&mut self, exchange: &Exchange) -> Result<Quote, ClearingError> {
        let Exchange { lots, paid } = *exchange;
        let closed = self.closed_by(lots);
        if closed.is_zero() {
            self.entry = sum(self.entry, paid)?;
            self.lots = self.lots.checked_add(lots).ok_or(ClearingError::Overflow)?;
            return Ok(Quote::ZERO);
        }
        let parts = (closed.abs().get().into(), lots.abs().get().into());
        let paid_closed = mul_div(paid.get(), parts.0, parts.1, Rounding::Zero);
        let paid_closed = Quote::new(paid_closed.ok_or(ClearingError::Overflow)?);
        let released = self.released(closed)?;
        self.entry = sum(difference(self.entry, released)?, difference(paid, paid_closed)?)?;
        self.lots = self.lots.checked_add(lots).ok_or(ClearingError::Overflow)?;
        difference(Quote::ZERO, sum(paid_closed, released)?)
    }
}
