//! Accounts and their open orders, read and left.

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::ClearingError;
use heddle_clearing::MarketId;
use heddle_clearing::OpenOrders;
use heddle_clearing::RiskTable;
use heddle_sdk::Abort;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Workspace;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::call::Batch;
use crate::error::ExchangeError;

/// The account that a batch is for, if its signer may act for it.
pub(crate) fn authorise(
    ctx: &mut CallContext<'_, '_>,
    batch: &Batch,
) -> Result<Account, CallError> {
    let signer = *ctx.signer();
    let value = ctx.read(&heddle_clearing::account_key(batch.account))?;
    let value = value.ok_or(refused(ClearingError::UnknownAccount))?;
    let account: Account =
        decode_exact(value.as_bytes()).map_err(|_| ExchangeError::CorruptState)?;
    if account.owner == signer { Ok(account) } else { Err(refused(ClearingError::NotAuthorised)) }
}

/// Leaves an account.
pub(crate) fn write_account(state: &mut Workspace<'_>, account: &Account) -> Result<(), Abort> {
    state.write(&heddle_clearing::account_key(account.id), Value::from(encode(account)))
}

/// An account's open orders in a market.
pub(crate) fn read_orders(
    state: &mut Workspace<'_>,
    account: AccountId,
    market: MarketId,
) -> Result<OpenOrders, CallError> {
    match state.read(&heddle_clearing::orders_key(account, market))? {
        Some(value) => Ok(decode_exact(value.as_bytes()).map_err(|_| ExchangeError::CorruptState)?),
        None => Ok(OpenOrders::default()),
    }
}

/// Leaves an account's open orders in a market.
pub(crate) fn write_orders(
    state: &mut Workspace<'_>,
    (account, market): (AccountId, MarketId),
    orders: &OpenOrders,
) -> Result<(), Abort> {
    state.write(&heddle_clearing::orders_key(account, market), Value::from(encode(orders)))
}

/// The risk table of this block.
pub(crate) fn read_risk_table(state: &mut Workspace<'_>) -> Result<RiskTable, CallError> {
    let value = state.read(&heddle_clearing::risk_table_key())?;
    let table = value.and_then(RiskTable::from_value);
    Ok(table.ok_or(ExchangeError::UnknownMarket)?)
}

/// With the code that the exchange shows for it.
pub(crate) fn refused(error: ClearingError) -> CallError {
    CallError::Refused(ExchangeError::CLEARING.saturating_add(error.code()))
}
