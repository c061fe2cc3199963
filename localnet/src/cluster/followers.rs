//! Followers: nodes of a cluster that do not vote, added while it runs.
//!
//! A follower is known by its home, `follower-I` behind the last of those before it, and by nothing else: it is there once its
//! `config.toml` is, which is written last.

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

use super::Cluster;
use super::ClusterError;
use super::Manifest;
use super::ManifestValidator;
use super::Member;
use super::Role;
use super::accounts;
use super::ports;
use super::ports::Ports;

/// Followers that one cluster may have. Each validator answers so many nodes of one address, and no more.
const FOLLOWERS_MAX: u16 = 8;

/// The name of a follower's home, without its index.
pub(super) const PREFIX: &str = "follower-";

impl Cluster {
    /// Makes the home of one more follower, starts it, and returns what `localnet.json` says of it once it answers. It runs
    /// until the cluster is stopped, and is started with it again.
    ///
    /// # Errors
    /// [`ClusterError::NothingRuns`], [`ClusterError::TooManyFollowers`], [`ClusterError::PortInUse`], and those of
    /// [`Self::start_one`], after which the home is there all the same.
    pub fn add(&mut self, program: &Path) -> Result<ManifestValidator, ClusterError> {
        self.find_followers()?;
        if self.pids().iter().all(Option::is_none) {
            return Err(ClusterError::NothingRuns { path: self.dir.clone() });
        }
        let index = self.nodes();
        if index >= self.settings.validators.saturating_add(FOLLOWERS_MAX) {
            return Err(ClusterError::TooManyFollowers { max: FOLLOWERS_MAX });
        }
        self.write_follower(index)?;
        self.find_followers()?;
        self.start_one(index, program)?;
        let Manifest { validators, .. } = self.manifest();
        let added = validators.into_iter().find(|validator| validator.index == index);
        added.ok_or(ClusterError::NotRunning { index })
    }

    /// Takes note of followers that were added since the cluster was opened.
    pub(super) fn find_followers(&mut self) -> Result<(), ClusterError> {
        while let Some(member) = follower(self.follower_home(self.nodes()))? {
            self.members.push(member);
        }
        Ok(())
    }

    fn follower_home(&self, index: u16) -> PathBuf {
        self.dir.join(format!("{PREFIX}{index}"))
    }

    fn write_follower(&self, index: u16) -> Result<(), ClusterError> {
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
        let home = self.follower_home(index);
        // Its making was interrupted.
        if home.exists() {
            fs::remove_dir_all(&home).map_err(|error| ClusterError::io(&home, error))?;
        }
        let home = Home::write(&home, &config, &self.genesis, &accounts::random_key()?)?;
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

fn follower(home: PathBuf) -> Result<Option<Member>, ClusterError> {
    let path = home.join("config.toml");
    if !path.exists() {
        return Ok(None);
    }
    let config = Config::read(&path)?;
    let public_key = KeyFile::read(&home.join("key.json"))?.public_key();
    Ok(Some(Member { home, config, public_key, role: Role::Follower }))
}
