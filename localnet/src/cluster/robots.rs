//! Keys of a cluster's own traders: who posts prices, who makes markets, who takes.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use heddle_types::Amount;
use heddle_validator::home::KeyFile;

use super::ClusterError;
use super::accounts;

/// The directory of the price feed, its keys, its log and its lock.
pub(crate) const DIR: &str = "feed";
/// What each begins with for fees: 100,000 HDL.
pub(super) const FUNDS: Amount = Amount::from_units(100_000 * 1_000_000_000);
/// What whoever trades has as collateral: 10,000,000 USD.
pub(super) const COLLATERAL: Amount = Amount::from_units(10_000_000 * 1_000_000);

/// The keys of a cluster's own traders.
#[derive(Debug)]
pub(crate) struct Robots {
    /// Posts prices.
    pub(crate) publisher: KeyFile,
    /// Quotes both sides.
    pub(crate) maker: KeyFile,
    /// Trades now and then.
    pub(crate) taker: KeyFile,
}

impl Robots {
    /// Fresh keys.
    pub(super) fn generate() -> Result<Self, ClusterError> {
        Ok(Self {
            publisher: accounts::random_key()?,
            maker: accounts::random_key()?,
            taker: accounts::random_key()?,
        })
    }

    /// The keys of the cluster in `dir`.
    pub(crate) fn read(dir: &Path) -> Result<Self, ClusterError> {
        let key = |name| KeyFile::read(&path(dir, name));
        Ok(Self { publisher: key("publisher")?, maker: key("maker")?, taker: key("taker")? })
    }

    /// Writes the keys of a new cluster.
    pub(super) fn write(&self, dir: &Path) -> Result<(), ClusterError> {
        let feed = dir.join(DIR);
        fs::create_dir_all(&feed).map_err(|error| ClusterError::io(&feed, error))?;
        for (name, key) in
            [("publisher", &self.publisher), ("maker", &self.maker), ("taker", &self.taker)]
        {
            key.write_new(&path(dir, name))?;
        }
        Ok(())
    }

    /// Those that trade.
    pub(super) fn traders(&self) -> [&KeyFile; 2] {
        [&self.maker, &self.taker]
    }

    /// All of them.
    pub(super) fn all(&self) -> [&KeyFile; 3] {
        [&self.publisher, &self.maker, &self.taker]
    }
}

/// Where the key of whoever posts prices is.
pub(super) fn publisher_path(dir: &Path) -> PathBuf {
    path(dir, "publisher")
}

fn path(dir: &Path, name: &str) -> PathBuf {
    dir.join(DIR).join(format!("{name}.json"))
}
