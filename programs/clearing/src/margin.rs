//! What an account is worth, and what its positions and orders require.
//!
//! ```text
//! equity       cash + sum of lots x mark x unit - entry - ceil(funding due) - ceil(shared loss due)
//! range        the positions [lo, hi] that any subset of fills in any order can lead to
//! requirement  IM(max(|lo|, |hi|) x mark x unit) + what fills may lose against the mark
//! ```
//!
//! **Sufficiency.** With equity at or above the sum of requirements, every subset of fills, in any order and any parts, at the limits or
//! better, leaves equity at or above the requirements of what remains. A fill loses at most what was kept for its lots. The range
//! of what remains lies within the former one, so its margin is not more. What fills of reduce-only orders lose, up to the
//! maintenance margin of the lowest tier, is covered by the margin that they free: `hi` falls with each lot that they sell of a
//! long position. That fails only where `lo` of a long position is below zero, that is, where plain orders to sell rest too; then
//! those losses are required as well.

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::mul_div;

use crate::account::Account;
use crate::error::ClearingError;
use crate::exposure::Exposure;
use crate::params::MarginTier;
use crate::reservation::covered_per_lot;
use crate::risk_table::RiskRow;
use crate::risk_table::RiskTable;

/// The divisor of funding and loss indices.
pub const INDEX_ONE: i128 = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 32;

/// An account's equity and what is asked of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    /// What would be left if all positions were closed at the mark, without fees.
    pub equity: Quote,
    /// What positions and open orders require.
    pub required: Quote,
    /// What positions alone require not to be liquidated.
    pub maintenance: Quote,
}

impl Account {
    /// Equity and requirements.
    ///
    /// # Errors
    /// [`ClearingError::UnknownMarket`] for an exposure without a row, [`ClearingError::Overflow`].
    pub fn margin(&self, risk: &RiskTable) -> Result<Margin, ClearingError> {
        let mut margin = Margin { equity: self.cash, ..Margin::default() };
        for exposure in &self.exposures {
            let row = risk.row(exposure.market).ok_or(ClearingError::UnknownMarket)?;
            margin.equity = sum(margin.equity, exposure.value(&row)?)?;
            margin.required = sum(margin.required, exposure.required(&row)?)?;
            margin.maintenance = sum(margin.maintenance, exposure.maintenance(&row)?)?;
        }
        Ok(margin)
    }

    /// Equity less what positions and open orders require; below zero the account may only reduce.
    ///
    /// # Errors
    /// As [`Self::margin`].
    pub fn free_margin(&self, risk: &RiskTable) -> Result<Quote, ClearingError> {
        self.exposures.iter().try_fold(self.cash, |free, exposure| {
            let row = risk.row(exposure.market).ok_or(ClearingError::UnknownMarket)?;
            sum(free, exposure.free(&row)?)
        })
    }

    /// As [`Self::free_margin`], without looking for a row that is at hand.
    #[inline]
    pub(crate) fn free_margin_with(
        &self,
        risk: &RiskTable,
        at_hand: &RiskRow,
    ) -> Result<Quote, ClearingError> {
        self.exposures.iter().try_fold(self.cash, |free, exposure| {
            if exposure.market == at_hand.market {
                return sum(free, exposure.free(at_hand)?);
            }
            let row = risk.row(exposure.market).ok_or(ClearingError::UnknownMarket)?;
            sum(free, exposure.free(&row)?)
        })
    }

    /// What may be withdrawn: the lesser of cash and free margin, never below zero.
    ///
    /// # Errors
    /// As [`Self::margin`].
    pub fn withdrawable(&self, risk: &RiskTable) -> Result<Quote, ClearingError> {
        Ok(self.free_margin(risk)?.min(self.cash).max(Quote::ZERO))
    }
}

