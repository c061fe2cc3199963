//! Asking validators, from the thread that also harms them.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_rpc_api::GetBlock;
use heddle_rpc_api::GetTransaction;
use heddle_rpc_api::Request;
use heddle_types::Height;
use heddle_types::TxId;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use super::ChaosError;
use super::observations::Observations;
use crate::cluster::Cluster;

/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long a validator has for telling again what it told.
const TELL_MAX: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);
/// Requests in one batch.
const BATCH: usize = 50;

/// One client a validator, and one a follower.
pub(super) struct Nodes {
    runtime: Runtime,
    clients: Vec<RpcClient>,
}

impl Nodes {
    pub(super) fn new(cluster: &Cluster) -> Result<Self, ChaosError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ChaosError::io("tokio", error))?;
        Ok(Self { runtime, clients: clients(cluster, ANSWER_MAX)? })
    }

    /// Makes a validator's clock wrong.
    pub(super) fn set_clock(&self, index: u16, offset_ms: i64) -> Result<(), ChaosError> {
        let client = &self.clients[usize::from(index)];
        let told = self.runtime.block_on(client.set_clock(offset_ms));
        told.map(|_| ()).map_err(|error| node_error(client, &error))
    }

    /// Asks all for supply and evidence. A validator that does not answer now is asked after the next fault.
    pub(super) fn ask_totals(&self, seen: &mut Observations) {
        for (index, client) in (0_u16..).zip(&self.clients) {
            if let Ok(supply) = self.runtime.block_on(client.supply()) {
                seen.supplies.push((index, supply));
            }
            if let Ok(evidence) = self.runtime.block_on(client.evidence()) {
                let text = evidence.iter().map(|found| (index, format!("{found:?}")));
                seen.evidence.extend(text);
            }
        }
    }

    /// Asks one for final blocks, whatever it answers: a refusal is not held against it.
    pub(super) fn read_blocks(&self, index: u16, heights: &[u64], seen: &mut Observations) {
        let requests: Vec<_> = heights.iter().map(|height| block_request(*height)).collect();
        for batch in requests.chunks(BATCH) {
            for block in self.ask(index, batch).into_iter().flatten() {
                seen.block(index, &block);
            }
        }
    }

    /// Asks one for every final block and transaction that anybody told, until it has told all of it again.
    pub(super) fn read_again(&self, index: u16, seen: &mut Observations) {
        let heights: Vec<u64> = seen.blocks.first.keys().copied().collect();
        let ids: Vec<TxId> = seen.receipts.first.keys().copied().collect();
        let end = Instant::now() + TELL_MAX;
        for batch in heights.chunks(BATCH) {
            let requests: Vec<_> = batch.iter().map(|height| block_request(*height)).collect();
            let told = self.ask_until(end, index, &requests, |block| block.state_root.is_some());
            for (height, block) in batch.iter().zip(told) {
                match block {
                    Some(block) => seen.block(index, &block),
                    None => seen.missing.push((index, format!("block {height}"))),
                }
            }
        }
        for batch in ids.chunks(BATCH) {
            let requests: Vec<_> = batch.iter().map(|id| GetTransaction { id: *id }).collect();
            let told = self.ask_until(end, index, &requests, |info| info.receipt.is_some());
            for (id, info) in batch.iter().zip(told) {
                if !info.is_some_and(|info| seen.transaction(index, &info)) {
                    seen.missing.push((index, format!("transaction {id}")));
                }
            }
        }
    }

    /// The answers to a batch; those that are not well by `end` are none.
    fn ask_until<R: Request>(
        &self,
        end: Instant,
        index: u16,
        requests: &[R],
        is_well: impl Fn(&R::Reply) -> bool,
    ) -> Vec<Option<R::Reply>> {
        loop {
            let told = self.ask(index, requests);
            let told: Vec<_> = told.into_iter().map(|one| one.filter(|one| is_well(one))).collect();
            if told.iter().all(Option::is_some) || Instant::now() >= end {
                return told;
            }
            thread::sleep(POLL);
        }
    }

    fn ask<R: Request>(&self, index: u16, requests: &[R]) -> Vec<Option<R::Reply>> {
        let client = &self.clients[usize::from(index)];
        match self.runtime.block_on(client.batch(requests)) {
            Ok(told) => told.into_iter().map(Result::ok).collect(),
            Err(_) => requests.iter().map(|_| None).collect(),
        }
    }
}

/// A client for each validator and follower. Their connections belong to the runtime that uses them first.
pub(super) fn clients(cluster: &Cluster, wait: Duration) -> Result<Vec<RpcClient>, ChaosError> {
    let client = |index| {
        let url = cluster.rpc_url(index)?;
        let client = RpcClient::new(&url)
            .map_err(|error| ChaosError::Node { url, detail: error.to_string() })?;
        Ok(client.with_timeout(wait))
    };
    (0..cluster.nodes()).map(client).collect()
}

pub(super) const fn block_request(height: u64) -> GetBlock {
    GetBlock::Height { height: Height::new(height) }
}

fn node_error(client: &RpcClient, error: &ClientError) -> ChaosError {
    ChaosError::Node { url: client.url().to_string(), detail: error.to_string() }
}
