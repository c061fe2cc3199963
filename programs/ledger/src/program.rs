//! The ledger as a program.

use heddle_sdk::Abort;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::GenesisView;
use heddle_sdk::Program;
use heddle_sdk::SetFull;
use heddle_sdk::Workspace;
use heddle_sdk::native;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::call::LedgerCall;
use crate::error::LedgerError;
use crate::event::Creation;
use crate::event::Issue;
use crate::event::LedgerEvent;
use crate::event::Transfer;
use crate::genesis;
use crate::keys;
use crate::keys::AssetInfo;

/// What a call takes, in about nanoseconds.
const CALL_NANOS: u64 = 100;

/// The ledger.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ledger;

impl Program for Ledger {
    fn id(&self) -> ProgramId {
        ProgramId::LEDGER
    }

    fn name(&self) -> &'static str {
        "ledger"
    }

    fn access(
        &self,
        call: &[u8],
        signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        Ok(declare(&decode(call)?, signer, declaration)?)
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        let signer = *ctx.signer();
        match decode(call)? {
            LedgerCall::Transfer { to, asset, amount } => {
                transfer(ctx, &Transfer { from: signer, to, asset, amount })
            }
            LedgerCall::CreateAsset { asset, decimals, authority } => {
                create(ctx, &Creation { asset, decimals, authority })
            }
            LedgerCall::Mint { asset, to, amount } => {
                mint(ctx, &signer, &Issue { account: to, asset, amount })
            }
            LedgerCall::Burn { asset, amount } => {
                burn(ctx, &Issue { account: signer, asset, amount })
            }
        }
    }

    fn error(&self, code: u16) -> Option<ErrorText> {
        LedgerError::from_code(code).map(LedgerError::text)
    }

    fn describe_event(&self, kind: u16, data: &[u8]) -> Option<Described> {
        LedgerEvent::decode(kind, data).map(|event| event.describe())
    }

    fn describe_call(&self, call: &[u8]) -> Option<Described> {
        decode(call).ok().map(|call| call.describe())
    }

    fn genesis(
        &self,
        data: &[u8],
        _view: &GenesisView<'_>,
    ) -> Result<Vec<(StateKey, Value)>, CallError> {
        genesis::entries(data)
    }
}

fn decode(call: &[u8]) -> Result<LedgerCall, LedgerError> {
    // What nearly all calls are, without asking for each field whether the bytes end there.
    if let Some(transfer) = LedgerCall::decode_transfer(call) {
        return Ok(transfer);
    }
    decode_exact(call).map_err(|_| LedgerError::MalformedCall)
}

fn declare(
    call: &LedgerCall,
    signer: &Address,
    declaration: &mut Declaration<'_>,
) -> Result<(), SetFull> {
    declaration.cost(CALL_NANOS);
    match call {
        LedgerCall::Transfer { to, asset, amount: _ } => {
            declaration.declare(native::balance_key(signer, asset), AccessMode::Write)?;
            declaration.declare(native::balance_key(to, asset), AccessMode::Add)
        }
        LedgerCall::CreateAsset { asset, decimals: _, authority: _ } => {
            declaration.declare(keys::asset_key(asset), AccessMode::Write)?;
            declaration.declare(keys::supply_key(asset), AccessMode::Write)
        }
        LedgerCall::Mint { asset, to, amount: _ } => {
            declaration.declare(keys::asset_key(asset), AccessMode::Read)?;
            declaration.declare(keys::supply_key(asset), AccessMode::Write)?;
            declaration.declare(native::balance_key(to, asset), AccessMode::Add)
        }
        LedgerCall::Burn { asset, amount: _ } => {
            declaration.declare(keys::asset_key(asset), AccessMode::Read)?;
            declaration.declare(keys::supply_key(asset), AccessMode::Write)?;
            declaration.declare(native::balance_key(signer, asset), AccessMode::Write)
        }
    }
}

fn transfer(state: &mut Workspace<'_>, transfer: &Transfer) -> Result<(), CallError> {
    debit(state, &transfer.from, &transfer.asset, transfer.amount)?;
    credit(state, &transfer.to, &transfer.asset, transfer.amount);
    Ok(LedgerEvent::Transfer(*transfer).emit(state)?)
}

