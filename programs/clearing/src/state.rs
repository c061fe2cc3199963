//! What is in state, read and left with its type.

use heddle_num::Quote;
use heddle_sdk::Abort;
use heddle_sdk::CallError;
use heddle_sdk::Workspace;
use heddle_sdk::decode_number;
use heddle_types::Canonical;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::account::Account;
use crate::error::ClearingError;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::keys;
use crate::keys::Lane;
use crate::orders::OpenOrders;
use crate::params::MarketParams;
use crate::risk_table::RiskTable;
use crate::venue::Venue;

/// What is at `key`; none when nothing is.
pub(crate) fn read<T: Canonical>(
    work: &mut Workspace<'_>,
    key: &StateKey,
) -> Result<Option<T>, CallError> {
    Ok(match work.read(key)? {
        Some(value) => Some(decode(&value)?),
        None => None,
    })
}

/// The value that these bytes are. Nothing but this program writes its keys, so others are a broken invariant.
pub(crate) fn decode<T: Canonical>(value: &Value) -> Result<T, ClearingError> {
    decode_exact(value.as_bytes()).map_err(|_| ClearingError::CorruptState)
}

pub(crate) fn write<T: Canonical>(
    work: &mut Workspace<'_>,
    key: &StateKey,
    to: &T,
) -> Result<(), Abort> {
    work.write(key, Value::from(encode(to)))
}

/// An account. Needs `Read` or `Write` of [`crate::account_key`].
///
/// # Errors
/// [`ClearingError::UnknownAccount`], or what the workspace aborts for.
pub fn read_account(work: &mut Workspace<'_>, account: AccountId) -> Result<Account, CallError> {
    let found = read(work, &keys::account_key(account))?;
    Ok(found.ok_or(ClearingError::UnknownAccount)?)
}

/// Leaves an account. Needs `Write` of [`crate::account_key`].
///
/// # Errors
/// What the workspace aborts for.
pub fn write_account(work: &mut Workspace<'_>, account: &Account) -> Result<(), Abort> {
    write(work, &keys::account_key(account.id), account)
}

/// An account's open orders in a market. Needs `Read` or `Write` of [`crate::orders_key`].
///
/// # Errors
/// What the workspace aborts for.
pub fn read_orders(
    work: &mut Workspace<'_>,
    account: AccountId,
    market: MarketId,
) -> Result<OpenOrders, CallError> {
    Ok(read(work, &keys::orders_key(account, market))?.unwrap_or_default())
}

/// Leaves an account's open orders in a market. An empty list stays, with the deposit that its key took. Needs `Write` of
/// [`crate::orders_key`].
///
/// # Errors
/// What the workspace aborts for.
pub fn write_orders(
    work: &mut Workspace<'_>,
    (account, market): (AccountId, MarketId),
    orders: &OpenOrders,
) -> Result<(), Abort> {
    write(work, &keys::orders_key(account, market), orders)
}

/// The risk table of the block; without markets before there was a first. Needs `Read` of [`crate::risk_table_key`].
///
/// # Errors
/// What the workspace aborts for.
pub fn read_risk_table(work: &mut Workspace<'_>) -> Result<RiskTable, CallError> {
    match work.read(&keys::risk_table_key())? {
        Some(value) => Ok(RiskTable::from_value(value).ok_or(ClearingError::CorruptState)?),
        None => Ok(RiskTable::new(&[Quote::ZERO; 4], &[])),
    }
}

/// A market's parameters. Needs `Read` of [`crate::params_key`].
///
/// # Errors
/// [`ClearingError::UnknownMarket`], or what the workspace aborts for.
pub fn read_params(work: &mut Workspace<'_>, market: MarketId) -> Result<MarketParams, CallError> {
    let found = read(work, &keys::params_key(market))?;
    Ok(found.ok_or(ClearingError::UnknownMarket)?)
}

/// The venue. Needs `Read` of [`crate::venue_key`].
///
/// # Errors
/// [`ClearingError::NotAuthority`] when there is none, because the genesis has no section for it; or what the workspace aborts for.
pub fn read_venue(work: &mut Workspace<'_>) -> Result<Venue, CallError> {
    let found = read(work, &keys::venue_key())?;
    Ok(found.ok_or(ClearingError::NotAuthority)?)
}

/// Adds money to a lane. Needs `Add` of its key.
pub fn add_to_lane(work: &mut Workspace<'_>, lane: Lane, amount: Quote) {
    if !amount.is_zero() {
        work.add(&lane.key(), amount.get());
    }
}

/// What is in a lane. Needs `Read` of its key.
///
/// # Errors
/// What the workspace aborts for.
pub fn read_lane(work: &mut Workspace<'_>, lane: Lane) -> Result<i128, CallError> {
    read_number(work, &lane.key())
}

/// A number that is added to; zero where there is none yet.
pub(crate) fn read_number(work: &mut Workspace<'_>, key: &StateKey) -> Result<i128, CallError> {
    match work.read(key)? {
        Some(value) => Ok(decode_number(value.as_bytes()).ok_or(ClearingError::CorruptState)?),
        None => Ok(0),
    }
}
