//! Placing, cancelling and reducing orders: what an order may cost is set aside before a market hears of it.
//!
//! A cancel or reduction releases at once, because markets carry them out before anything trades.

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_oracle::Quality;

use crate::account::Account;
use crate::account::AccountStatus;
use crate::error::ClearingError;
use crate::exposure::Exposure;
use crate::ids::MarketId;
use crate::ids::OrderId;
use crate::ids::Side;
use crate::instruction::Place;
use crate::limits::ORDER_LOTS_MAX;
use crate::limits::ORDERS_PER_MARKET_MAX;
use crate::orders::NewOrder;
use crate::orders::OpenOrder;
use crate::orders::OpenOrders;
use crate::orders::OrderRef;
use crate::risk_table::RiskRow;
use crate::risk_table::RiskTable;

impl Account {
    /// Admits an order, sets aside what it may cost, and gives it its number. `orders` are the account's in this market.
    ///
    /// An order is admitted when equity covers all requirements, its own included. A reduce-only order is also admitted
    /// when no fill of it can make the account worse: what a lot may lose is at most the maintenance margin that it frees.
    ///
    /// # Errors
    /// Nothing has changed then, but perhaps what the losses of the other orders are measured against.
    /// [`ClearingError::InsufficientMargin`], or what is wrong with account, market or order.
    pub fn place(
        &mut self,
        orders: &mut OpenOrders,
        risk: &RiskTable,
        market: MarketId,
        order: &NewOrder,
    ) -> Result<Place, ClearingError> {
        let row = risk.row(market).ok_or(ClearingError::UnknownMarket)?;
        self.place_with(orders, risk, &row, order)
    }

    /// As [`Self::place`], in the market of a row that is at hand, which is the one of `risk`.
    ///
    /// # Errors
    /// As [`Self::place`].
    #[inline]
    pub fn place_with(
        &mut self,
        orders: &mut OpenOrders,
        risk: &RiskTable,
        row: &RiskRow,
        order: &NewOrder,
    ) -> Result<Place, ClearingError> {
        self.check_may_place(row.market)?;
        check_market(row, order)?;
        check_order(orders, order)?;
        let number = self.next_order;
        let next = number.checked_add(1).ok_or(ClearingError::TooMany)?;
        let open = order.numbered(number);

        let place = self.open_exposure(row);
        if let Err(error) = self.admit(orders, risk, row, (place, &open)) {
            self.drop_if_empty(place);
            return Err(error);
        }
        self.next_order = next;
        orders.push(open);
        Ok(order.named(OrderId { account: self.id, number }))
    }

    /// Takes an order away and releases what was set aside for it.
    ///
    /// # Errors
    /// [`ClearingError::UnknownOrder`], [`ClearingError::BrokenOutcome`].
    pub fn cancel(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        which: OrderRef,
    ) -> Result<OpenOrder, ClearingError> {
        let place = orders.place_of(which).ok_or(ClearingError::UnknownOrder)?;
        let order = orders.as_slice()[place];
        self.take_off(orders, row, (place, order.lots))?;
        Ok(order)
    }

    /// Makes an order smaller, by at most what is left of it, and releases what was set aside for those lots. Gives the order as
    /// it was.
    ///
    /// # Errors
    /// [`ClearingError::UnknownOrder`], [`ClearingError::Zero`], [`ClearingError::TooLarge`], [`ClearingError::BrokenOutcome`].
    pub fn reduce(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        which: OrderRef,
        by: Lots,
    ) -> Result<OpenOrder, ClearingError> {
        let place = orders.place_of(which).ok_or(ClearingError::UnknownOrder)?;
        let order = orders.as_slice()[place];
        if by.is_zero() {
            return Err(ClearingError::Zero);
        }
        if by > order.lots {
            return Err(ClearingError::TooLarge);
        }
        self.take_off(orders, row, (place, by))?;
        Ok(order)
    }

    /// Takes lots off the order at a place of the list, and what was set aside for them off the sums.
    pub(crate) fn take_off(
        &mut self,
        orders: &mut OpenOrders,
        row: &RiskRow,
        (place, by): (usize, Lots),
    ) -> Result<(), ClearingError> {
        let order = orders.as_slice()[place];
        let at = self.place_of(row.market).map_err(|_| ClearingError::BrokenOutcome)?;
        let exposure = &mut self.exposures[at];
        exposure.orders.release(&order, by, row.unit)?;
        orders.shrink(place, by);
        self.drop_if_empty(at);
        Ok(())
    }

    fn check_may_place(&self, market: MarketId) -> Result<(), ClearingError> {
        match self.status {
            AccountStatus::Active => {}
            AccountStatus::Frozen => return Err(ClearingError::AccountFrozen),
        }
        match self.isolated {
            Some(only) if only != market => Err(ClearingError::IsolatedMarket),
            Some(_) | None => Ok(()),
        }
    }

