//! A validator's home: the directory with all that one node needs and keeps.
//!
//! ```text
//! HOME/config.toml    where it listens, whom it calls, how it runs      damaged: exit 2
//! HOME/genesis.json   the chain                                         damaged: exit 6
//! HOME/key.json       its key, 0600           missing or exposed: exit 2, damaged: exit 3
//! HOME/faucet.json   the faucet's key, on development chains; may be missing
//! HOME/lock           held while a process uses the home                  held: exit 5
//! HOME/db/ HOME/safety HOME/node.log
//! HOME/snapshots/    one folder for each, named by its height; may be missing
//! HOME/db.behind-HEIGHT/   databases that a snapshot took the place of; nothing reads them
//! ```
//!
//! Files are read strictly: bounded in size before they are read and in nesting, unknown and doubled fields refused, and
//! every error names the file, the field, what was found, what was expected and what to do. A secret key's digits never
//! stand in a message.

mod config;
mod error;
mod fields;
mod file;
mod genesis_file;
mod json;
mod keeping;
mod key_file;
mod lock;
mod log;
mod span;

use std::path::Path;
use std::path::PathBuf;

use heddle_types::Committee;
use heddle_types::Genesis;
use heddle_types::ProgramId;
use heddle_types::ValidatorIndex;

pub use config::Config;
pub use config::DurabilityChoice;
pub use config::ExecutionChoice;
pub use config::IDLE_MS_MAX;
pub use config::IDLE_MS_MIN;
pub use config::LogLevel;
pub use config::Peer;
pub use config::RPC_HOSTS_MAX;
pub use config::THREADS_MAX;
pub use error::HomeError;
pub use error::HomeFile;
pub use fields::Field;
pub use fields::FieldError;
pub use fields::Fields;
pub use file::replace_file;
pub use genesis_file::read_genesis;
pub use genesis_file::write_genesis;
pub use json::parse_json;
pub use keeping::Keeping;
pub use keeping::SyncChoice;
pub use key_file::KeyFile;
pub use lock::HomeLock;
pub use lock::holder_of;
pub use log::NodeLog;
pub use span::ParseSpanError;
pub use span::format_span;
pub use span::parse_span;

/// A home whose files were read and agree with each other.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
    config: Config,
    genesis: Genesis,
    committee: Committee,
    key: KeyFile,
}

impl Home {
    /// The name of the folder in which snapshots are kept.
    pub(crate) const SNAPSHOTS: &str = "snapshots";

    /// Reads the home in `dir`. Takes no lock and does not touch `db/` or `safety`.
    ///
    /// # Errors
    /// See [`HomeError`]; each knows its exit code.
    pub fn load(dir: &Path) -> Result<Self, HomeError> {
        let dir = file::existing_dir(dir)?;
        let config = Config::read(&dir.join("config.toml"))?;
        let genesis = read_genesis(&dir.join("genesis.json"))?;
        let key = KeyFile::read(&dir.join("key.json"))?;
        let path = dir.join("genesis.json");
        let committee = genesis_file::committee(&genesis, &path)?;
        let home = Self { dir, config, genesis, committee, key };
        home.check_chain()?;
        home.check_peers()?;
        Ok(home)
    }

    /// Writes a new home into `dir`, which is created: configuration, genesis and key, each synced.
    ///
    /// # Errors
    /// [`HomeError::Exists`] when `dir` holds a key already: a key is never overwritten. [`HomeError::Io`] otherwise.
    pub fn write(
        dir: &Path,
        config: &Config,
        genesis: &Genesis,
        key: &KeyFile,
    ) -> Result<Self, HomeError> {
        file::create_dir(dir)?;
        key.write_new(&dir.join("key.json"))?;
        write_genesis(&dir.join("genesis.json"), genesis)?;
        config.write(&dir.join("config.toml"))?;
        Self::load(dir)
    }

    /// Takes the home for this process until the lock is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// [`HomeError::InUse`] when another process has it.
    pub fn lock(&self) -> Result<HomeLock, HomeError> {
        HomeLock::take(&self.dir)
    }

    /// The directory, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How the node runs.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The chain.
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The chain's first committee.
    pub const fn committee(&self) -> &Committee {
        &self.committee
    }

    /// The node's key.
    pub const fn key(&self) -> &KeyFile {
        &self.key
    }

    /// The node's place in the first committee; none for a follower.
    pub fn validator_index(&self) -> Option<ValidatorIndex> {
        self.committee.index_of(&self.key.public_key())
    }

    /// Whether others than the first committee may decide one day, and this node with them.
    pub fn may_join(&self) -> bool {
        !self.genesis.section(ProgramId::VALIDATORS).is_empty()
    }

    /// The database's directory.
    pub fn db_path(&self) -> PathBuf {
        self.dir.join("db")
    }

    /// Where snapshots are kept.
    pub fn snapshots_path(&self) -> PathBuf {
        self.dir.join(Self::SNAPSHOTS)
    }

    /// The safety file.
    pub fn safety_path(&self) -> PathBuf {
        self.dir.join("safety")
    }

    /// The log, to which all of stderr is appended too.
    pub fn log_path(&self) -> PathBuf {
        self.dir.join("node.log")
    }

    /// A genesis that knows neither this home's key nor any of its peers is another chain's.
    fn check_chain(&self) -> Result<(), HomeError> {
        let mut keys = self.config.peers.iter().map(|peer| &peer.public_key);
        let any_known = keys.any(|key| self.committee.index_of(key).is_some());
        if self.config.peers.is_empty() || any_known || self.validator_index().is_some() {
            return Ok(());
        }
        Err(HomeError::field(
            HomeFile::Genesis,
            &self.dir.join("genesis.json"),
            FieldError {
                field: "validators".to_owned(),
                found: "neither the home's own key nor any of its peers'".to_owned(),
                expected: "the genesis of this home's chain".to_owned(),
            },
        ))
    }

    fn check_peers(&self) -> Result<(), HomeError> {
        let own = self.key.public_key();
        let peers = self.config.peers.iter().map(|peer| ("peers", peer)).enumerate();
        let follow = self.config.follow.iter().map(|peer| ("follow", peer)).enumerate();
        for (position, (list, peer)) in peers.chain(follow) {
            let is_unknown = self.committee.index_of(&peer.public_key).is_none();
            let expected = if peer.public_key == own {
                "other nodes' keys only, this one is the home's own"
            } else if list == "peers" && is_unknown && !self.may_join() {
                "a key among the genesis's validators"
            } else {
                continue;
            };
            return Err(HomeError::field(
                HomeFile::Config,
                &self.dir.join("config.toml"),
                FieldError {
                    field: format!("{list}[{position}].public_key"),
                    found: peer.public_key.to_string(),
                    expected: expected.to_owned(),
                },
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
