//! Sending each burst when it is due, whatever became of those before.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use heddle_client::RpcClient;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::sleep_until;

use crate::error::BenchError;
use crate::load::schedule::Schedule;
use crate::network::Network;
use crate::submit::may_retry;
use crate::wallet::Signed;

/// Requests in progress at each node; a node that lets more pile up is what makes transactions late.
const REQUESTS_MAX: usize = 48;
/// A refusal for now is tried again after this long, and given up after the other: the latency counts on meanwhile.
const RETRY: Duration = Duration::from_millis(20);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// What sending came to.
#[derive(Debug)]
pub(crate) struct Offered {
    /// When each transaction was ready to leave, in microseconds after the start. What a node then lets wait is the node's delay,
    /// not the generator's: it shows in the latency, which counts from when the transaction was due.
    pub(crate) sent_micros: Vec<u64>,
    /// Whether each was refused, at last.
    pub(crate) refused: Vec<bool>,
    /// Why the first of them was.
    pub(crate) first_refusal: Option<String>,
}

struct Sent {
    first: usize,
    len: usize,
    micros: u64,
    refused: Vec<(usize, String)>,
}

/// Offers all of `txs`; `nodes` says which node each goes to. Returns when every request has been answered.
pub(crate) async fn offer(
    network: &Network,
    txs: &Arc<Vec<Signed>>,
    nodes: &[usize],
    (schedule, start): (&Schedule, Instant),
) -> Result<Offered, BenchError> {
    let count = txs.len();
    let mut offered =
        Offered { sent_micros: vec![0; count], refused: vec![false; count], first_refusal: None };
    let gates: Vec<_> =
        network.nodes().iter().map(|_| Arc::new(Semaphore::new(REQUESTS_MAX))).collect();
    let mut tasks = JoinSet::new();
    for burst in schedule.bursts() {
        sleep_until((start + Duration::from_micros(burst.due_micros)).into()).await;
        let first = usize::try_from(burst.txs.start).unwrap_or(usize::MAX);
        let len = usize::try_from(burst.txs.end - burst.txs.start).unwrap_or_default();
        let node = nodes[first];
        let send = BurstSend {
            node: network.nodes()[node].clone(),
            gate: gates[node].clone(),
            txs: txs.clone(),
        };
        tasks.spawn(send.run(first, len, start));
        while let Some(sent) = tasks.try_join_next() {
            offered.note(sent.map_err(broken)?);
        }
    }
    while let Some(sent) = tasks.join_next().await {
        offered.note(sent.map_err(broken)?);
    }
    Ok(offered)
}

fn broken(error: tokio::task::JoinError) -> BenchError {
    BenchError::failed(format!("sending: {error}"))
}

impl Offered {
    fn note(&mut self, sent: Sent) {
        self.sent_micros[sent.first..sent.first + sent.len].fill(sent.micros);
        for (tx, why) in sent.refused {
            self.refused[tx] = true;
            self.first_refusal.get_or_insert(why);
        }
    }
}

/// One burst on its way.
struct BurstSend {
    node: RpcClient,
    gate: Arc<Semaphore>,
    txs: Arc<Vec<Signed>>,
}

impl BurstSend {
    async fn run(self, first: usize, len: usize, start: Instant) -> Sent {
        let mut waiting: Vec<usize> = (first..first + len).collect();
        let began = Instant::now();
        // Saturates: a burst may be ready a moment before a start that is still to come.
        let micros = began.saturating_duration_since(start).as_micros();
        let micros = u64::try_from(micros).unwrap_or(u64::MAX);
        let mut sent = Sent { first, len, micros, refused: Vec::new() };
        loop {
            let bytes = waiting.iter().map(|tx| self.txs[*tx].bytes.clone()).collect();
            // The gate is never closed; without a permit there would only be no limit.
            let permit = self.gate.acquire().await;
            let outcomes = self.node.send_many(bytes).await;
            drop(permit);
            let is_last_try = began.elapsed() >= RETRY_MAX;
            let mut again = Vec::new();
            for (tx, outcome) in waiting.into_iter().zip(outcomes) {
                match outcome {
                    Ok(_) => {}
                    Err(error) if may_retry(&error) && !is_last_try => again.push(tx),
                    Err(error) => sent.refused.push((tx, error.to_string())),
                }
            }
            if again.is_empty() {
                return sent;
            }
            waiting = again;
            sleep(RETRY).await;
        }
    }
}
