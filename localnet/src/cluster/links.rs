//! Faults of the links between validators: `faults.json`, and telling the nodes, which have them under their QUIC sockets.
//!
//! Cuts and latency are set apart from each other; healing ends both. What is in the file outlives the command that wrote it
//! and the processes of validators, but not the whole cluster's end: a start of all begins without faults.

mod partition;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::time::Duration;

use heddle_client::RpcClient;
use heddle_rpc_api::LinkSetting;
use heddle_types::ValidatorIndex;
use heddle_validator::home;
use serde::Deserialize;
use serde::Serialize;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::Cluster;
use super::ClusterError;
use super::process;

pub use partition::Partition;

pub(super) const FILE: &str = "faults.json";
/// How long a validator has to take the faults.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// The faults of all links of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Links {
    /// What the first sends to the second is lost.
    pub cuts: BTreeSet<(u16, u16)>,
    /// What every link has besides.
    pub latency: Option<Latency>,
}

/// How slow and lossy links are, each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Latency {
    /// How much later datagrams arrive, in milliseconds.
    pub delay_ms: u64,
    /// How much later still at most, by chance, in milliseconds.
    pub jitter_ms: u64,
    /// How many of a hundred are lost, by chance.
    pub loss_percent: u8,
}

/// What became of faults that were set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinksSet {
    /// What is in force.
    #[serde(flatten)]
    pub links: Links,
    /// Validators that are down or stand still: they get theirs from `start-one` and `resume`.
    pub later: Vec<u16>,
}

impl Links {
    /// What validator `from` of so many is told.
    fn of(&self, from: u16, validators: u16) -> Vec<LinkSetting> {
        let latency = self.latency.unwrap_or_default();
        let link = |to: u16| LinkSetting {
            peer: ValidatorIndex::new(to),
            cut: self.cuts.contains(&(from, to)),
            delay_ms: latency.delay_ms,
            jitter_ms: latency.jitter_ms,
            loss_percent: latency.loss_percent,
        };
        let is_faulty = |link: &LinkSetting| link.cut || latency != Latency::default();
        (0..validators).filter(|to| *to != from).map(link).filter(is_faulty).collect()
    }
}

impl Cluster {
    /// The faults that links have now.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what was written.
    pub fn links(&self) -> Result<Links, ClusterError> {
        let path = self.dir.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| ClusterError::io(&path, io::Error::from(error))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Links::default()),
            Err(error) => Err(ClusterError::io(&path, error)),
        }
    }

    /// Replaces the faults of all links.
    ///
    /// # Errors
    /// [`ClusterError::LinksNotSet`] when validators run and do not answer; the file is written all the same.
    pub fn set_links(&self, links: Links) -> Result<LinksSet, ClusterError> {
        let path = self.dir.join(FILE);
        let text = serde_json::to_string(&links)
            .map_err(|error| ClusterError::io(&path, io::Error::from(error)))?;
        home::replace_file(&path, format!("{text}\n").as_bytes(), 0o644)?;
        let all: Vec<u16> = (0..self.settings.validators).collect();
        Ok(LinksSet { links, later: self.apply_links(&all)? })
    }

    /// Ends all faults of links before any validator runs.
    pub(super) fn forget_links(&self) -> Result<(), ClusterError> {
        let path = self.dir.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ClusterError::io(&path, error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Tells these validators the faults of their links; returns those that are down or stand still.
    pub(super) fn apply_links(&self, indices: &[u16]) -> Result<Vec<u16>, ClusterError> {
        let links = self.links()?;
        let pids = self.pids();
        let runs = |index: &u16| {
            let pid = pids.get(usize::from(*index)).copied().flatten();
            pid.is_some_and(|pid| !process::is_paused(pid))
        };
        // Followers have no links of their own.
        let indices = indices.iter().filter(|index| **index < self.settings.validators);
        let (running, later): (Vec<u16>, Vec<u16>) = indices.partition(|index| runs(index));
        let orders = running.iter().map(|index| {
            let order = links.of(*index, self.settings.validators);
            Ok((*index, self.rpc_url(*index)?, order))
        });
        let silent = tell(orders.collect::<Result<_, ClusterError>>()?)?;
        if silent.is_empty() { Ok(later) } else { Err(ClusterError::LinksNotSet { silent }) }
    }
}

/// Tells all at once; returns those that did not answer.
fn tell(orders: Vec<(u16, String, Vec<LinkSetting>)>) -> Result<Vec<u16>, ClusterError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ClusterError::io("tokio".as_ref(), error))?;
    let mut silent = Vec::new();
    runtime.block_on(async {
        let mut telling = JoinSet::new();
        for (index, url, order) in orders {
            telling.spawn(async move {
                let Ok(client) = RpcClient::new(&url) else { return Some(index) };
                let told = client.with_timeout(ANSWER_MAX).set_links(order).await;
                told.is_err().then_some(index)
            });
        }
        while let Some(told) = telling.join_next().await {
            silent.extend(told.ok().flatten());
        }
    });
    silent.sort_unstable();
    Ok(silent)
}

#[cfg(test)]
mod tests;