impl Exposure {
    /// What the position adds to equity: its value at the mark, less its cost and what is due of funding and shared loss.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub fn value(&self, row: &RiskRow) -> Result<Quote, ClearingError> {
        if self.lots.is_zero() {
            return Ok(Quote::ZERO);
        }
        let worth = self.lots.value(row.mark, row.unit);
        let due = sum(self.funding_due(row)?, self.loss_due(row)?)?;
        difference(difference(worth, self.entry)?, due)
    }

    /// Funding that the position owes since it last paid, rounded up; below zero it receives, rounded down.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub fn funding_due(&self, row: &RiskRow) -> Result<Quote, ClearingError> {
        at_index(self.lots.get().into(), self.funding, row.funding)
    }

    /// Its share of losses since it last paid, rounded up.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub fn loss_due(&self, row: &RiskRow) -> Result<Quote, ClearingError> {
        at_index(self.lots.abs().get().into(), self.loss, row.loss)
    }

    /// What position and orders require: the margin of the largest position that they can lead to, and what fills may lose.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub fn required(&self, row: &RiskRow) -> Result<Quote, ClearingError> {
        let margin = row.initial_margin(row.mark.notional(self.worst_lots(), row.unit))?;
        if self.orders.is_empty() {
            return Ok(margin);
        }
        let loss = sum(self.orders.loss, self.drift(row)?)?;
        let opposed = if self.is_opposed() { self.orders.reduce_loss } else { Quote::ZERO };
        sum(margin, sum(loss, opposed)?)
    }

    /// What the position alone requires not to be liquidated.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    pub fn maintenance(&self, row: &RiskRow) -> Result<Quote, ClearingError> {
        row.maintenance_margin(row.mark.notional(self.lots.abs(), row.unit))
    }

    /// Lots of the largest position, either way, that any subset of the orders can lead to.
    #[inline]
    pub fn worst_lots(&self) -> Lots {
        let (lo, hi) = self.range();
        Lots::new(lo.unsigned_abs().max(hi.unsigned_abs()))
    }

    /// The positions that any subset of the orders can lead to.
    ///
    /// Positions and sums of orders stay below 2^50, so nothing saturates.
    #[inline]
    fn range(&self) -> (i64, i64) {
        let position = self.lots.get();
        let lots = |lots: Lots| i64::try_from(lots.get()).unwrap_or(i64::MAX);
        let orders = &self.orders;
        let lo = if position > 0 {
            position.saturating_sub(lots(orders.reduce_sells)).max(0)
        } else {
            position
        };
        let hi = if position < 0 {
            position.saturating_add(lots(orders.reduce_buys)).min(0)
        } else {
            position
        };
        (lo.saturating_sub(lots(orders.sells)), hi.saturating_add(lots(orders.buys)))
    }

    /// Whether plain orders could turn the position while reduce-only orders rest, so that these free no margin.
    #[inline]
    const fn is_opposed(&self) -> bool {
        let (buys, sells) = (!self.orders.buys.is_zero(), !self.orders.sells.is_zero());
        match self.lots.get() {
            1.. => sells,
            0 => buys && sells,
            _ => buys,
        }
    }

    /// What the losses of the orders may have grown by since they were measured.
    ///
    /// A fall of the mark costs every order to buy that much a lot, a rise every order to sell; and with a fall the margin that
    /// reduce-only orders free covers less.
    #[inline]
    fn drift(&self, row: &RiskRow) -> Result<Quote, ClearingError> {
        let (orders, then) = (&self.orders, self.orders.basis.mark);
        if then == row.mark {
            return Ok(Quote::ZERO);
        }
        let both = |a: Lots, b: Lots| a.checked_add(b).ok_or(ClearingError::Overflow);
        match then.checked_sub(row.mark) {
            Some(fall) => {
                let buys = both(orders.buys, orders.reduce_buys)?;
                let reduce = both(orders.reduce_buys, orders.reduce_sells)?.get();
                let covered = covered_per_lot(orders.basis, row.unit);
                let covered_now = covered_per_lot(orders.basis.at(row.mark), row.unit);
                let uncovered = covered.saturating_sub(covered_now).checked_mul(reduce.into());
                let uncovered = uncovered.and_then(|money| i128::try_from(money).ok());
                let uncovered = uncovered.map(Quote::new).ok_or(ClearingError::Overflow)?;
                sum(fall.notional(buys, row.unit), uncovered)
            }
            None => {
                let rise = row.mark.checked_sub(then).ok_or(ClearingError::Overflow)?;
                Ok(rise.notional(both(orders.sells, orders.reduce_sells)?, row.unit))
            }
        }
    }

    #[inline]
    fn free(&self, row: &RiskRow) -> Result<Quote, ClearingError> {
        difference(self.value(row)?, self.required(row)?)
    }
}

