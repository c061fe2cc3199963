//! A position as a person wants to know it.

use heddle_clearing::Exposure;
use heddle_clearing::Margin;
use heddle_clearing::RiskRow;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::Ticks;
use heddle_num::mul_div;

/// A position at the marks of the last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionView {
    /// What the account has in the market.
    pub exposure: Exposure,
    /// The mark price.
    pub mark: Ticks,
    /// The average price that the position cost, in hundredths of a tick, to the nearest.
    pub entry_hundredths: i128,
    /// What it is worth, whatever its direction.
    pub notional: Quote,
    /// What closing it at the mark would gain, funding and shared loss apart.
    pub unrealised: Quote,
    /// Funding that it owes since it last paid; below zero it receives.
    pub funding_due: Quote,
    /// What position and orders of this market require.
    pub required: Quote,
    /// What the position requires not to be liquidated.
    pub maintenance: Quote,
    /// The mark nearest to the present one at which the account is liquidated, while the other marks and all indices stay; none if
    /// no mark does that.
    pub liquidation: Option<Ticks>,
}

impl PositionView {
    /// Of an account of this margin. None when an amount does not fit.
    pub(super) fn new(exposure: &Exposure, row: &RiskRow, margin: &Margin) -> Option<Self> {
        let Exposure { lots, entry, .. } = *exposure;
        let per_tick = i128::from(lots.get()).checked_mul(row.unit.get().into())?;
        Some(Self {
            exposure: *exposure,
            mark: row.mark,
            entry_hundredths: mul_div(entry.get(), 100, per_tick, Rounding::HalfAway)?,
            notional: row.mark.notional(lots.abs(), row.unit),
            unrealised: lots.value(row.mark, row.unit).checked_sub(entry)?,
            funding_due: exposure.funding_due(row).ok()?,
            required: exposure.required(row).ok()?,
            maintenance: exposure.maintenance(row).ok()?,
            liquidation: liquidation_price(exposure, row, margin)?,
        })
    }
}

/// See [`PositionView::liquidation`]; none of the outer kind when an amount does not fit.
///
/// Found by bisection on the very amounts that liquidation is decided by, so it is right to the tick. That works because headroom only
/// falls as the mark moves against the position: a tick takes `lots x unit` of equity, and margin of at most the whole gives back no more.
fn liquidation_price(exposure: &Exposure, row: &RiskRow, margin: &Margin) -> Option<Option<Ticks>> {
    let (here, below) = (exposure.value(row).ok()?, exposure.maintenance(row).ok()?);
    let elsewhere = (margin.equity.checked_sub(here)?, margin.maintenance.checked_sub(below)?);
    let is_liquidated = |mark: u32| {
        let row = RiskRow { mark: Ticks::new(mark), ..*row };
        let equity = elsewhere.0.checked_add(exposure.value(&row).ok()?)?;
        let maintenance = elsewhere.1.checked_add(exposure.maintenance(&row).ok()?)?;
        Some(equity < maintenance)
    };
    let now = row.mark.get();
    if is_liquidated(now)? {
        return Some(Some(row.mark));
    }
    let worst = if exposure.lots.get() > 0 { 1 } else { u32::MAX };
    if !is_liquidated(worst)? {
        return Some(None);
    }
    // Sound on the one side, liquidated on the other.
    let (mut sound, mut liquidated) = (now, worst);
    while sound.abs_diff(liquidated) > 1 {
        let middle = sound.midpoint(liquidated);
        if is_liquidated(middle)? {
            liquidated = middle;
        } else {
            sound = middle;
        }
    }
    Some(Some(Ticks::new(liquidated)))
}