fn create(state: &mut Workspace<'_>, creation: &Creation) -> Result<(), CallError> {
    let Creation { asset, decimals, authority } = *creation;
    if decimals > LedgerCall::DECIMALS_MAX {
        return Err(LedgerError::InvalidDecimals.into());
    }
    let key = keys::asset_key(&asset);
    if asset == AssetId::HDL || state.read(&key)?.is_some() {
        return Err(LedgerError::AssetExists.into());
    }
    let info = AssetInfo { decimals, authority: Some(authority) };
    state.write(&key, Value::from(encode(&info)))?;
    write_amount(state, &keys::supply_key(&asset), Amount::ZERO)?;
    Ok(LedgerEvent::AssetCreated(*creation).emit(state)?)
}

fn mint(state: &mut Workspace<'_>, signer: &Address, issue: &Issue) -> Result<(), CallError> {
    let supply = authorised_supply(state, signer, issue)?;
    // Every balance is part of the supply, so this bound is also what keeps the credit below from overflowing.
    let supply = supply.checked_add(issue.amount).ok_or(LedgerError::SupplyOverflow)?;
    write_amount(state, &keys::supply_key(&issue.asset), supply)?;
    credit(state, &issue.account, &issue.asset, issue.amount);
    Ok(LedgerEvent::Mint(*issue).emit(state)?)
}

fn burn(state: &mut Workspace<'_>, issue: &Issue) -> Result<(), CallError> {
    let supply = authorised_supply(state, &issue.account, issue)?;
    debit(state, &issue.account, &issue.asset, issue.amount)?;
    let supply = supply.checked_sub(issue.amount).ok_or(LedgerError::InsufficientBalance)?;
    write_amount(state, &keys::supply_key(&issue.asset), supply)?;
    Ok(LedgerEvent::Burn(*issue).emit(state)?)
}

/// The asset's supply, if `signer` may change it.
fn authorised_supply(
    state: &mut Workspace<'_>,
    signer: &Address,
    issue: &Issue,
) -> Result<Amount, CallError> {
    if issue.amount == Amount::ZERO {
        return Err(LedgerError::ZeroAmount.into());
    }
    if issue.asset == AssetId::HDL {
        return Err(LedgerError::NativeAsset.into());
    }
    let info = state.read(&keys::asset_key(&issue.asset))?.ok_or(LedgerError::UnknownAsset)?;
    let info: AssetInfo = decode_exact(info.as_bytes()).map_err(|_| LedgerError::UnknownAsset)?;
    if info.authority != Some(*signer) {
        return Err(LedgerError::NotAuthority.into());
    }
    Ok(read_amount(state, &keys::supply_key(&issue.asset))?)
}

/// Takes `amount` of `asset` from `owner`, who must have it. Needs `Write` of the balance.
///
/// # Errors
/// [`LedgerError::ZeroAmount`], [`LedgerError::InsufficientBalance`], or what the workspace aborts for.
pub fn debit(
    state: &mut Workspace<'_>,
    owner: &Address,
    asset: &AssetId,
    amount: Amount,
) -> Result<(), CallError> {
    if amount == Amount::ZERO {
        return Err(LedgerError::ZeroAmount.into());
    }
    let key = native::balance_key(owner, asset);
    let balance = read_amount(state, &key)?;
    let left = balance.checked_sub(amount).ok_or(LedgerError::InsufficientBalance)?;
    if left == Amount::ZERO && *asset != AssetId::HDL {
        Ok(state.delete(&key)?)
    } else {
        Ok(write_amount(state, &key, left)?)
    }
}

/// Gives `amount` of `asset` to `owner`. Needs `Add` of the balance. The amount must come from a debit or a mint, which keep
/// the sum of all balances within `Amount::MAX`.
pub fn credit(state: &mut Workspace<'_>, owner: &Address, asset: &AssetId, amount: Amount) {
    state.add(&native::balance_key(owner, asset), amount.signed());
}

/// Takes `amount` of `asset` from `owner`, a program's own account, unseen, so that payments out of it commute. Needs `Add` of the balance. The program knows
/// that the account holds as much: it keeps books of its own.
pub fn release(state: &mut Workspace<'_>, owner: &Address, asset: &AssetId, amount: Amount) {
    state.add(&native::balance_key(owner, asset), amount.signed().saturating_neg());
}

fn read_amount(state: &mut Workspace<'_>, key: &StateKey) -> Result<Amount, Abort> {
    let value = state.read(key)?;
    // Nothing but this program and the runtime writes these keys, and both write amounts.
    Ok(value.map_or(Amount::ZERO, |value| {
        native::decode_amount(value.as_bytes()).expect("the ledger's numbers are amounts")
    }))
}

fn write_amount(state: &mut Workspace<'_>, key: &StateKey, amount: Amount) -> Result<(), Abort> {
    state.write(key, Value::new(&native::encode_amount(amount)))
}
