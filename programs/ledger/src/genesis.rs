//! The ledger's part of the first state.

use heddle_sdk::native;
use heddle_types::AssetId;
use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::Genesis;
use heddle_types::Value;
use heddle_types::encode;

use crate::keys;
use crate::keys::AssetInfo;

/// The state at height 0: the native asset and the first balances. Nobody paid deposits for them, so none are recorded; the
/// supply is exactly the sum of the genesis accounts.
pub fn genesis_changes(genesis: &Genesis) -> ChangeSet {
    let hdl = (keys::asset_key(&AssetId::HDL), encode(&AssetInfo::HDL));
    let balances = genesis.accounts.iter().map(|account| {
        let key = native::native_balance_key(&account.address);
        (key, native::encode_amount(account.amount).to_vec())
    });
    let entry = |bytes| Some(Entry { deposit: None, value: Value::from(bytes) });
    let all = std::iter::once(hdl).chain(balances);
    ChangeSet::new(all.map(|(key, bytes)| (key, entry(bytes))).collect())
}
