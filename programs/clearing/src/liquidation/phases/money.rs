//! Where money goes that moves between accounts and what is shared by all.

use heddle_num::Quote;
use heddle_sdk::Workspace;

use crate::account::Account;
use crate::error::ClearingError;
use crate::ids::MarketId;
use crate::keys::Lane;
use crate::liquidation::keys::BadDebt;
use crate::margin::difference;
use crate::risk_table::RiskTable;
use crate::settle::Settled;

/// Adds what an account has more than before to the sum over all accounts.
///
/// # Errors
/// [`ClearingError::Overflow`].
pub(super) fn book_net(
    work: &mut Workspace<'_>,
    before: Quote,
    account: &Account,
) -> Result<(), ClearingError> {
    let change = difference(account.net()?, before)?;
    if !change.is_zero() {
        work.add(&Lane::Accounts.key(), change.get());
    }
    Ok(())
}

/// Adds what an account paid of funding and shared loss to the market's pools.
pub(super) fn book_dues(work: &mut Workspace<'_>, market: MarketId, settled: &Settled) {
    for (lane, paid) in
        [(Lane::Funding(market), settled.funding), (Lane::SharedLoss(market), settled.loss)]
    {
        if !paid.is_zero() {
            work.add(&lane.key(), paid.get());
        }
    }
}

/// Counts what somebody paid of an account's debt.
pub(super) fn book_payment(work: &mut Workspace<'_>, by: BadDebt, amount: Quote) {
    if !amount.is_zero() {
        work.add(&by.key(), amount.get());
    }
}

/// Counts by how much less an account owes than `before`, when this was its equity.
///
/// # Errors
/// [`ClearingError::Overflow`].
pub(super) fn book_relief(
    work: &mut Workspace<'_>,
    before: Quote,
    account: &Account,
    risk: &RiskTable,
) -> Result<(), ClearingError> {
    let after = account.health(risk)?.equity.min(Quote::ZERO);
    let relief = difference(after, before.min(Quote::ZERO))?;
    book_payment(work, BadDebt::Settled, relief);
    Ok(())
}
