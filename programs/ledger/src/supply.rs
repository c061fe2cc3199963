//! How much there is of everything, counted.

use std::collections::BTreeMap;

use thiserror::Error;

use heddle_sdk::native;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Entry;
use heddle_types::StateKey;

use crate::keys;

/// A balance that cannot be: state is corrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("balance {key}: no amount, or the sum of all is past 2^120 - 1")]
pub struct CorruptBalance {
    /// Where.
    pub key: StateKey,
}

/// The sum of all balances of each asset; entries that are no balances are passed over. Fees and deposits are balances of
/// program accounts, so nothing is left out.
///
/// # Errors
/// The first [`CorruptBalance`].
pub fn supply<'a>(
    entries: impl IntoIterator<Item = (&'a StateKey, &'a Entry)>,
) -> Result<BTreeMap<AssetId, Amount>, CorruptBalance> {
    let mut sums = BTreeMap::new();
    for (key, entry) in entries {
        let Some((_, asset)) = keys::parse_balance_key(key) else {
            continue;
        };
        let sum: &mut Amount = sums.entry(asset).or_default();
        let balance = native::decode_amount(entry.value.as_bytes());
        *sum = balance
            .and_then(|balance| sum.checked_add(balance))
            .ok_or(CorruptBalance { key: *key })?;
    }
    Ok(sums)
}
