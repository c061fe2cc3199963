//! `localnet.json`: what runs, for other programs.

use heddle_validator::home;
use serde::Deserialize;
use serde::Serialize;

use super::Cluster;
use super::ClusterError;
use super::Role;
use super::robots;

/// The document. Paths are absolute; it is replaced as a whole whenever a process number changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The genesis hash.
    pub chain_id: String,
    /// The process in whose foreground the cluster runs.
    pub pid: Option<u32>,
    /// The cluster's directory.
    pub home: String,
    /// The validators, by index, and behind them the followers.
    pub validators: Vec<ManifestValidator>,
    /// The funded accounts; the faucet is the last.
    pub accounts: Vec<ManifestAccount>,
    /// The price feed.
    pub feed: ManifestFeed,
}

/// The process that posts prices, and perhaps makes markets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestFeed {
    /// Its process; null when it is down.
    pub pid: Option<u32>,
    /// Its directory.
    pub home: String,
}

/// One validator or follower.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestValidator {
    /// Its index in the cluster; a validator's is that in the committee.
    pub index: u16,
    /// Whether it votes.
    pub validator: bool,
    /// Its home.
    pub home: String,
    /// Its process; null when it is down.
    pub pid: Option<u32>,
    /// Its RPC server's URL.
    pub rpc: String,
    /// Its QUIC address.
    pub quic: String,
    /// Its key.
    pub public_key: String,
}

/// One funded account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestAccount {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its key file.
    pub key_file: String,
}

impl Cluster {
    /// What runs now.
    pub fn manifest(&self) -> Manifest {
        self.manifest_with(self.supervisor(), &self.pids())
    }

    /// Replaces `localnet.json` by what runs now.
    ///
    /// # Errors
    /// [`ClusterError::Home`] when it cannot be written.
    pub fn write_manifest(&self) -> Result<Manifest, ClusterError> {
        let manifest = self.manifest();
        self.write(&manifest).map(|()| manifest)
    }

    pub(super) fn manifest_with(&self, pid: Option<u32>, pids: &[Option<u32>]) -> Manifest {
        let pids = pids.iter().copied().chain(std::iter::repeat(None));
        let members = (0_u16..).zip(&self.members).zip(pids);
        let validators = members.map(|((index, member), pid)| ManifestValidator {
            index,
            validator: member.role == Role::Validator,
            home: member.home.display().to_string(),
            pid,
            rpc: format!("http://{}", member.config.rpc),
            quic: member.config.quic.to_string(),
            public_key: member.public_key.to_string(),
        });
        let accounts = self.accounts.iter().map(|account| ManifestAccount {
            name: account.name.clone(),
            address: account.address.to_string(),
            key_file: account.key_file.display().to_string(),
        });
        Manifest {
            chain_id: self.genesis.chain_id().to_string(),
            pid,
            home: self.dir.display().to_string(),
            validators: validators.collect(),
            accounts: accounts.collect(),
            feed: ManifestFeed {
                pid: self.feed(),
                home: self.dir.join(robots::DIR).display().to_string(),
            },
        }
    }

    pub(super) fn write(&self, manifest: &Manifest) -> Result<(), ClusterError> {
        let path = self.dir.join("localnet.json");
        let text = serde_json::to_string_pretty(manifest)
            .map_err(|error| ClusterError::io(&path, error.into()))?;
        Ok(home::replace_file(&path, format!("{text}\n").as_bytes(), 0o644)?)
    }
}
