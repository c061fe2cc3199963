//! Where the ledger keeps what.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::native;
use heddle_types::Address;
use heddle_types::AssetId;
use heddle_types::Canonical;
use heddle_types::ProgramId;
use heddle_types::StateKey;

const ASSET_TAG: u8 = b'a';
const SUPPLY_TAG: u8 = b's';

/// What is known of an asset. Never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AssetInfo {
    /// Decimals of one whole.
    pub decimals: u8,
    /// Who may mint and burn it; nobody for HDL.
    pub authority: Option<Address>,
}

impl AssetInfo {
    /// The native asset's.
    pub const HDL: Self = Self { decimals: 9, authority: None };
}

impl Canonical for AssetInfo {
    const NAME: &'static str = "asset";
    const BYTES_MAX: usize = 34;
}

/// Where an asset's [`AssetInfo`] is.
pub fn asset_key(asset: &AssetId) -> StateKey {
    tagged(ASSET_TAG, asset)
}

/// Where an asset's supply is; HDL has none there.
pub fn supply_key(asset: &AssetId) -> StateKey {
    tagged(SUPPLY_TAG, asset)
}

/// What the keys of all balances of `address` begin with, in program [`ProgramId::LEDGER`].
pub fn balance_prefix(address: &Address) -> Vec<u8> {
    [&[native::BALANCE_TAG], address.as_bytes().as_slice()].concat()
}

/// Whose balance of what `key` is; none when it is no balance.
pub fn parse_balance_key(key: &StateKey) -> Option<(Address, AssetId)> {
    if key.program() != ProgramId::LEDGER {
        return None;
    }
    let rest = key.bytes().strip_prefix(&[native::BALANCE_TAG])?;
    let (address, asset) = rest.split_first_chunk::<32>()?;
    Some((Address(*address), AssetId::from_bytes(asset.try_into().ok()?).ok()?))
}

fn tagged(tag: u8, asset: &AssetId) -> StateKey {
    const { assert!(AssetId::LEN < heddle_types::limits::KEY_BYTES_MAX) };
    StateKey::new(ProgramId::LEDGER, &[&[tag], asset.as_bytes()])
        .expect("13 bytes fit a key, as asserted above")
}
