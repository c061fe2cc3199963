//! The ledger's part of the first state: the native asset, and the assets of its section.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::CallError;
use heddle_sdk::native;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Canonical;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;
use heddle_types::limits;

use crate::call::LedgerCall;
use crate::error::LedgerError;
use crate::keys;
use crate::keys::AssetInfo;

/// The ledger's section of a genesis: the assets that exist from the start, strictly ascending by symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LedgerGenesis {
    /// The assets; not HDL, whose balances are the genesis' own accounts.
    pub assets: Vec<GenesisAsset>,
}

/// An asset that exists from the start. Its supply is the sum of its balances.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GenesisAsset {
    /// Its symbol.
    pub asset: AssetId,
    /// How many decimals one whole of it has: at most [`LedgerCall::DECIMALS_MAX`].
    pub decimals: u8,
    /// Who may mint and burn it; nobody, if none.
    pub authority: Option<Address>,
    /// Who holds how much of it, strictly ascending by address; no amount is zero.
    pub balances: Vec<GenesisAccount>,
}

impl LedgerGenesis {
    /// As a genesis' section.
    pub fn to_section(&self) -> GenesisSection {
        GenesisSection { program: ProgramId::LEDGER, data: encode(self).into() }
    }
}

impl Canonical for LedgerGenesis {
    const NAME: &'static str = "ledger section";
    const BYTES_MAX: usize = limits::GENESIS_SECTION_BYTES_MAX;
}

/// The native asset, and what the section says.
///
/// # Errors
/// [`LedgerError`], for whatever a chain could not have come to by calls.
pub(crate) fn entries(section: &[u8]) -> Result<Vec<(StateKey, Value)>, CallError> {
    let genesis = match section {
        [] => LedgerGenesis::default(),
        bytes => decode_exact(bytes).map_err(|_| LedgerError::MalformedSection)?,
    };
    if !genesis.assets.is_sorted_by(|a, b| a.asset < b.asset) {
        return Err(LedgerError::MalformedSection.into());
    }
    let mut entries = vec![(keys::asset_key(&AssetId::HDL), info(AssetInfo::HDL))];
    for asset in &genesis.assets {
        asset_entries(asset, &mut entries)?;
    }
    Ok(entries)
}

fn asset_entries(
    genesis: &GenesisAsset,
    entries: &mut Vec<(StateKey, Value)>,
) -> Result<(), LedgerError> {
    let GenesisAsset { asset, decimals, authority, balances } = genesis;
    if *asset == AssetId::HDL {
        return Err(LedgerError::NativeAsset);
    }
    if *decimals > LedgerCall::DECIMALS_MAX {
        return Err(LedgerError::InvalidDecimals);
    }
    if !balances.is_sorted_by(|a, b| a.address < b.address) {
        return Err(LedgerError::MalformedSection);
    }
    let mut supply = Amount::ZERO;
    for GenesisAccount { address, amount } in balances {
        if *amount == Amount::ZERO {
            return Err(LedgerError::ZeroAmount);
        }
        supply = supply.checked_add(*amount).ok_or(LedgerError::SupplyOverflow)?;
        entries.push((native::balance_key(address, asset), value(*amount)));
    }
    entries.push((keys::supply_key(asset), value(supply)));
    let about = AssetInfo { decimals: *decimals, authority: *authority };
    entries.push((keys::asset_key(asset), info(about)));
    Ok(())
}

fn value(amount: Amount) -> Value {
    Value::new(&native::encode_amount(amount))
}

fn info(info: AssetInfo) -> Value {
    Value::from(encode(&info))
}
