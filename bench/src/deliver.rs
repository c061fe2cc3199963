//! Sending, and waiting until all that was sent is final.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_rpc_api::Block;
use heddle_rpc_api::GetBlock;
use heddle_types::Height;
use heddle_types::TxId;
use tokio::time::sleep;

use crate::error::BenchError;
use crate::limits;
use crate::network::Network;
use crate::submit;
use crate::submit::Refusal;
use crate::wallet::Signed;

/// How often the chain is looked at.
const POLL: Duration = Duration::from_millis(20);
/// Transactions that were admitted and are not final after this long without any progress are sent again: a node that was
/// killed has forgotten them.
const RESEND: Duration = Duration::from_secs(5);
/// Blocks in one request; full ones of 10,000 ids take 0.7 MB each.
const BLOCKS_MAX: u64 = 16;

/// What became of transactions that were sent.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// The height that each is final at; none for those that are not.
    pub(crate) heights: Vec<Option<Height>>,
    /// Those that were refused for good.
    pub(crate) refused: Vec<Refusal>,
}

impl Delivered {
    /// The highest height of any.
    pub(crate) fn height(&self) -> Height {
        self.heights.iter().flatten().copied().max().unwrap_or(Height::ZERO)
    }
}

/// Sends all of `txs` and waits until each is final or refused, or nothing has moved for [`limits::PATIENCE`].
pub(crate) async fn deliver(
    network: &Network,
    txs: &Arc<Vec<Signed>>,
) -> Result<Delivered, BenchError> {
    let mut walk = Walk::after(network.executed_height().await?);
    let mut finals = Finals::new(txs);
    let all: Vec<usize> = (0..txs.len()).collect();
    let mut refused = submit::submit(network, txs, &all).await?;
    let (mut progress, mut sent) = (Instant::now(), Instant::now());
    loop {
        for block in walk.advance(network).await? {
            if finals.note(&block) {
                (progress, sent) = (Instant::now(), Instant::now());
            }
        }
        let missing = finals.missing(&refused);
        if missing.is_empty() || progress.elapsed() >= limits::PATIENCE {
            return Ok(Delivered { heights: finals.heights, refused });
        }
        if sent.elapsed() >= RESEND {
            refused.extend(submit::submit(network, txs, &missing).await?);
            sent = Instant::now();
        }
        sleep(POLL).await;
    }
}

/// Which of many transactions are final.
#[derive(Debug)]
pub(crate) struct Finals {
    by_id: BTreeMap<TxId, usize>,
    heights: Vec<Option<Height>>,
}

impl Finals {
    pub(crate) fn new(txs: &[Signed]) -> Self {
        let by_id = txs.iter().enumerate().map(|(position, tx)| (tx.id, position)).collect();
        Self { by_id, heights: vec![None; txs.len()] }
    }

    /// Notes what a final block holds; whether any of ours is among it.
    pub(crate) fn note(&mut self, block: &Block) -> bool {
        let mut any = false;
        for id in &block.transaction_ids {
            if let Some(position) = self.by_id.get(id) {
                self.heights[*position] = Some(block.height);
                any = true;
            }
        }
        any
    }

    /// Those that are neither final nor refused.
    fn missing(&self, refused: &[Refusal]) -> Vec<usize> {
        let mut missing: Vec<usize> =
            (0..self.heights.len()).filter(|tx| self.heights[*tx].is_none()).collect();
        if !refused.is_empty() {
            let refused: BTreeSet<usize> = refused.iter().map(|refusal| refusal.tx).collect();
            missing.retain(|tx| !refused.contains(tx));
        }
        missing
    }
}

/// Reads executed blocks in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    next: Height,
}

impl Walk {
    /// Begins with the block after `height`.
    pub(crate) const fn after(height: Height) -> Self {
        Self { next: height.next() }
    }

    /// The blocks executed since, at most [`BLOCKS_MAX`], from the first node that answers.
    pub(crate) async fn advance(&mut self, network: &Network) -> Result<Vec<Block>, BenchError> {
        let mut last = None;
        for node in network.nodes() {
            match self.read(node).await {
                Ok(blocks) => {
                    self.next = blocks.last().map_or(self.next, |block| block.height.next());
                    return Ok(blocks);
                }
                Err(error) => last = Some(error),
            }
        }
        last.map_or(Ok(Vec::new()), |error| Err(error.into()))
    }

    async fn read(&self, node: &RpcClient) -> Result<Vec<Block>, ClientError> {
        let executed = node.status().await?.executed_height;
        let end = executed.get().min(self.next.get() + BLOCKS_MAX - 1);
        let heights = self.next.get()..=end;
        let requests: Vec<_> =
            heights.map(|height| GetBlock::Height { height: Height::new(height) }).collect();
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        node.batch(&requests).await?.into_iter().collect()
    }
}
