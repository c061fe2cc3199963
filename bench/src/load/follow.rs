//! Watching blocks become final, at every node, as a client would: over a WebSocket.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_client::Subscriber;
use heddle_client::Update;
use heddle_rpc_api::Block;
use heddle_types::Height;
use heddle_types::TxId;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::error::BenchError;
use crate::network::Network;
use crate::wallet::Signed;

/// How long after a broken connection the next is tried.
const RECONNECT: Duration = Duration::from_millis(50);
/// Blocks that were read and not yet looked at.
const BLOCKS_MAX: usize = 1024;

/// When and where transactions were first reported final, by the node that each was sent to.
#[derive(Debug)]
pub(crate) struct Sightings {
    /// Microseconds after the start.
    pub(crate) micros: Vec<Option<u64>>,
    pub(crate) heights: Vec<Option<Height>>,
}

/// Readers at all nodes, and the task that collects what they see.
#[derive(Debug)]
pub(crate) struct Watch {
    readers: Vec<JoinHandle<()>>,
    collector: JoinHandle<Sightings>,
    seen: Arc<AtomicU64>,
}

struct Sighting {
    node: usize,
    at: Instant,
    block: Block,
}

impl Watch {
    /// Begins with the blocks after `height`. `nodes` says which node each transaction is sent to.
    pub(crate) fn begin(
        network: &Network,
        (txs, nodes): (&[Signed], Vec<usize>),
        height: Height,
        start: Instant,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(BLOCKS_MAX);
        let readers = network.nodes().iter().enumerate().map(|(node, client)| {
            tokio::spawn(follow(node, client.clone(), height.next(), sender.clone()))
        });
        let readers = readers.collect();
        let seen = Arc::new(AtomicU64::new(0));
        let by_id = txs.iter().enumerate().map(|(position, tx)| (tx.id, position)).collect();
        let collector = tokio::spawn(collect(receiver, (by_id, nodes), start, seen.clone()));
        Self { readers, collector, seen }
    }

    /// How many transactions were seen final so far.
    pub(crate) fn seen(&self) -> u64 {
        // A counter that publishes nothing else.
        self.seen.load(Ordering::Relaxed)
    }

    /// Ends the readers and hands over what they saw.
    pub(crate) async fn end(self) -> Result<Sightings, BenchError> {
        for reader in &self.readers {
            reader.abort();
        }
        // The collector ends when the last reader has let go of its end of the channel.
        self.collector.await.map_err(|e| BenchError::failed(format!("watching blocks: {e}")))
    }
}

async fn collect(
    mut receiver: mpsc::Receiver<Sighting>,
    (by_id, nodes): (HashMap<TxId, usize>, Vec<usize>),
    start: Instant,
    seen: Arc<AtomicU64>,
) -> Sightings {
    let mut sightings =
        Sightings { micros: vec![None; nodes.len()], heights: vec![None; nodes.len()] };
    while let Some(Sighting { node, at, block }) = receiver.recv().await {
        let micros =
            u64::try_from(at.saturating_duration_since(start).as_micros()).unwrap_or(u64::MAX);
        for id in &block.transaction_ids {
            let Some(position) = by_id.get(id).copied() else { continue };
            if nodes[position] == node && sightings.micros[position].is_none() {
                sightings.micros[position] = Some(micros);
                sightings.heights[position] = Some(block.height);
                seen.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    sightings
}

/// Reads blocks from `next` on for as long as anybody listens; a node that goes away is asked again.
async fn follow(node: usize, client: RpcClient, mut next: Height, seen: mpsc::Sender<Sighting>) {
    while !seen.is_closed() {
        // Whatever ended the connection, the next one goes on where it stopped.
        let _ = follow_once(node, &client, &mut next, &seen).await;
        sleep(RECONNECT).await;
    }
}

async fn follow_once(
    node: usize,
    client: &RpcClient,
    next: &mut Height,
    seen: &mpsc::Sender<Sighting>,
) -> Result<(), ClientError> {
    let mut subscriber = Subscriber::connect(&client.url().to_string()).await?;
    subscriber.blocks(Some(*next)).await?;
    loop {
        let update = subscriber.next().await?;
        let at = Instant::now();
        match update {
            Update::Block(item) => {
                *next = item.data.height.next();
                if seen.send(Sighting { node, at, block: item.data }).await.is_err() {
                    return Ok(());
                }
            }
            Update::Gap(message) => {
                for height in message.gap.from..=message.gap.to {
                    let block = client.block(Height::new(height)).await?;
                    *next = block.height.next();
                    if seen.send(Sighting { node, at: Instant::now(), block }).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Update::Transaction(_) | Update::Events(_) => {}
        }
    }
}
