//! What a cluster's chain begins with.

use std::net::SocketAddr;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use heddle_ledger::GenesisAsset;
use heddle_ledger::LedgerGenesis;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlsPublicKey;
use heddle_types::BlsSignature;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_validator::home::KeyFile;
use heddle_validators::GenesisMember;
use heddle_validators::ValidatorsGenesis;

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

/// A validator before its home is written.
pub(super) struct Founder<'a> {
    pub(super) key: &'a KeyFile,
    pub(super) quic: SocketAddr,
    /// What it votes with besides, and that it holds it.
    pub(super) vote_key: Option<(BlsPublicKey, BlsSignature)>,
}

/// A development chain of these validators, beginning now, on which all accounts are funded and two markets are open. The faucet's
/// account may change who validates.
pub(super) fn genesis(
    validators: &[Founder<'_>],
    accounts: &[NewAccount],
    robots: &Robots,
) -> Genesis {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let faucet = accounts.iter().find(|account| account.name == FAUCET);
    let faucet = faucet.map(|account| account.key.address());
    let native = accounts.iter().map(|account| (account.key.address(), account.funds));
    let native = native.chain(robots.all().map(|key| (key.address(), robots::FUNDS)));
    let authority = faucet.unwrap_or_else(|| robots.publisher.address());
    let mut sections = sections(accounts, robots, authority);
    sections.push(validators_section(validators, accounts, authority));
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(u64::try_from(now.as_millis()).unwrap_or_default()),
        dev: true,
        validators: validators
            .iter()
            .map(|founder| Validator {
                public_key: founder.key.public_key(),
                vote_key: founder.vote_key.map(|(key, _)| key),
                power: 1,
            })
            .collect(),
        possessions: validators
            .iter()
            .filter_map(|founder| founder.vote_key.map(|(_, proof)| proof))
            .collect(),
        accounts: balances(native),
        faucet,
        sections,
    }
}

/// Who runs the validators: the named accounts in turn, so that the first validator is the first account's.
fn validators_section(
    validators: &[Founder<'_>],
    accounts: &[NewAccount],
    authority: Address,
) -> GenesisSection {
    let named = accounts.iter().filter(|account| account.name != FAUCET);
    let operators = named.map(|account| account.key.address()).cycle();
    // Without a named account the authority runs all.
    let operators = operators.chain(std::iter::repeat(authority));
    let member =
        |(founder, operator): (&Founder<'_>, _)| GenesisMember { operator, quic: founder.quic };
    let members = validators.iter().zip(operators).map(member).collect();
    ValidatorsGenesis { authority, members }.to_section()
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
