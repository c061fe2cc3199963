//! The nodes under test, seen as one.

use std::collections::BTreeMap;
use std::time::Duration;
use std::time::Instant;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_rpc_api::Account;
use heddle_rpc_api::GetAccount;
use heddle_rpc_api::GetTransaction;
use heddle_rpc_api::Request;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::StateRoot;
use heddle_types::TxId;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::error::BenchError;
use crate::expected::Charge;
use crate::limits;

/// How often a node is asked again for what it does not have yet.
const POLL: Duration = Duration::from_millis(20);
/// Requests in progress at each node while results are collected.
const READERS: usize = 2;

/// The nodes of one chain.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    nodes: Vec<RpcClient>,
    chain: ChainId,
}

/// The roots of all nodes at one height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roots {
    /// After this height.
    pub(crate) height: Height,
    /// One for each node.
    pub(crate) roots: Vec<StateRoot>,
}

impl Roots {
    /// Whether all nodes have the same.
    pub(crate) fn are_equal(&self) -> bool {
        self.roots.windows(2).all(|pair| pair[0] == pair[1])
    }
}

impl Network {
    /// Asks every node which chain it is on.
    pub(crate) async fn connect(urls: &[String]) -> Result<Self, BenchError> {
        let nodes = urls.iter().map(|url| RpcClient::new(url)).collect::<Result<Vec<_>, _>>()?;
        let mut chain = None;
        for node in &nodes {
            let found = node.status().await?.chain_id;
            if *chain.get_or_insert(found) != found {
                return Err(BenchError::failed(format!(
                    "{}: found chain {found}, expected that of the first node; give nodes of one chain",
                    node.url()
                )));
            }
        }
        match chain {
            Some(chain) => Ok(Self { nodes, chain }),
            None => Err(BenchError::usage("target: found no node, expected at least one")),
        }
    }

    pub(crate) fn nodes(&self) -> &[RpcClient] {
        &self.nodes
    }

    pub(crate) const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The highest height that any node has executed.
    pub(crate) async fn executed_height(&self) -> Result<Height, BenchError> {
        let mut highest = Height::ZERO;
        for node in &self.nodes {
            highest = highest.max(node.status().await?.executed_height);
        }
        Ok(highest)
    }

    /// Waits until every node has executed `height`, and says what roots they have after the highest that all have.
    pub(crate) async fn settle(&self, height: Height) -> Result<Roots, BenchError> {
        let mut common = height;
        for node in &self.nodes {
            let executed = wait_executed(node, height).await?;
            common =
                if node.url() == self.nodes[0].url() { executed } else { common.min(executed) };
        }
        let mut roots = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            wait_executed(node, common).await?;
            let root = node.block(common).await?.state_root;
            roots.push(root.ok_or_else(|| {
                BenchError::failed(format!("{}: found no root at height {common}", node.url()))
            })?);
        }
        Ok(Roots { height: common, roots })
    }

    /// The accounts, in the same order.
    pub(crate) async fn accounts(&self, addresses: &[Address]) -> Result<Vec<Account>, BenchError> {
        self.ask_all(addresses.iter().map(|address| GetAccount { address: *address }).collect())
            .await
    }

    /// What the transactions were charged, in the same order. All of them must be final and executed everywhere.
    pub(crate) async fn charges(&self, ids: &[TxId]) -> Result<Vec<Charge>, BenchError> {
        let infos = self.ask_all(ids.iter().map(|id| GetTransaction { id: *id }).collect()).await?;
        let charge = |info: heddle_rpc_api::TransactionInfo| match info.receipt {
            Some(receipt) => {
                let (fee, deposit) = (receipt.fee_paid, receipt.deposit_paid);
                Ok(Charge { ok: receipt.ok, fee, deposit })
            }
            None => Err(BenchError::failed(format!(
                "{}: found no receipt, expected one of a final transaction; see the nodes' logs",
                info.id
            ))),
        };
        infos.into_iter().map(charge).collect()
    }

    /// How much of the native asset there is, as every node says.
    pub(crate) async fn supplies(&self) -> Result<Vec<BTreeMap<AssetId, Amount>>, BenchError> {
        let mut supplies = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            supplies.push(node.supply().await?.0);
        }
        Ok(supplies)
    }

    /// The replies to many requests, in the same order, spread over all nodes.
    pub(crate) async fn ask_all<R>(&self, requests: Vec<R>) -> Result<Vec<R::Reply>, BenchError>
    where
        R: Request + Clone + Send + Sync + 'static,
        R::Reply: Send + 'static,
    {
        let readers = self.nodes.len() * READERS;
        let chunks: Vec<Vec<R>> = requests.chunks(limits::BATCH_LEN).map(<[R]>::to_vec).collect();
        let mut tasks = JoinSet::new();
        for reader in 0..readers {
            let node = self.nodes[reader % self.nodes.len()].clone();
            let mine: Vec<(usize, Vec<R>)> =
                chunks.iter().cloned().enumerate().skip(reader).step_by(readers).collect();
            tasks.spawn(async move {
                let mut replies = Vec::with_capacity(mine.len());
                for (position, chunk) in mine {
                    replies.push((position, ask(&node, &chunk).await?));
                }
                Ok::<_, ClientError>(replies)
            });
        }
        let mut answered = Vec::with_capacity(chunks.len());
        while let Some(finished) = tasks.join_next().await {
            let finished = finished.map_err(|e| BenchError::failed(format!("reader: {e}")))?;
            answered.extend(finished?);
        }
        answered.sort_by_key(|(position, _)| *position);
        Ok(answered.into_iter().flat_map(|(_, replies)| replies).collect())
    }
}

async fn ask<R: Request>(node: &RpcClient, chunk: &[R]) -> Result<Vec<R::Reply>, ClientError> {
    node.batch(chunk).await?.into_iter().collect()
}

/// A node that does not answer for a while may have been killed and be about to come back.
pub(crate) async fn wait_executed(node: &RpcClient, height: Height) -> Result<Height, BenchError> {
    let end = Instant::now() + limits::PATIENCE;
    loop {
        let status = node.status().await;
        let is_late = Instant::now() >= end;
        match status {
            Ok(status) if status.executed_height >= height => return Ok(status.executed_height),
            Ok(status) if is_late => {
                return Err(BenchError::failed(format!(
                    "{}: found height {} executed, expected {height} within {} s; see its log",
                    node.url(),
                    status.executed_height,
                    limits::PATIENCE.as_secs()
                )));
            }
            Err(error) if is_late => return Err(error.into()),
            Ok(_) | Err(_) => sleep(POLL).await,
        }
    }
}

/// What an account holds of the native asset.
pub(crate) fn native_balance(account: &Account) -> Amount {
    account.balances.get(&AssetId::HDL).copied().unwrap_or_default()
}

/// The next sequence of one of an account's lanes.
pub(crate) fn next_sequence(account: &Account, lane: u8) -> u64 {
    account.nonces.get(&lane).copied().unwrap_or(0)
}
