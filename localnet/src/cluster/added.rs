//! Nodes that are added to a cluster while it runs: followers, which never vote, and standbys, which vote once their key has joined.
//!
//! Such a node is known by its home, `follower-I` or `standby-I` behind the last of those before it, and by nothing else: it is there
//! once its `config.toml` is, which is written last.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use heddle_validator::home::Config;
use heddle_validator::home::DurabilityChoice;
use heddle_validator::home::ExecutionChoice;
use heddle_validator::home::Home;
use heddle_validator::home::KeyFile;
use heddle_validator::home::LogLevel;
use heddle_validator::home::Peer;

use super::Added;
use super::Cluster;
use super::ClusterError;
use super::Manifest;
use super::ManifestValidator;
use super::Member;
use super::Role;
use super::accounts;
use super::ports;
use super::ports::Ports;

/// Nodes that one cluster may have besides its validators. Each validator answers so many nodes of one address, and no more.
const FOLLOWERS_MAX: u16 = 8;

/// The names of the homes, without their indices.
pub(super) const PREFIXES: [&str; 2] = ["follower-", "standby-"];

impl Cluster {
    /// Makes the home of one more node, starts it, and returns what `localnet.json` says of it once it answers. It runs
    /// until the cluster is stopped, and is started with it again.
    ///
    /// # Errors
    /// [`ClusterError::NothingRuns`], [`ClusterError::TooManyFollowers`], [`ClusterError::PortInUse`], and those of
    /// [`Self::start_one`], after which the home is there all the same.
    pub fn add(&mut self, added: Added, program: &Path) -> Result<ManifestValidator, ClusterError> {
        self.find_added()?;
        if self.pids().iter().all(Option::is_none) {
            return Err(ClusterError::NothingRuns { path: self.dir.clone() });
        }
        let index = self.nodes();
        if index >= self.settings.validators.saturating_add(FOLLOWERS_MAX) {
            return Err(ClusterError::TooManyFollowers { max: FOLLOWERS_MAX });
        }
        self.write_home(&self.added_home(added, index), index)?;
        self.find_added()?;
        self.start_one(index, program)?;
        let Manifest { validators, .. } = self.manifest();
        let found = validators.into_iter().find(|validator| validator.index == index);
        found.ok_or(ClusterError::NotRunning { index })
    }

    /// Takes note of nodes that were added since the cluster was opened.
    pub(super) fn find_added(&mut self) -> Result<(), ClusterError> {
        while let Some(member) = self.added_member(self.nodes())? {
            self.members.push(member);
        }
        Ok(())
    }

    fn added_member(&self, index: u16) -> Result<Option<Member>, ClusterError> {
        for added in [Added::Follower, Added::Standby] {
            let home = self.added_home(added, index);
            let path = home.join("config.toml");
            if path.exists() {
                let config = Config::read(&path)?;
                let public_key = KeyFile::read(&home.join("key.json"))?.public_key();
                return Ok(Some(Member { home, config, public_key, role: added.role() }));
            }
        }
        Ok(None)
    }

    fn added_home(&self, added: Added, index: u16) -> PathBuf {
        let [follower, standby] = PREFIXES;
        let prefix = match added {
            Added::Follower => follower,
            Added::Standby => standby,
        };
        self.dir.join(format!("{prefix}{index}"))
    }

    fn write_home(&self, home: &Path, index: u16) -> Result<(), ClusterError> {
        let ports = self.follower_ports(index)?;
        let validators = self.members.iter().filter(|member| member.role == Role::Validator);
        let peer =
            |member: &Member| Peer { public_key: member.public_key, quic: member.config.quic };
        let config = Config {
            rpc: ports.rpc,
            quic: ports.quic,
            peers: validators.map(peer).collect(),
            follow: Vec::new(),
            idle_interval: self.settings.idle_interval,
            threads: self.settings.threads,
            execution: ExecutionChoice::default(),
            durability: DurabilityChoice::default(),
            block_transactions: None,
            log_level: LogLevel::default(),
            rpc_hosts: Vec::new(),
            keeping: heddle_validator::home::Keeping::default(),
        };
        // Its making was interrupted.
        if home.exists() {
            fs::remove_dir_all(home).map_err(|error| ClusterError::io(home, error))?;
        }
        let home = Home::write(home, &config, &self.genesis, &accounts::random_key()?)?;
        Ok(heddle_validator::node::initialise(&home)?)
    }

    /// The ports that follow those of the node before. In a cluster without a port base of its own, any that are free.
    fn follower_ports(&self, index: u16) -> Result<Ports, ClusterError> {
        let base = self.members.first().map_or(0, |first| first.config.rpc.port());
        let next = ports::of(base, index.saturating_add(1)).and_then(|mut ports| ports.pop());
        match next {
            Some(ports) if self.settings.port_base != 0 || ports::is_free(&ports) => {
                ports::check_pair(index, &ports).map(|()| ports)
            }
            _ if self.settings.port_base == 0 => {
                let free = ports::free(1)?.pop();
                free.ok_or(ClusterError::NoFreePorts { needed: 2 })
            }
            _ => Err(ClusterError::NoFreePorts { needed: 2 }),
        }
    }
}

impl Added {
    const fn role(self) -> Role {
        match self {
            Self::Follower => Role::Follower,
            Self::Standby => Role::Standby,
        }
    }
}