    /// Where the exposure to the row's market is; a new one where there was none.
    #[inline]
    fn open_exposure(&mut self, row: &RiskRow) -> usize {
        self.place_of(row.market).unwrap_or_else(|place| {
            self.exposures.insert(place, Exposure::new(row.market, row.funding, row.loss));
            place
        })
    }

    fn drop_if_empty(&mut self, place: usize) {
        if self.exposures[place].is_empty() {
            self.exposures.remove(place);
        }
    }

    /// Adds the order to the exposure at `place`, if the account can carry it.
    #[inline]
    fn admit(
        &mut self,
        orders: &OpenOrders,
        risk: &RiskTable,
        row: &RiskRow,
        (place, open): (usize, &OpenOrder),
    ) -> Result<(), ClearingError> {
        let exposure = &mut self.exposures[place];
        if open.reduce_only && !exposure.is_reduced_by(open.side) {
            return Err(ClearingError::NothingToReduce);
        }
        exposure.orders.rebase(orders, row)?;
        exposure.orders.reserve(open, row.unit)?;
        let carried = self.carries(risk, row, (place, open));
        if carried.is_err() {
            self.exposures[place].orders.release(open, open.lots, row.unit)?;
        }
        carried
    }

    #[inline]
    fn carries(
        &self,
        risk: &RiskTable,
        row: &RiskRow,
        (place, open): (usize, &OpenOrder),
    ) -> Result<(), ClearingError> {
        let exposure = &self.exposures[place];
        if exposure.worst_lots() > row.position_max && !open.reduce_only {
            return Err(ClearingError::TooLarge);
        }
        let is_free = self.free_margin_with(risk, row)? >= Quote::ZERO;
        if is_free || is_no_worse(row, exposure, open)? {
            Ok(())
        } else {
            Err(ClearingError::InsufficientMargin)
        }
    }
}

/// Whether a reduce-only order needs no margin: no lot of it loses more than it frees, and nothing more is required with it.
#[cold]
fn is_no_worse(row: &RiskRow, with: &Exposure, open: &OpenOrder) -> Result<bool, ClearingError> {
    let is_covered = with.orders.basis.lot_loss(open, row.unit).open == 0;
    let mut without = *with;
    without.orders.release(open, open.lots, row.unit)?;
    Ok(open.reduce_only && is_covered && with.required(row)? <= without.required(row)?)
}

impl Exposure {
    /// Whether an order of this side makes the position smaller now.
    const fn is_reduced_by(&self, side: Side) -> bool {
        match side {
            Side::Buy => self.lots.get() < 0,
            Side::Sell => self.lots.get() > 0,
        }
    }
}

#[inline]
fn check_market(row: &RiskRow, order: &NewOrder) -> Result<(), ClearingError> {
    let (is_taken, needs) = if order.reduce_only {
        (row.takes_reduce(), Quality::REDUCE)
    } else {
        (row.takes_increase(), Quality::INCREASE)
    };
    if !is_taken {
        return Err(ClearingError::MarketNotOpen);
    }
    if !row.quality.has(needs) || row.mark.is_zero() {
        return Err(ClearingError::PriceQuality);
    }
    Ok(())
}

#[inline]
fn check_order(orders: &OpenOrders, order: &NewOrder) -> Result<(), ClearingError> {
    if order.price.is_zero() || order.lots.is_zero() {
        return Err(ClearingError::Zero);
    }
    if order.lots.get() > ORDER_LOTS_MAX {
        return Err(ClearingError::TooLarge);
    }
    if order.display.is_some_and(|display| display.is_zero() || display >= order.lots) {
        return Err(ClearingError::InvalidDisplay);
    }
    if orders.len() >= ORDERS_PER_MARKET_MAX {
        return Err(ClearingError::TooManyOrders);
    }
    if orders.place_of(OrderRef::Client(order.client)).is_some() {
        return Err(ClearingError::DuplicateClientId);
    }
    Ok(())
}

impl NewOrder {
    /// As the account keeps it.
    #[inline]
    const fn numbered(&self, number: u32) -> OpenOrder {
        OpenOrder {
            number,
            client: self.client,
            side: self.side,
            reduce_only: self.reduce_only,
            price: self.price,
            lots: self.lots,
        }
    }

    /// As the market hears of it.
    #[inline]
    const fn named(&self, id: OrderId) -> Place {
        Place {
            id,
            side: self.side,
            price: self.price,
            lots: self.lots,
            time_in_force: self.time_in_force,
            reduce_only: self.reduce_only,
            self_trade: self.self_trade,
            trigger: self.trigger,
            display: self.display,
            is_liquidation: false,
        }
    }
}
