//! A local cluster: one operating-system process a validator, each exactly `heddle node run --home HOME`, and perhaps followers.
//!
//! ```text
//! DIR/localnet.json     what runs, for other programs: written here, never read here
//! DIR/settings.json     what the cluster was made with
//! DIR/lock              held by the process in whose foreground the cluster runs
//! DIR/accounts/NAME.json   funded keys
//! DIR/validator-0/ ...  one home a validator
//! DIR/follower-4/ ...   one home a follower; indices go on behind the validators'
//! DIR/faults.json       which links are faulty on purpose, if any; a start of the whole cluster begins without
//! DIR/feed/             keys, log and lock of the price feed
//! ```
//!
//! Which process a validator is, is asked of the system and of nobody else: it is the one that holds the lock of the
//! validator's home. So a node that somebody started by hand is found like one that was started here, a stale number is
//! never believed, and no signal goes to a process that is not that node.

mod accounts;
mod added;
mod error;
mod faults;
mod genesis;
mod histogram;
mod init;
mod launch;
mod launch_feed;
mod links;
mod manifest;
pub(crate) mod markets;
mod observer;
mod ports;
mod probe;
mod process;
mod rate;
mod reset;
pub(crate) mod robots;
mod running;
mod settings;
mod status;
mod stop;
mod vote_scheme;

use std::path::Path;
use std::path::PathBuf;

use heddle_types::Genesis;
use heddle_types::PublicKey;
use heddle_types::Validator;
use heddle_validator::home;
use heddle_validator::home::Config;

pub use accounts::Account;
pub use accounts::FAUCET;
pub use error::ClusterError;
pub use links::Latency;
pub use links::Links;
pub use links::LinksSet;
pub use links::Partition;
pub use manifest::Manifest;
pub use manifest::ManifestAccount;
pub use manifest::ManifestFeed;
pub use manifest::ManifestValidator;
pub use observer::Figures;
pub use observer::Observer;
pub use running::Running;
pub use settings::Settings;
pub use settings::Wanted;
pub use status::ClusterStatus;
pub use status::State;
pub use status::ValidatorStatus;
pub use stop::Stopped;
pub use vote_scheme::UnknownScheme;
pub use vote_scheme::VoteScheme;

/// A cluster that was made, running or not.
#[derive(Clone, Debug)]
pub struct Cluster {
    dir: PathBuf,
    settings: Settings,
    genesis: Genesis,
    members: Vec<Member>,
    accounts: Vec<Account>,
}

/// One node's home. Validators come first, by their places in the committee.
#[derive(Clone, Debug)]
struct Member {
    home: PathBuf,
    config: Config,
    public_key: PublicKey,
    role: Role,
}

/// What a node is to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It is one of the first committee.
    Validator,
    /// It was added, and never votes.
    Follower,
    /// It was added, and votes while its key is in the committee.
    Standby,
}

/// What a node that is added is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// One that never votes.
    Follower,
    /// One that votes once its key has joined the committee.
    Standby,
}

impl Cluster {
    /// Opens the cluster in `dir`.
    ///
    /// # Errors
    /// [`ClusterError::NoCluster`] when there is none, and whatever is wrong with one of its files.
    pub fn open(dir: &Path) -> Result<Self, ClusterError> {
        if !Self::exists(dir) {
            return Err(ClusterError::NoCluster { path: dir.to_owned() });
        }
        let dir = dir.canonicalize().map_err(|error| ClusterError::io(dir, error))?;
        let settings = Settings::read(&dir)?;
        let first = dir.join("validator-0").join("genesis.json");
        let genesis = home::read_genesis(&first)?;
        let member = |(index, validator): (u16, &Validator)| {
            let home = dir.join(format!("validator-{index}"));
            let config = Config::read(&home.join("config.toml"))?;
            let public_key = validator.public_key;
            Ok(Member { home, config, public_key, role: Role::Validator })
        };
        let members = (0..settings.validators).zip(&genesis.validators).map(member);
        let members = members.collect::<Result<Vec<_>, ClusterError>>()?;
        let accounts = accounts::read(&dir, settings.accounts)?;
        let mut cluster = Self { dir, settings, genesis, members, accounts };
        cluster.find_added().map(|()| cluster)
    }

    /// Whether a cluster was made in `dir`.
    pub fn exists(dir: &Path) -> bool {
        dir.join(settings::FILE).exists()
    }

    /// The directory, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it was made with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The chain's genesis.
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The funded accounts; the faucet is the last.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// How many nodes it has, validators and followers. Their indices are the numbers below that, and the validators' the first
    /// [`Settings::validators`] of them.
    pub fn nodes(&self) -> u16 {
        u16::try_from(self.members.len()).unwrap_or(u16::MAX)
    }

    /// The URL of a node's RPC server.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchValidator`].
    pub fn rpc_url(&self, index: u16) -> Result<String, ClusterError> {
        self.member(index).map(|member| format!("http://{}", member.config.rpc))
    }

    /// A node's home, absolute.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchValidator`].
    pub fn validator_home(&self, index: u16) -> Result<&Path, ClusterError> {
        self.member(index).map(|member| member.home.as_path())
    }

    /// The last line that a node's process wrote; empty when it wrote none.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchValidator`].
    pub fn last_words(&self, index: u16) -> Result<String, ClusterError> {
        let log = self.member(index)?.home.join("node.log");
        Ok(launch::last_line(&log).unwrap_or_default())
    }

    /// The process in whose foreground the cluster runs.
    pub fn supervisor(&self) -> Option<u32> {
        home::holder_of(&self.dir)
    }

    /// The price feed's process.
    pub fn feed(&self) -> Option<u32> {
        home::holder_of(&self.dir.join(robots::DIR))
    }

    /// The key file of whoever posts prices.
    pub fn publisher_key_file(&self) -> PathBuf {
        robots::publisher_path(&self.dir)
    }

    /// Each node's process, validators first.
    pub fn pids(&self) -> Vec<Option<u32>> {
        self.members.iter().map(|member| home::holder_of(&member.home)).collect()
    }

    fn member(&self, index: u16) -> Result<&Member, ClusterError> {
        let member = self.members.get(usize::from(index));
        member.ok_or(ClusterError::NoSuchValidator { index, validators: self.nodes() })
    }
}
