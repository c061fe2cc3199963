//! Collateral on its way in and out.

use heddle_num::Quote;
use heddle_sdk::CallError;
use heddle_sdk::Workspace;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Value;

use crate::account::Account;
use crate::account::AccountStatus;
use crate::error::ClearingError;
use crate::event::AccountOpened;
use crate::event::ClearingEvent;
use crate::event::Deposited;
use crate::event::Donated;
use crate::event::Moved;
use crate::event::Withdrawn;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::keys;
use crate::keys::Lane;
use crate::liquidation::Touched;
use crate::liquidation::touch;
use crate::risk_table::MarketStatus;
use crate::risk_table::RiskTable;
use crate::state;
use crate::venue::vault;
use heddle_oracle::Quality;

/// An amount of an asset that a call names.
#[derive(Clone, Copy)]
pub(crate) struct Payment {
    pub(crate) asset: AssetId,
    pub(crate) amount: Amount,
}

/// A sub-account that does not exist yet.
#[derive(Clone, Copy)]
pub(crate) struct NewAccount {
    pub(crate) owner: Address,
    pub(crate) sub: u8,
    pub(crate) isolated: Option<MarketId>,
}

pub(crate) fn open(
    work: &mut Workspace<'_>,
    new: &NewAccount,
    payment: Payment,
) -> Result<(), CallError> {
    let owned = keys::owner_key(&new.owner, new.sub);
    if work.read(&owned)?.is_some() {
        return Err(ClearingError::AccountExists.into());
    }
    let id = next_account(work)?;
    work.write(&owned, Value::new(&id.get().to_le_bytes()))?;
    let mut account = Account::new(id, new.owner, new.sub);
    account.isolated = new.isolated;
    ClearingEvent::from(AccountOpened { account: id, owner: new.owner, sub: new.sub })
        .emit(work)?;
    pay_in(work, &new.owner, &mut account, payment)
}

pub(crate) fn deposit(
    work: &mut Workspace<'_>,
    signer: &Address,
    account: AccountId,
    payment: Payment,
) -> Result<(), CallError> {
    let mut account = state::read_account(work, account)?;
    touch(work, &[Touched::account(account.id)])?;
    pay_in(work, signer, &mut account, payment)
}

pub(crate) fn withdraw(
    work: &mut Workspace<'_>,
    signer: &Address,
    account: AccountId,
    payment: Payment,
) -> Result<(), CallError> {
    check_asset(work, payment.asset)?;
    let mut account = owned(work, signer, account)?;
    take_out(work, &mut account, payment.amount)?;
    touch(work, &[Touched::account(account.id)])?;
    state::write_account(work, &account)?;
    heddle_ledger::release(work, &vault(), &payment.asset, payment.amount);
    heddle_ledger::credit(work, signer, &payment.asset, payment.amount);
    add_to_both(work, payment.amount.signed().saturating_neg());
    let event = Withdrawn { account: account.id, amount: payment.amount };
    Ok(ClearingEvent::from(event).emit(work)?)
}

pub(crate) fn transfer(
    work: &mut Workspace<'_>,
    signer: &Address,
    (from, to): (AccountId, AccountId),
    amount: Amount,
) -> Result<(), CallError> {
    if from == to {
        return Err(ClearingError::OtherOwner.into());
    }
    let mut source = owned(work, signer, from)?;
    let mut target = state::read_account(work, to)?;
    if target.owner != *signer {
        return Err(ClearingError::OtherOwner.into());
    }
    take_out(work, &mut source, amount)?;
    touch(work, &[from, to].map(Touched::account))?;
    target.cash = with(target.cash, amount.signed())?;
    state::write_account(work, &source)?;
    state::write_account(work, &target)?;
    Ok(ClearingEvent::from(Moved { from, to, amount }).emit(work)?)
}

pub(crate) fn donate(
    work: &mut Workspace<'_>,
    signer: &Address,
    payment: Payment,
) -> Result<(), CallError> {
    collect(work, signer, payment)?;
    state::add_to_lane(work, Lane::Insurance, Quote::new(payment.amount.signed()));
    state::add_to_lane(work, Lane::Vault, Quote::new(payment.amount.signed()));
    let event = Donated { from: *signer, amount: payment.amount };
    Ok(ClearingEvent::from(event).emit(work)?)
}

