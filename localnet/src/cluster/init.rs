//! Making a cluster: keys, genesis, homes. Nothing is started.

use std::fs;
use std::path::Path;

use heddle_validator::home::Config;
use heddle_validator::home::DurabilityChoice;
use heddle_validator::home::ExecutionChoice;
use heddle_validator::home::Home;
use heddle_validator::home::KeyFile;
use heddle_validator::home::LogLevel;
use heddle_validator::home::Peer;

use super::Cluster;
use super::ClusterError;
use super::Settings;
use super::accounts;
use super::accounts::FAUCET;
use super::accounts::NewAccount;
use super::genesis;
use super::genesis::Founder;
use super::ports;
use super::ports::Ports;
use super::robots::Robots;

impl Cluster {
    /// Makes a cluster in `dir`, which is created: fresh keys, so that no two clusters have the same genesis.
    ///
    /// The settings are written last: a cluster whose making was interrupted is none, and is made over.
    ///
    /// # Errors
    /// [`ClusterError::Exists`] when there is one already, [`ClusterError::Setting`], and what the system says.
    pub fn init(dir: &Path, settings: &Settings) -> Result<Self, ClusterError> {
        settings.check()?;
        if Self::exists(dir) {
            return Err(ClusterError::Exists { path: dir.to_owned() });
        }
        super::reset::remove_leftovers(dir)?;
        let accounts_dir = dir.join("accounts");
        fs::create_dir_all(&accounts_dir)
            .map_err(|error| ClusterError::io(&accounts_dir, error))?;
        let accounts = accounts::generate(settings.accounts)?;
        for account in &accounts {
            account.key.write_new(&accounts::path(dir, &account.name))?;
        }
        let robots = Robots::generate()?;
        robots.write(dir)?;
        write_homes(dir, settings, (&accounts, &robots))?;
        settings.write(dir)?;
        let cluster = Self::open(dir)?;
        cluster.write_manifest()?;
        Ok(cluster)
    }
}

fn write_homes(
    dir: &Path,
    settings: &Settings,
    (accounts, robots): (&[NewAccount], &Robots),
) -> Result<(), ClusterError> {
    let keys = (0..settings.validators).map(|_| accounts::random_key());
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let ports = match settings.port_base {
        0 => ports::free(settings.validators)?,
        base => ports::of(base, settings.validators).unwrap_or_default(),
    };
    let founder = |(key, ports): (_, &Ports)| Founder {
        key,
        quic: ports.quic,
        vote_key: settings.vote_scheme.vote_key(key),
    };
    let founders: Vec<_> = keys.iter().zip(&ports).map(founder).collect();
    let genesis = genesis::genesis(&founders, accounts, robots);
    for (index, key) in keys.iter().enumerate() {
        let config = config(settings, index, &keys, &ports);
        let home = Home::write(&dir.join(format!("validator-{index}")), &config, &genesis, key)?;
        heddle_validator::node::initialise(&home)?;
        if let Some(faucet) = accounts.iter().find(|account| account.name == FAUCET) {
            faucet.key.write_new(&home.dir().join("faucet.json"))?;
        }
    }
    Ok(())
}

fn config(settings: &Settings, index: usize, keys: &[KeyFile], ports: &[Ports]) -> Config {
    let others = keys.iter().zip(ports).enumerate().filter(|(other, _)| *other != index);
    Config {
        rpc: ports[index].rpc,
        quic: ports[index].quic,
        peers: others
            .map(|(_, (key, ports))| Peer { public_key: key.public_key(), quic: ports.quic })
            .collect(),
        follow: Vec::new(),
        idle_interval: settings.idle_interval,
        threads: settings.threads,
        execution: ExecutionChoice::default(),
        durability: DurabilityChoice::default(),
        block_transactions: None,
        log_level: LogLevel::default(),
        rpc_hosts: Vec::new(),
        keeping: heddle_validator::home::Keeping::default(),
    }
}
