//! Everything about one margin account.

use heddle_clearing::Account;
use heddle_clearing::Margin;
use heddle_clearing::RiskTable;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::mul_div;

use super::PositionView;

/// A margin account and what it comes to at the marks of the last block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// Its equity, and what is asked of it.
    pub margin: Margin,
    /// Equity less requirements; below zero the account may only reduce.
    pub free: Quote,
    /// What may be withdrawn.
    pub withdrawable: Quote,
    /// Its positions, by market.
    pub positions: Vec<PositionView>,
}

impl AccountView {
    /// At the marks of `risk`; none when an amount does not fit, or there is no row for a market.
    pub(super) fn new(account: Account, risk: &RiskTable) -> Option<Self> {
        let margin = account.margin(risk).ok()?;
        let held = account.exposures.iter().filter(|exposure| !exposure.lots.is_zero());
        let positions = held
            .map(|exposure| PositionView::new(exposure, &risk.row(exposure.market)?, &margin))
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            free: margin.equity.checked_sub(margin.required)?,
            withdrawable: account.withdrawable(risk).ok()?,
            account,
            margin,
            positions,
        })
    }

    /// What all positions are worth over equity, in hundredths, to the nearest; none without equity.
    pub fn leverage_hundredths(&self) -> Option<i128> {
        let worth = self
            .positions
            .iter()
            .try_fold(Quote::ZERO, |sum, position| sum.checked_add(position.notional))?;
        let equity = Some(self.margin.equity).filter(|equity| *equity > Quote::ZERO)?;
        mul_div(worth.get(), 100, equity.get(), Rounding::HalfUp)
    }
}
