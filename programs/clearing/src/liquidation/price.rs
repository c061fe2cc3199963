//! At which prices a position that is liquidated may be closed, and what of it is insurance's: the formulas of dYdX v4
//! (`x/clob/keeper/liquidations.go`), on amounts.

use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_num::mul_div;
use thiserror::Error;

use crate::error::ClearingError;
use crate::liquidation::health::Health;
use crate::risk_table::RiskRow;

/// Why there is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClosingError {
    /// Nothing is closed, or what is closed is no part of the position.
    #[error("closing {delta} lots of a position of {position}")]
    NotPartOfPosition {
        /// What the account holds.
        position: SignedLots,
        /// What would be added to it.
        delta: SignedLots,
    },
    /// The account has no maintenance margin, so that it is not liquidatable.
    #[error("the account has no maintenance margin")]
    NoMargin,
    /// An amount does not fit.
    #[error("an amount is out of range")]
    OutOfRange,
}

impl From<ClosingError> for ClearingError {
    fn from(error: ClosingError) -> Self {
        match error {
            ClosingError::NotPartOfPosition { .. } | ClosingError::NoMargin => Self::BrokenOutcome,
            ClosingError::OutOfRange => Self::Overflow,
        }
    }
}

/// What insurance takes of what an account kept when some of its position was closed, `most` at most: so much that it keeps as much equity for
/// its maintenance margin as it had before. That is [`Closing::insurance_delta`] where that is above zero, seen from the account. Rounded down.
///
/// None when an amount does not fit.
pub fn insurance_fee(before: Health, after: Health, most: Quote) -> Option<Quote> {
    let kept = if before.maintenance > Quote::ZERO {
        let (equity, whole) = (before.equity.get(), before.maintenance.get());
        mul_div(equity, after.maintenance.get(), whole, Rounding::Ceil)?
    } else {
        0
    };
    let spare = after.equity.checked_sub(Quote::new(kept))?;
    Some(spare.min(most).max(Quote::ZERO))
}

/// A position as margin sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// What it is worth at the mark, below zero for a short one.
    pub value: Quote,
    /// Its maintenance margin at the mark.
    pub maintenance: Quote,
}

/// A position of which a part, or all, is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    position: SignedLots,
    before: Marked,
    after: Marked,
}

/// Parameters of the fillable price, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// How fast the price moves away from the mark, as the account loses its margin.
    pub bankruptcy_adjustment: Ppm,
    /// How far at most, as a part of the position's maintenance margin.
    pub to_maintenance: Ppm,
}

/// The worst price at which a position may be closed, exactly: `(value - spread) / lots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillablePrice {
    position: SignedLots,
    value: Quote,
    /// `spread_parts * maintenance / spread_whole`.
    spread_parts: i128,
    maintenance: Quote,
    spread_whole: i128,
}

impl Closing {
    /// Of a position in the row's market, at its mark.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn at_mark(
        row: &RiskRow,
        position: SignedLots,
        delta: SignedLots,
    ) -> Result<Self, ClosingError> {
        Self::new(position, delta, |lots| {
            let notional = row.mark.notional(lots.abs(), row.unit);
            let maintenance = row.maintenance_margin(notional).ok()?;
            Some(Marked { value: lots.value(row.mark, row.unit), maintenance })
        })
    }

    /// Of `position`, by adding `delta` to it; `marked` says what margin makes of a position in this market, none when that does not fit.
    ///
    /// # Errors
    /// [`ClosingError::NotPartOfPosition`], [`ClosingError::OutOfRange`].
    pub fn new(
        position: SignedLots,
        delta: SignedLots,
        marked: impl Fn(SignedLots) -> Option<Marked>,
    ) -> Result<Self, ClosingError> {
        let is_opposite = position.get().signum() == delta.get().signum().wrapping_neg();
        if delta.is_zero() || !is_opposite || delta.abs() > position.abs() {
            return Err(ClosingError::NotPartOfPosition { position, delta });
        }
        let after = position.checked_add(delta).and_then(&marked);
        match (marked(position), after) {
            (Some(before), Some(after)) => Ok(Self { position, before, after }),
            (None, _) | (_, None) => Err(ClosingError::OutOfRange),
        }
    }

    /// What the account receives, below zero what it pays, if the part is closed at its bankruptcy price: the price at which that
    /// uses up as much of the equity as the part has of the maintenance margin. Rounded up, so that not more is used up.
    ///
    /// # Errors
    /// [`ClosingError::NoMargin`], [`ClosingError::OutOfRange`].
    pub fn bankruptcy_quote(&self, health: Health) -> Result<Quote, ClosingError> {
        if health.maintenance <= Quote::ZERO {
            return Err(ClosingError::NoMargin);
        }
        let closed = self.before.value.checked_sub(self.after.value);
        let freed = self.before.maintenance.checked_sub(self.after.maintenance);
        let used = freed.and_then(|freed| {
            let freed = freed.get().checked_abs()?;
            mul_div(health.equity.get(), freed, health.maintenance.get(), Rounding::Floor)
        });
        let quote =
            closed.zip(used).and_then(|(closed, used)| closed.checked_sub(Quote::new(used)));
        quote.ok_or(ClosingError::OutOfRange)
    }

    /// The price at which closing the part receives, or pays, its [`Self::bankruptcy_quote`], in ticks. Rounded towards the mark; none when it is no
    /// price that an order can have.
    ///
    /// # Errors
    /// As [`Self::bankruptcy_quote`].
    pub fn bankruptcy_price(
        &self,
        health: Health,
        (delta, unit): (SignedLots, UnitValue),
    ) -> Result<Option<Ticks>, ClosingError> {
        let received = self.bankruptcy_quote(health)?;
        let given = delta.checked_neg().ok_or(ClosingError::OutOfRange)?;
        Ok(ticks_of(received, given, unit))
    }

    /// The worst price for this account's orders that close it: at the mark while the account has its maintenance margin, and
    /// further away, down to `spread.to_maintenance`, the less it has. The same for every part of the position.
    ///
    /// # Errors
    /// [`ClosingError::NoMargin`], [`ClosingError::OutOfRange`].
    pub fn fillable_price(
        &self,
        health: Health,
        spread: &Spread,
    ) -> Result<FillablePrice, ClosingError> {
        if health.maintenance <= Quote::ZERO {
            return Err(ClosingError::NoMargin);
        }
        let parts = spread_parts(health, spread).ok_or(ClosingError::OutOfRange)?;
        let whole = health.maintenance.get().checked_mul(PPM_SQUARED);
        Ok(FillablePrice {
            position: self.position,
            value: self.before.value,
            spread_parts: parts,
            maintenance: self.before.maintenance,
            spread_whole: whole.ok_or(ClosingError::OutOfRange)?,
        })
    }

    /// What insurance receives of a part that was closed for `traded` (received by the account, or below zero paid by it): all above
    /// the bankruptcy price, up to `fee_max` of what was traded, rounded down; below zero what it lacks of the bankruptcy price.
    ///
    /// # Errors
    /// [`ClosingError::NoMargin`], [`ClosingError::OutOfRange`].
    pub fn insurance_delta(
        &self,
        health: Health,
        traded: Quote,
        fee_max: Ppm,
    ) -> Result<Quote, ClosingError> {
        let bankruptcy = self.bankruptcy_quote(health)?;
        let delta = traded.checked_sub(bankruptcy).ok_or(ClosingError::OutOfRange)?;
        if delta <= Quote::ZERO {
            return Ok(delta);
        }
        let turnover = traded.get().checked_abs().map(Quote::new);
        let fee = turnover.and_then(|turnover| turnover.at_rate(fee_max, Rounding::Floor));
        Ok(delta.min(fee.ok_or(ClosingError::OutOfRange)?))
    }
}

