//! Automatic deleveraging: the position of an account that owes is closed against the most profitable opposite ones.
//!
//! They trade at the bankruptcy price, at which the account owes nothing any more: the mark, and for each lot its part of the debt. Where that
//! would cost a counterparty more than what its lots have gained at the mark, it pays those gains, and no more.

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_num::mul_div;

use crate::ids::AccountId;

/// A position that may be closed to deleverage another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counterparty {
    /// Whose.
    pub account: AccountId,
    /// The whole position.
    pub lots: SignedLots,
    /// What it cost.
    pub entry: Quote,
    /// How many of the lots may be closed, whatever the direction: not more than there are.
    pub offers: Lots,
}

/// A part of a position that changes hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Against whom.
    pub account: AccountId,
    /// How many.
    pub lots: Lots,
    /// What this counterparty pays above what the lots are worth at the mark, or receives less. Not below zero.
    pub pays: Quote,
}

/// What is done about one position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleveraging {
    /// Who closes how much of it, in this order.
    pub matches: Vec<Match>,
    /// Lots for which there is nobody, or that have to wait for another block.
    pub lots_left: Lots,
    /// What no counterparty pays. If no lots are left it is shared.
    pub debt_left: Quote,
}

/// A position that owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owing {
    /// How many lots of it there are to close, whatever the direction.
    pub lots: Lots,
    /// What is owed for them, above zero.
    pub debt: Quote,
}

/// Closes a position against `counterparties`, which hold the opposite direction and are ordered by profit per notional, the highest first. What counterparties pay and what is left is together what is owed, exactly.
///
/// None when an amount does not fit.
pub fn deleverage(
    owing: Owing,
    counterparties: impl IntoIterator<Item = Counterparty>,
    (mark, unit): (Ticks, UnitValue),
) -> Option<Deleveraging> {
    let mut plan =
        Deleveraging { matches: Vec::new(), lots_left: owing.lots, debt_left: owing.debt };
    for counterparty in counterparties {
        if plan.lots_left.is_zero() {
            break;
        }
        let lots = counterparty.offers.min(plan.lots_left);
        let asked = part(plan.debt_left, lots, plan.lots_left, Rounding::Ceil)?;
        let pays = asked.min(counterparty.gains(lots, mark, unit)?);
        plan.lots_left = plan.lots_left.checked_sub(lots)?;
        plan.debt_left = plan.debt_left.checked_sub(pays)?;
        plan.matches.push(Match { account: counterparty.account, lots, pays });
    }
    Some(plan)
}

impl Counterparty {
    /// What so many of its lots have gained at the mark, rounded down; zero where they have lost.
    fn gains(&self, lots: Lots, mark: Ticks, unit: UnitValue) -> Option<Quote> {
        let profit = self.lots.value(mark, unit).checked_sub(self.entry)?;
        part(profit.max(Quote::ZERO), lots, self.lots.abs(), Rounding::Floor)
    }
}

/// What `lots` have of an amount that is for `of` lots.
fn part(amount: Quote, lots: Lots, of: Lots, rounding: Rounding) -> Option<Quote> {
    mul_div(amount.get(), i128::from(lots.get()), i128::from(of.get()), rounding).map(Quote::new)
}
