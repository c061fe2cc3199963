//! What a cluster does at the moment.

use heddle_rpc_api::Status;
use serde::Serialize;

use super::Cluster;
use super::ClusterError;
use super::Role;
use super::probe::Prober;
use super::process;

/// What a cluster does at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// The genesis hash.
    pub chain_id: String,
    /// The cluster's directory.
    pub home: String,
    /// The process in whose foreground it runs.
    pub pid: Option<u32>,
    /// The price feed's process.
    pub feed: Option<u32>,
    /// The validators, by index, and behind them the followers.
    pub validators: Vec<ValidatorStatus>,
}

/// What one validator or follower does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatorStatus {
    /// Its index in the cluster; a validator's is that in the committee.
    pub index: u16,
    /// Whether it votes.
    pub validator: bool,
    /// Its process.
    pub pid: Option<u32>,
    /// Its RPC server's URL.
    pub rpc: String,
    /// Whether it runs.
    pub state: State,
    /// What it says of itself; null when it does not answer.
    pub status: Option<Status>,
}

/// Whether a validator runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It runs and answers.
    Up,
    /// It runs and does not answer.
    Silent,
    /// It stands still by SIGSTOP.
    Paused,
    /// There is no process.
    Down,
}

impl State {
    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Silent => "silent",
            Self::Paused => "paused",
            Self::Down => "down",
        }
    }
}

impl Cluster {
    /// Asks every validator that runs.
    ///
    /// # Errors
    /// When no runtime for asking could be made.
    pub fn status(&self) -> Result<ClusterStatus, ClusterError> {
        let pids = self.pids();
        let running = |pid: &Option<u32>| pid.is_some_and(|pid| !process::is_paused(pid));
        let asked: Vec<bool> = pids.iter().map(running).collect();
        let answers = Prober::new()?.ask(self, &asked);
        let members = (0_u16..).zip(&self.members).zip(pids).zip(answers);
        let validators = members.map(|(((index, member), pid), status)| ValidatorStatus {
            index,
            validator: member.role == Role::Validator,
            pid,
            rpc: format!("http://{}", member.config.rpc),
            state: match pid {
                None => State::Down,
                Some(pid) if process::is_paused(pid) => State::Paused,
                Some(_) if status.is_none() => State::Silent,
                Some(_) => State::Up,
            },
            status,
        });
        Ok(ClusterStatus {
            chain_id: self.genesis.chain_id().to_string(),
            home: self.dir.display().to_string(),
            pid: self.supervisor(),
            feed: self.feed(),
            validators: validators.collect(),
        })
    }
}
