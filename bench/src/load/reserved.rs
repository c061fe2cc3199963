//! Beside the load: a slow stream of what takes reserved block space, and what becomes of it.
//!
//! Cancels of orders that rest, deposits, and prices, in turn, each from an account of its own and to that account's node. Liquidations
//! are no transactions: blocks carry them out before any.

mod cast;
mod phase;

use std::num::NonZeroU64;
use std::time::Duration;
use std::time::Instant;

use heddle_client::RpcClient;
use heddle_rpc_api::TxStatus;
use heddle_types::Amount;
use heddle_types::Height;
use heddle_types::Transaction;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::error::BenchError;
use crate::machine;
use crate::network::Network;
use crate::target::Found;
use cast::Cast;
pub(crate) use phase::Phase;
pub(crate) use phase::Phases;

/// How long one is waited for; as long as a node waits.
const WAIT: Duration = Duration::from_secs(10);

/// What takes reserved block space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    /// The cancel of one resting order.
    Cancel,
    /// Collateral paid in.
    Deposit,
    /// The prices of all feeds.
    Prices,
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is final.
    Final {
        /// Whether its calls took effect.
        ok: bool,
        /// What it cost.
        fee: Amount,
        /// Its height less that of the highest certified block that its node knew when it was sent.
        blocks: u64,
        /// From sending it until its node reported it final.
        micros: u64,
    },
    /// It was not final within [`WAIT`].
    Late,
    /// It was refused, or nobody answered.
    Refused(String),
}

/// One that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) kind: Kind,
    /// Transactions that its node held when it was sent.
    pub(crate) waiting: u64,
    pub(crate) fate: Fate,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Stream {
    nodes: Vec<RpcClient>,
    cast: Cast,
    rate: NonZeroU64,
    pids: Vec<u32>,
}

impl Stream {
    /// One of `rate` a second, from the accounts of a localnet.
    ///
    /// # Errors
    /// When there is no localnet, or its nodes do not answer as expected.
    pub(crate) async fn new(
        network: &Network,
        found: &Found,
        rate: NonZeroU64,
    ) -> Result<Self, BenchError> {
        let cluster = found.cluster.as_ref().ok_or_else(|| {
            BenchError::usage(
                "--reserved: found no localnet, expected its accounts; give --home or --localnet",
            )
        })?;
        // Accounts are shown with their margin, and margin is known from the first block on.
        network.settle(Height::new(1)).await?;
        let cast = Cast::of(network, cluster).await?;
        let pids = cluster.pids().into_iter().flatten().collect();
        Ok(Self { nodes: network.nodes().to_vec(), cast, rate, pids })
    }

    /// How many a run of this length sends.
    fn count(&self, duration: Duration) -> u64 {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.rate.get().saturating_mul(millis) / 1000
    }

    /// Has as many orders rest as will be cancelled.
    ///
    /// # Errors
    /// When they are not placed.
    pub(crate) async fn provide(&mut self, duration: Duration) -> Result<(), BenchError> {
        let count = self.count(duration);
        self.cast.open_market(&self.nodes).await?;
        self.cast.place(&self.nodes, count).await
    }

    /// Sends for so long, from `start` on, and waits for what becomes of all; `ordinary` says how much else is offered a second meanwhile.
    ///
    /// # Errors
    /// When the generator itself fails.
    pub(crate) async fn run(
        &mut self,
        (start, duration): (Instant, Duration),
        ordinary: u64,
    ) -> Result<Phase, BenchError> {
        let mut tasks = JoinSet::new();
        for number in 0..self.count(duration) {
            let due = Duration::from_micros(number.saturating_mul(1_000_000) / self.rate);
            sleep_until((start + due).into()).await;
            let (kind, node, transaction) = self.cast.next(number);
            tasks.spawn(send(self.nodes[node].clone(), kind, transaction));
        }
        let mut samples = Vec::new();
        while let Some(sample) = tasks.join_next().await {
            let broken = |e| BenchError::failed(format!("reserved transactions: {e}"));
            samples.push(sample.map_err(broken)?);
        }
        Phase::of(&samples, ordinary, machine::memory_bytes(&self.pids))
    }
}

async fn send(node: RpcClient, kind: Kind, transaction: Transaction) -> Sample {
    let (waiting, height) = match node.status().await {
        Ok(status) => (status.mempool.transactions, status.height),
        Err(error) => return Sample { kind, waiting: 0, fate: Fate::Refused(error.to_string()) },
    };
    let began = Instant::now();
    let sent = node.send_and_wait(&transaction, WAIT).await;
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let fate = match sent {
        Ok(info) => match (info.status, info.height, info.receipt) {
            (TxStatus::Final, Some(at), Some(receipt)) => Fate::Final {
                ok: receipt.ok,
                fee: receipt.fee_paid,
                blocks: at.get().saturating_sub(height.get()),
                micros,
            },
            _ => Fate::Late,
        },
        Err(error) => Fate::Refused(error.to_string()),
    };
    Sample { kind, waiting, fate }
}
