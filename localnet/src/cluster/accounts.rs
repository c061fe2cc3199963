//! Funded keys with names.

use std::path::Path;
use std::path::PathBuf;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::SecretKey;
use heddle_validator::home::KeyFile;

use super::ClusterError;

/// The name of the account from which airdrops are paid.
pub const FAUCET: &str = "faucet";
/// Base units in one HDL.
const HDL: u64 = 1_000_000_000;
/// What each named account begins with: 1,000,000 HDL.
const ACCOUNT_FUNDS: Amount = Amount::from_units(1_000_000 * HDL);
/// What the faucet begins with: 1,000,000,000 HDL.
const FAUCET_FUNDS: Amount = Amount::from_units(1_000_000_000 * HDL);

const NAMES: [&str; 26] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "kevin",
    "laura", "mallory", "niaj", "olivia", "peggy", "quentin", "rupert", "sybil", "trent", "ursula",
    "victor", "walter", "xenia", "yvonne", "zoe",
];

/// A funded account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Address,
    /// Its key file, by an absolute path.
    pub key_file: PathBuf,
}

/// An account's name, key and funds before its file is written.
pub(super) struct NewAccount {
    pub(super) name: String,
    pub(super) key: KeyFile,
    pub(super) funds: Amount,
}

/// Fresh keys for `count` named accounts and the faucet, which is the last.
pub(super) fn generate(count: u16) -> Result<Vec<NewAccount>, ClusterError> {
    let funds = |name: &str| if name == FAUCET { FAUCET_FUNDS } else { ACCOUNT_FUNDS };
    let new = |name: String| Ok(NewAccount { key: random_key()?, funds: funds(&name), name });
    names(count).map(new).collect()
}

/// A key from the system's random source.
pub(super) fn random_key() -> Result<KeyFile, ClusterError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| ClusterError::Random { error })?;
    Ok(KeyFile::new(SecretKey::from_seed(seed)))
}

/// Where an account's key stands.
pub(super) fn path(dir: &Path, name: &str) -> PathBuf {
    dir.join("accounts").join(format!("{name}.json"))
}

/// The accounts of the cluster in `dir`.
pub(super) fn read(dir: &Path, count: u16) -> Result<Vec<Account>, ClusterError> {
    let account = |name: String| {
        let key_file = path(dir, &name);
        let address = KeyFile::read(&key_file)?.address();
        Ok(Account { name, address, key_file })
    };
    names(count).map(account).collect()
}

fn names(count: u16) -> impl Iterator<Item = String> {
    let name = |number: u16| match NAMES.get(usize::from(number)) {
        Some(name) => (*name).to_owned(),
        None => format!("account-{number}"),
    };
    (0..count).map(name).chain([FAUCET.to_owned()])
}
