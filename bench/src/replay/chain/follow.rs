//! Executed blocks, as far as they concern one market: what became of batches, what traded, what the market closed.

use std::collections::BTreeMap;

use heddle_clearing::Closed;
use heddle_clearing::MarketId;
use heddle_clearing::Trade;
use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_exchange::ActionResult;
use heddle_exchange::ExchangeEvent;
use heddle_rpc_api::BlockEvent;
use heddle_rpc_api::EventFilter;
use heddle_rpc_api::GetBlock;
use heddle_rpc_api::GetBlockEvents;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::TxId;

use crate::error::BenchError;
use crate::network;

/// Blocks in one request.
const BLOCKS_MAX: u64 = 4;

/// What a block did in one market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Executed {
    pub(super) height: Height,
    /// Its transactions, in order.
    pub(super) ids: Vec<TxId>,
    /// By the transaction's place: the results of each of its batches in this market, in order.
    pub(super) results: BTreeMap<u32, Vec<Vec<ActionResult>>>,
    /// In order.
    pub(super) trades: Vec<Trade>,
    /// In order.
    pub(super) closed: Vec<Closed>,
    /// The mode that the market went into, if it changed: the last one.
    pub(super) mode: Option<u8>,
}

/// Reads one block after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Follow {
    market: MarketId,
    next: Height,
}

impl Follow {
    /// Begins with the block after `height`.
    pub(super) const fn after(height: Height, market: MarketId) -> Self {
        Self { market, next: height.next() }
    }

    /// The blocks up to `height`, as `node` says.
    pub(super) async fn read(
        &mut self,
        node: &RpcClient,
        height: Height,
    ) -> Result<Vec<Executed>, BenchError> {
        network::wait_executed(node, height).await?;
        let mut blocks = Vec::new();
        while self.next <= height {
            let last = height.get().min(self.next.get() + BLOCKS_MAX - 1);
            let heights = (self.next.get()..=last).map(Height::new);
            blocks.extend(self.page(node, heights.collect()).await?);
            self.next = Height::new(last).next();
        }
        Ok(blocks)
    }

    async fn page(
        &self,
        node: &RpcClient,
        heights: Vec<Height>,
    ) -> Result<Vec<Executed>, BenchError> {
        let filter = EventFilter { program: Some(ProgramId::EXCHANGE), kind: None, prefix: None };
        let asked: Vec<_> =
            heights.iter().map(|height| GetBlock::Height { height: *height }).collect();
        let blocks: Vec<_> =
            node.batch(&asked).await?.into_iter().collect::<Result<_, ClientError>>()?;
        let asked: Vec<_> =
            heights.iter().map(|height| GetBlockEvents::all(*height, filter.clone())).collect();
        let events: Vec<_> =
            node.batch(&asked).await?.into_iter().collect::<Result<_, ClientError>>()?;
        let mut executed = Vec::with_capacity(heights.len());
        for (block, page) in blocks.into_iter().zip(events) {
            let mut done = Executed {
                height: block.height,
                ids: block.transaction_ids,
                ..Executed::default()
            };
            let mut page = page;
            loop {
                if page.left_out > 0 {
                    return Err(BenchError::failed(format!(
                        "{}: found {} events of height {} left out, expected all of them; replay fewer updates at a time",
                        node.url(),
                        page.left_out,
                        page.height
                    )));
                }
                page.events.iter().for_each(|event| done.take_in(event, self.market));
                let Some(next) = page.next else { break };
                let rest = GetBlockEvents {
                    from: next,
                    ..GetBlockEvents::all(block.height, filter.clone())
                };
                page = node.block_events(&rest).await?;
            }
            executed.push(done);
        }
        Ok(executed)
    }
}

impl Executed {
    /// Events of other markets are none of ours.
    fn take_in(&mut self, event: &BlockEvent, market: MarketId) {
        let of = |found: MarketId| found == market;
        match ExchangeEvent::decode(event.event.kind, &event.event.data) {
            Some(ExchangeEvent::Batch(batch)) if of(batch.market) => {
                if let Some(transaction) = event.transaction {
                    self.results.entry(transaction.get()).or_default().push(batch.results);
                }
            }
            Some(ExchangeEvent::Trades(trades)) if of(trades.market) => {
                self.trades.extend(trades.trades);
            }
            Some(ExchangeEvent::Closings(closings)) if of(closings.market) => {
                self.closed.extend(closings.closed);
            }
            Some(ExchangeEvent::Mode(changed)) if of(changed.market) => {
                self.mode = Some(changed.mode);
            }
            Some(
                ExchangeEvent::Batch(_)
                | ExchangeEvent::Trades(_)
                | ExchangeEvent::Closings(_)
                | ExchangeEvent::Mode(_)
                | ExchangeEvent::MarketCreated(_),
            )
            | None => {}
        }
    }
}
