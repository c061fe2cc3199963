//! Where money goes that moves between accounts and what is shared by all.

use heddle_num::Quote;
use heddle_sdk::Workspace;

use crate::account::Account;
use crate::error::ClearingError;
use crate::ids::MarketId;
use crate::keys::Lane;
use crate::liquidation::keys::BadDebt;
use crate::margin::difference;
use crate::settle::Settled;

/// Adds what an account has more than before to the sum over all accounts.
///
/// # Errors
/// [`ClearingError::Overflow`].
pub(super) fn book_holdings(
    work: &mut Workspace<'_>,
    before: Quote,
    account: &Account,
) -> Result<(), ClearingError> {
    let change = difference(account.holdings()?, before)?;
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

/// Counts a debt that is owed no more, and who paid it.
pub(super) fn book_debt(work: &mut Workspace<'_>, by: BadDebt, amount: Quote) {
    if !amount.is_zero() {
        work.add(&BadDebt::Settled.key(), amount.get());
        work.add(&by.key(), amount.get());
    }
}
