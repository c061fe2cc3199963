//! What open orders may lose when they fill, kept as sums that each fill and cancel takes its part from.
//!
//! A lot of an order to buy loses `unit x max(0, limit - mark)` against the mark, one to sell `unit x max(0, mark - limit)`, and the
//! taker's fee at the limit, rounded up for each lot because each may fill alone. That is linear in the lots, so what is taken
//! off the sums is exactly what was put there. A better price than the limit gains at least what it adds to the fee.

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;

use crate::error::ClearingError;
use crate::exposure::LossBasis;
use crate::exposure::OrderSums;
use crate::ids::Side;
use crate::orders::OpenOrder;
use crate::orders::OpenOrders;
use crate::risk_table::RiskRow;

const ONE: u64 = Ppm::ONE.get().unsigned_abs() as u64;
const ONE_WIDE: u128 = ONE as u128;

/// What one lot of an order may lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LotLoss {
    /// What nothing covers.
    pub(crate) open: u128,
    /// What the margin that a reduce-only order frees covers.
    pub(crate) covered: u128,
}

impl LossBasis {
    /// What a row says now.
    #[inline]
    pub const fn of(row: &RiskRow) -> Self {
        Self { mark: row.mark, fee: row.fee_max, covered: row.tiers[0].maintenance }
    }

    /// The same at another mark.
    #[inline]
    #[must_use]
    pub const fn at(self, mark: Ticks) -> Self {
        Self { mark, ..self }
    }

    /// What one lot of an order may lose against this.
    #[inline]
    pub(crate) fn lot_loss(self, order: &OpenOrder, unit: UnitValue) -> LotLoss {
        let distance = match order.side {
            Side::Buy => order.price.get().saturating_sub(self.mark.get()),
            Side::Sell => self.mark.get().saturating_sub(order.price.get()),
        };
        let against_mark = product(distance, unit);
        let fee = part_of(product(order.price.get(), unit), self.fee).0;
        let loss = u128::from(against_mark).saturating_add(fee.into());
        let covered = if order.reduce_only { covered_per_lot(self, unit).min(loss) } else { 0 };
        LotLoss { open: loss.saturating_sub(covered), covered }
    }
}

/// What the maintenance margin of one lot in the lowest tier covers, rounded down.
#[inline]
pub(crate) fn covered_per_lot(basis: LossBasis, unit: UnitValue) -> u128 {
    part_of(product(basis.mark.get(), unit), basis.covered).1.into()
}

impl OrderSums {
    /// Adds an order, measured against the basis.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub(crate) fn reserve(
        &mut self,
        order: &OpenOrder,
        unit: UnitValue,
    ) -> Result<(), ClearingError> {
        let (loss, reduce_loss) = self.losses(order, order.lots, unit)?;
        self.loss = self.loss.checked_add(loss).ok_or(ClearingError::Overflow)?;
        self.reduce_loss =
            self.reduce_loss.checked_add(reduce_loss).ok_or(ClearingError::Overflow)?;
        let lots = self.lots_like(order);
        *lots = lots.checked_add(order.lots).ok_or(ClearingError::Overflow)?;
        Ok(())
    }

    /// Takes off `by` lots of an order that was added before.
    ///
    /// # Errors
    /// [`ClearingError::BrokenOutcome`] when the order was not added.
    #[inline]
    pub(crate) fn release(
        &mut self,
        order: &OpenOrder,
        by: Lots,
        unit: UnitValue,
    ) -> Result<(), ClearingError> {
        const BROKEN: ClearingError = ClearingError::BrokenOutcome;
        let (loss, reduce_loss) = self.losses(order, by, unit)?;
        let lots = self.lots_like(order);
        *lots = lots.checked_sub(by).ok_or(BROKEN)?;
        self.loss =
            self.loss.checked_sub(loss).filter(|left| *left >= Quote::ZERO).ok_or(BROKEN)?;
        self.reduce_loss = self
            .reduce_loss
            .checked_sub(reduce_loss)
            .filter(|left| *left >= Quote::ZERO)
            .ok_or(BROKEN)?;
        Ok(())
    }

    /// Measures all orders anew, against what the row says now, unless they are.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub(crate) fn rebase(
        &mut self,
        orders: &OpenOrders,
        row: &RiskRow,
    ) -> Result<(), ClearingError> {
        let basis = LossBasis::of(row);
        if self.basis == basis {
            return Ok(());
        }
        *self = Self::of(orders, basis, row.unit)?;
        Ok(())
    }

    /// The sums over these orders.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    pub fn of(
        orders: &OpenOrders,
        basis: LossBasis,
        unit: UnitValue,
    ) -> Result<Self, ClearingError> {
        let mut sums = Self { basis, ..Self::NONE };
        orders.as_slice().iter().try_for_each(|order| sums.reserve(order, unit))?;
        Ok(sums)
    }

    #[inline]
    fn losses(
        &self,
        order: &OpenOrder,
        lots: Lots,
        unit: UnitValue,
    ) -> Result<(Quote, Quote), ClearingError> {
        let lot = self.basis.lot_loss(order, unit);
        let all = |each| times(each, lots).ok_or(ClearingError::Overflow);
        Ok((all(lot.open)?, all(lot.covered)?))
    }

    #[inline]
    const fn lots_like(&mut self, order: &OpenOrder) -> &mut Lots {
        match (order.side, order.reduce_only) {
            (Side::Buy, false) => &mut self.buys,
            (Side::Sell, false) => &mut self.sells,
            (Side::Buy, true) => &mut self.reduce_buys,
            (Side::Sell, true) => &mut self.reduce_sells,
        }
    }
}

/// So many times an amount. Nearly always both have 64 bits, whose product always fits.
#[inline]
fn times(each: u128, lots: Lots) -> Option<Quote> {
    let product = match u64::try_from(each) {
        Ok(each) => u128::from(each).saturating_mul(lots.get().into()),
        Err(_) => each.checked_mul(lots.get().into())?,
    };
    i128::try_from(product).ok().map(Quote::new)
}

/// Cannot saturate: 32 bits times 32 bits.
#[inline]
fn product(ticks: u32, unit: UnitValue) -> u64 {
    u64::from(ticks).saturating_mul(unit.get().into())
}

/// `money x rate` for a rate from nought to one, rounded up and rounded down; nearly always in 64 bits.
#[inline]
fn part_of(money: u64, rate: Ppm) -> (u64, u64) {
    let rate = u64::from(rate.get().unsigned_abs());
    if let Some(product) = money.checked_mul(rate) {
        return (product.div_ceil(ONE), product / ONE);
    }
    let product = u128::from(money).saturating_mul(rate.into());
    let fit = |quotient: u128| u64::try_from(quotient).unwrap_or(u64::MAX);
    (fit(product.div_ceil(ONE_WIDE)), fit(product / ONE_WIDE))
}
