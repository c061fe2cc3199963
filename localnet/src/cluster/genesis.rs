//! What a cluster's chain begins with.

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use heddle_ledger::GenesisAsset;
use heddle_ledger::LedgerGenesis;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_validator::home::KeyFile;

use super::accounts::FAUCET;
use super::accounts::NewAccount;

/// What positions are paid in: a dollar that the faucet's account may mint.
const USD: &str = "USD";
/// Decimals of one dollar.
const USD_DECIMALS: u8 = 6;
/// What each account begins with besides HDL: 1,000,000 USD.
const USD_FUNDS: Amount = Amount::from_units(1_000_000_000_000);

/// A development chain of these validators, beginning now, on which all accounts are funded.
pub(super) fn genesis(keys: &[KeyFile], accounts: &[NewAccount]) -> Genesis {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let faucet = accounts.iter().find(|account| account.name == FAUCET);
    let faucet = faucet.map(|account| account.key.address());
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(u64::try_from(now.as_millis()).unwrap_or_default()),
        dev: true,
        validators: keys
            .iter()
            .map(|key| Validator { public_key: key.public_key(), power: 1 })
            .collect(),
        accounts: balances(accounts, |account| account.funds),
        faucet,
        sections: vec![ledger(accounts, faucet)],
    }
}

fn ledger(accounts: &[NewAccount], authority: Option<Address>) -> GenesisSection {
    let usd = GenesisAsset {
        asset: USD.parse::<AssetId>().expect("three capitals are a symbol"),
        decimals: USD_DECIMALS,
        authority,
        balances: balances(accounts, |_| USD_FUNDS),
    };
    LedgerGenesis { assets: vec![usd] }.to_section()
}

fn balances(accounts: &[NewAccount], funds: fn(&NewAccount) -> Amount) -> Vec<GenesisAccount> {
    let mut balances: Vec<_> = accounts
        .iter()
        .map(|account| GenesisAccount { address: account.key.address(), amount: funds(account) })
        .collect();
    balances.sort_by_key(|account| account.address);
    balances
}