const PPM: i128 = 1_000_000;
const PPM_SQUARED: i128 = PPM * PPM;

/// `clamp(adjustment (1 - equity / maintenance), 0, 1) spread`, times the maintenance margin and a million squared.
fn spread_parts(health: Health, spread: &Spread) -> Option<i128> {
    let lacks = health.maintenance.checked_sub(health.equity)?.get();
    let adjusted = lacks.checked_mul(i128::from(spread.bankruptcy_adjustment.get()))?;
    let most = health.maintenance.get().checked_mul(PPM)?;
    adjusted.clamp(0, most).checked_mul(i128::from(spread.to_maintenance.get()))
}

impl FillablePrice {
    /// In ticks: the lowest for a long position, which is sold, and the highest for a short one. Rounded towards the mark. None when it is no
    /// price that an order can have.
    pub fn ticks(&self, unit: UnitValue) -> Option<Ticks> {
        let parts = (self.spread_parts, self.maintenance.get(), self.spread_whole);
        // Of a whole value and a whole divisor, only the whole part of the spread counts.
        let spread = mul_div(parts.0, parts.1, parts.2, Rounding::Floor)?;
        let worst = self.value.get().checked_sub(spread)?;
        ticks_of(Quote::new(worst), self.position, unit)
    }

    /// As a fraction of money per lot in lowest terms, its denominator above zero; none when that does not fit.
    pub fn fraction(&self) -> Option<(i128, i128)> {
        let (parts, whole) = reduce(self.spread_parts, self.spread_whole)?;
        let (maintenance, whole) = reduce(self.maintenance.get(), whole)?;
        let spread = parts.checked_mul(maintenance)?;
        let worst = self.value.get().checked_mul(whole)?.checked_sub(spread)?;
        reduce(worst, whole.checked_mul(i128::from(self.position.get()))?)
    }
}

/// The worst price at which a position brings `value`: the lowest for a long one, the highest for a short one, of which both are below zero.
fn ticks_of(value: Quote, position: SignedLots, unit: UnitValue) -> Option<Ticks> {
    let per_tick = i128::from(position.get()).checked_mul(i128::from(unit.get()))?;
    let rounding = if position > SignedLots::ZERO { Rounding::Ceil } else { Rounding::Floor };
    let ticks = mul_div(value.get(), 1, per_tick, rounding)?;
    // What cannot be sold at any price is offered at the least one.
    u32::try_from(ticks.max(1)).ok().map(Ticks::new)
}

/// A fraction in lowest terms, its denominator above zero; none of a zero denominator, or the least number.
fn reduce(numerator: i128, denominator: i128) -> Option<(i128, i128)> {
    let (mut a, mut b) = (numerator.checked_abs()?, denominator.checked_abs()?);
    while b != 0 {
        (a, b) = (b, a.checked_rem(b)?);
    }
    let divisor = a.checked_mul(denominator.signum())?;
    Some((numerator.checked_div(divisor)?, denominator.checked_div(divisor)?))
}