impl RiskRow {
    /// Initial margin of a notional, rounded up.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub fn initial_margin(&self, notional: Quote) -> Result<Quote, ClearingError> {
        progressive(&self.tiers, notional, |tier| tier.initial)
    }

    /// Maintenance margin of a notional, rounded up.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    #[inline]
    pub fn maintenance_margin(&self, notional: Quote) -> Result<Quote, ClearingError> {
        progressive(&self.tiers, notional, |tier| tier.maintenance)
    }
}

/// The sum over tiers of rate x the part of the notional that lies in the tier, rounded up once.
#[inline]
fn progressive(
    tiers: &[MarginTier],
    notional: Quote,
    rate: impl Fn(&MarginTier) -> Ppm,
) -> Result<Quote, ClearingError> {
    match tiers.first() {
        Some(first) if notional <= first.notional_max => rate_of(notional, rate(first)),
        Some(_) | None => beyond_first(tiers, notional, rate),
    }
}

/// `ceil(notional x rate)`, nearly always in 64 bits.
#[inline]
fn rate_of(notional: Quote, rate: Ppm) -> Result<Quote, ClearingError> {
    const ONE: u64 = Ppm::ONE.get().unsigned_abs() as u64;
    let small = u64::try_from(notional.get()).ok().zip(u64::try_from(rate.get()).ok());
    match small.and_then(|(notional, rate)| notional.checked_mul(rate)) {
        Some(product) => Ok(Quote::new(product.div_ceil(ONE).into())),
        None => notional.at_rate(rate, Rounding::Ceil).ok_or(ClearingError::Overflow),
    }
}

#[cold]
fn beyond_first(
    tiers: &[MarginTier],
    notional: Quote,
    rate: impl Fn(&MarginTier) -> Ppm,
) -> Result<Quote, ClearingError> {
    let mut millionths = 0_i128;
    let mut from = 0;
    for tier in tiers {
        let to = tier.notional_max.min(notional).get();
        let part = to.saturating_sub(from).checked_mul(rate(tier).get().into());
        let with = part.and_then(|part| millionths.checked_add(part));
        millionths = with.ok_or(ClearingError::Overflow)?;
        from = to;
    }
    mul_div(millionths, 1, Ppm::ONE.get().into(), Rounding::Ceil)
        .map(Quote::new)
        .ok_or(ClearingError::Overflow)
}

/// `ceil(lots x (to - from) / 2^32)`.
#[inline]
fn at_index(lots: i128, from: i128, to: i128) -> Result<Quote, ClearingError> {
    if from == to {
        return Ok(Quote::ZERO);
    }
    let moved = to.checked_sub(from).ok_or(ClearingError::Overflow)?;
    mul_div(lots, moved, INDEX_ONE, Rounding::Ceil).map(Quote::new).ok_or(ClearingError::Overflow)
}

#[inline]
pub(crate) fn sum(a: Quote, b: Quote) -> Result<Quote, ClearingError> {
    a.checked_add(b).ok_or(ClearingError::Overflow)
}

#[inline]
pub(crate) fn difference(a: Quote, b: Quote) -> Result<Quote, ClearingError> {
    a.checked_sub(b).ok_or(ClearingError::Overflow)
}
