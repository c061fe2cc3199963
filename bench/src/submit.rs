//! Sending signed transactions as quickly as they are admitted, in order within each sender's lane.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::error::BenchError;
use crate::limits;
use crate::network::Network;
use crate::wallet::Signed;

const BACKOFF: Duration = Duration::from_millis(5);
const BACKOFF_MAX: Duration = Duration::from_millis(200);
/// Requests in progress at each node.
const ROUTES_PER_NODE: usize = 2;

/// A transaction that was refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Its position.
    pub(crate) tx: usize,
    /// Why.
    pub(crate) why: String,
}

/// Sends those of `txs` that are named, and says which were refused for good. A lane's transactions go to one node, one
/// request after the other: a node refuses what it would have to hold back.
pub(crate) async fn submit(
    network: &Network,
    txs: &Arc<Vec<Signed>>,
    which: &[usize],
) -> Result<Vec<Refusal>, BenchError> {
    let mut tasks = JoinSet::new();
    for (route, queue) in routes(txs, which, network.nodes().len() * ROUTES_PER_NODE) {
        let node = network.nodes()[route % network.nodes().len()].clone();
        tasks.spawn(Route::new(node, txs.clone(), queue).run());
    }
    let mut refused = Vec::new();
    while let Some(finished) = tasks.join_next().await {
        refused.extend(finished.map_err(|e| BenchError::failed(format!("sender: {e}")))?);
    }
    refused.sort_by_key(|refusal| refusal.tx);
    Ok(refused)
}

/// Deals the lanes out to `count` routes, round robin in order of first appearance; routes without any are left out.
fn routes(txs: &[Signed], which: &[usize], count: usize) -> Vec<(usize, VecDeque<usize>)> {
    let mut queues = vec![VecDeque::new(); count];
    let mut route_of = BTreeMap::new();
    for tx in which {
        let next = route_of.len() % count;
        let route = *route_of.entry(txs[*tx].queue).or_insert(next);
        queues[route].push_back(*tx);
    }
    queues.into_iter().enumerate().filter(|(_, queue)| !queue.is_empty()).collect()
}

/// Whether the same bytes may be sent again. Sending what is pending or final already is no error, so an unknown outcome is
/// cleared up that way too.
pub(crate) fn may_retry(error: &ClientError) -> bool {
    match error {
        ClientError::Refused(refusal) => refusal.data.retryable,
        ClientError::Http { status, .. } => status.is_server_error() || status.as_u16() == 429,
        ClientError::NoAnswer { .. } | ClientError::Malformed { .. } => true,
        ClientError::Url { .. } => false,
    }
}

struct Route {
    node: RpcClient,
    txs: Arc<Vec<Signed>>,
    queue: VecDeque<usize>,
    /// Lanes of which one was refused for good: nothing after it can be admitted.
    closed: BTreeSet<(usize, u8)>,
    refused: Vec<Refusal>,
}

impl Route {
    const fn new(node: RpcClient, txs: Arc<Vec<Signed>>, queue: VecDeque<usize>) -> Self {
        Self { node, txs, queue, closed: BTreeSet::new(), refused: Vec::new() }
    }

    async fn run(mut self) -> Vec<Refusal> {
        let mut backoff = BACKOFF;
        let mut progress = Instant::now();
        while !self.queue.is_empty() {
            let batch = self.take_batch();
            let bytes = batch.iter().map(|tx| self.txs[*tx].bytes.clone()).collect();
            let outcomes = self.node.send_many(bytes).await;
            let sent = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            let last = self.sort_out(&batch, outcomes);
            if sent > 0 {
                (progress, backoff) = (Instant::now(), BACKOFF);
            }
            let Some(last) = last else { continue };
            if progress.elapsed() >= limits::PATIENCE {
                let why = format!("not admitted for {} s: {last}", limits::PATIENCE.as_secs());
                for tx in std::mem::take(&mut self.queue) {
                    self.refused.push(Refusal { tx, why: why.clone() });
                }
                break;
            }
            sleep(backoff).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
        self.refused
    }

    /// The next transactions of lanes that are still open.
    fn take_batch(&mut self) -> Vec<usize> {
        let mut batch = Vec::with_capacity(limits::BATCH_LEN);
        while batch.len() < limits::BATCH_LEN {
            let Some(tx) = self.queue.pop_front() else { break };
            if self.closed.contains(&self.txs[tx].queue) {
                let why = "an earlier one of its lane was refused".to_owned();
                self.refused.push(Refusal { tx, why });
            } else {
                batch.push(tx);
            }
        }
        batch
    }

    /// Puts what may be sent again back in front, in order; the last reason for that, if there was any.
    fn sort_out<T>(
        &mut self,
        batch: &[usize],
        outcomes: Vec<Result<T, ClientError>>,
    ) -> Option<ClientError> {
        let mut last = None;
        let mut again = Vec::new();
        for (tx, outcome) in batch.iter().zip(outcomes) {
            match outcome {
                Ok(_) => {}
                Err(error) if may_retry(&error) => {
                    again.push(*tx);
                    last = Some(error);
                }
                Err(error) => {
                    self.closed.insert(self.txs[*tx].queue);
                    self.refused.push(Refusal { tx: *tx, why: error.to_string() });
                }
            }
        }
        for tx in again.into_iter().rev() {
            self.queue.push_front(tx);
        }
        last
    }
}