/// An account that the signer owns and that may act.
pub(crate) fn owned(
    work: &mut Workspace<'_>,
    signer: &Address,
    account: AccountId,
) -> Result<Account, CallError> {
    let account = state::read_account(work, account)?;
    if account.owner != *signer {
        return Err(ClearingError::NotAuthorised.into());
    }
    match account.status {
        AccountStatus::Active => Ok(account),
        AccountStatus::Frozen => Err(ClearingError::AccountFrozen.into()),
    }
}

fn next_account(work: &mut Workspace<'_>) -> Result<AccountId, CallError> {
    let key = keys::next_account_key();
    let number = match work.read(&key)? {
        Some(value) => {
            let bytes = value.as_bytes().try_into();
            u32::from_le_bytes(bytes.map_err(|_| ClearingError::CorruptState)?)
        }
        None => 0,
    };
    let next = number.checked_add(1).ok_or(ClearingError::TooMany)?;
    work.write(&key, Value::new(&next.to_le_bytes()))?;
    Ok(AccountId::new(number))
}

fn pay_in(
    work: &mut Workspace<'_>,
    from: &Address,
    account: &mut Account,
    payment: Payment,
) -> Result<(), CallError> {
    collect(work, from, payment)?;
    account.cash = with(account.cash, payment.amount.signed())?;
    state::write_account(work, account)?;
    add_to_both(work, payment.amount.signed());
    let event = Deposited { account: account.id, amount: payment.amount };
    Ok(ClearingEvent::from(event).emit(work)?)
}

/// Takes a payment from the ledger into the vault.
fn collect(work: &mut Workspace<'_>, from: &Address, payment: Payment) -> Result<(), CallError> {
    check_asset(work, payment.asset)?;
    if payment.amount == Amount::ZERO {
        return Err(ClearingError::Zero.into());
    }
    // What the ledger refuses for would be read as one of clearing's codes.
    heddle_ledger::debit(work, from, &payment.asset, payment.amount).map_err(
        |error| match error {
            CallError::Refused(_) => ClearingError::InsufficientCollateral.into(),
            CallError::Aborted(_) => error,
        },
    )?;
    heddle_ledger::credit(work, &vault(), &payment.asset, payment.amount);
    Ok(())
}

fn check_asset(work: &mut Workspace<'_>, asset: AssetId) -> Result<(), CallError> {
    let venue = state::read_venue(work)?;
    if venue.asset == asset { Ok(()) } else { Err(ClearingError::WrongAsset.into()) }
}

/// Takes collateral that nothing requires off an account.
fn take_out(
    work: &mut Workspace<'_>,
    account: &mut Account,
    amount: Amount,
) -> Result<(), CallError> {
    if amount == Amount::ZERO {
        return Err(ClearingError::Zero.into());
    }
    let risk = state::read_risk_table(work)?;
    check_prices(account, &risk)?;
    if Quote::new(amount.signed()) > account.withdrawable(&risk)? {
        return Err(ClearingError::InsufficientCollateral.into());
    }
    account.cash = with(account.cash, amount.signed().saturating_neg())?;
    Ok(())
}

/// What is required is known only where prices are good: fresh, and of markets that work.
fn check_prices(account: &Account, risk: &RiskTable) -> Result<(), ClearingError> {
    account.exposures.iter().try_for_each(|exposure| {
        let row = risk.row(exposure.market).ok_or(ClearingError::UnknownMarket)?;
        if row.status >= MarketStatus::Frozen {
            return Err(ClearingError::MarketNotOpen);
        }
        if row.quality.has(Quality::INCREASE) { Ok(()) } else { Err(ClearingError::PriceQuality) }
    })
}

fn with(cash: Quote, amount: i128) -> Result<Quote, ClearingError> {
    cash.checked_add(Quote::new(amount)).ok_or(ClearingError::Overflow)
}

/// Counts what came into, or went out of, vault and accounts.
fn add_to_both(work: &mut Workspace<'_>, amount: i128) {
    state::add_to_lane(work, Lane::Accounts, Quote::new(amount));
    state::add_to_lane(work, Lane::Vault, Quote::new(amount));
}
