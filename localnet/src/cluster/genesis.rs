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
use super::markets::Founders;
use super::robots;
use super::robots::Robots;

/// What positions are paid in: a dollar that the faucet's account may mint.
const USD: &str = "USD";
/// Decimals of one dollar.
const USD_DECIMALS: u8 = 6;
/// What each account begins with besides HDL: 1,000,000 USD.
const USD_FUNDS: Amount = Amount::from_units(1_000_000_000_000);

/// What each account has in its first margin account besides: 100,000 USD.
const MARGIN_FUNDS: Amount = Amount::from_units(100_000_000_000);

/// A development chain of these validators, beginning now, on which all accounts are funded and two markets are open.
pub(super) fn genesis(keys: &[KeyFile], accounts: &[NewAccount], robots: &Robots) -> Genesis {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let faucet = accounts.iter().find(|account| account.name == FAUCET);
    let faucet = faucet.map(|account| account.key.address());
    let native = accounts.iter().map(|account| (account.key.address(), account.funds));
    let native = native.chain(robots.all().map(|key| (key.address(), robots::FUNDS)));
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(u64::try_from(now.as_millis()).unwrap_or_default()),
        dev: true,
        validators: keys
            .iter()
            .map(|key| Validator { public_key: key.public_key(), power: 1 })
            .collect(),
        accounts: balances(native),
        faucet,
        sections: sections(accounts, robots, faucet.unwrap_or_else(|| robots.publisher.address())),
    }
}

/// Dollars, their markets, and who holds them.
fn sections(accounts: &[NewAccount], robots: &Robots, authority: Address) -> Vec<GenesisSection> {
    let asset = USD.parse::<AssetId>().expect("three capitals are a symbol");
    let named = accounts.iter().filter(|account| account.name != FAUCET);
    let margin = named.map(|account| (account.key.address(), MARGIN_FUNDS));
    let margin = margin.chain(robots.traders().map(|key| (key.address(), robots::COLLATERAL)));
    let founders = Founders {
        authority,
        publisher: robots.publisher.address(),
        asset,
        accounts: balances(margin),
    };
    let held = accounts.iter().map(|account| (account.key.address(), USD_FUNDS));
    let vault = founders.vault();
    let usd = GenesisAsset {
        asset,
        decimals: USD_DECIMALS,
        authority: Some(authority),
        balances: balances(held.chain([(vault.address, vault.amount)])),
    };
    let mut sections = vec![LedgerGenesis { assets: vec![usd] }.to_section()];
    sections.extend(founders.sections());
    sections
}

/// By address.
fn balances(held: impl Iterator<Item = (Address, Amount)>) -> Vec<GenesisAccount> {
    let mut balances: Vec<_> =
        held.map(|(address, amount)| GenesisAccount { address, amount }).collect();
    balances.sort_by_key(|account| account.address);
    balances
}
