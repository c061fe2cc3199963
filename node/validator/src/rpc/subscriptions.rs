//! What one WebSocket follows.
//!
//! A subscription is a position, not a queue: messages are made when the socket can take them, so a slow reader costs no
//! memory. One that falls out of the feed's ring is told the gap.

use std::collections::BTreeMap;
use std::ops::Bound;

use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::EventFilter;
use heddle_rpc_api::Gap;
use heddle_rpc_api::GapMessage;
use heddle_rpc_api::GetBlockEvents;
use heddle_rpc_api::Item;
use heddle_rpc_api::RpcError;
use heddle_rpc_api::SubscribeBlocks;
use heddle_rpc_api::SubscribeEvents;
use heddle_rpc_api::SubscribeTransaction;
use heddle_rpc_api::Subscribed;
use heddle_rpc_api::TransactionInfo;
use heddle_rpc_api::Unsubscribe;
use heddle_types::Height;
use heddle_types::TxId;

use crate::rpc::Backend;
use crate::rpc::FeedRead;
use crate::rpc::jsonrpc;
use crate::rpc::limits;

/// The subscriptions of one connection, by number.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    entries: BTreeMap<u64, Subscription>,
    last: u64,
}

#[derive(Debug)]
enum Subscription {
    Blocks { next: Height },
    Events { next: Height, filter: EventFilter },
    Transaction(Box<TransactionWatch>),
}

#[derive(Debug)]
struct TransactionWatch {
    id: TxId,
    next_seq: u64,
    /// The newest height when it was last looked at, and what was then told.
    told: Option<(Height, TransactionInfo)>,
}

impl Subscriptions {
    pub(super) fn add_blocks(
        &mut self,
        request: SubscribeBlocks,
        newest: Height,
    ) -> Result<Subscribed, RpcError> {
        let next = request.from_seq.map_or_else(|| newest.next(), Height::new);
        self.add(Subscription::Blocks { next })
    }

    pub(super) fn add_events(
        &mut self,
        request: SubscribeEvents,
        newest: Height,
    ) -> Result<Subscribed, RpcError> {
        let SubscribeEvents { filter, from_seq } = request;
        let next = from_seq.map_or_else(|| newest.next(), Height::new);
        self.add(Subscription::Events { next, filter })
    }

    pub(super) fn add_transaction(
        &mut self,
        request: SubscribeTransaction,
    ) -> Result<Subscribed, RpcError> {
        let SubscribeTransaction { id, from_seq } = request;
        let next_seq = from_seq.unwrap_or(0);
        let watch = TransactionWatch { id, next_seq, told: None };
        self.add(Subscription::Transaction(Box::new(watch)))
    }

    /// Whether there was one of that number.
    pub(super) fn remove(&mut self, request: Unsubscribe) -> bool {
        self.entries.remove(&request.subscription).is_some()
    }

    /// The next message of the first subscription after number `after` that has one, and its number.
    pub(super) async fn next_message<B: Backend>(
        &mut self,
        backend: &B,
        after: u64,
    ) -> Option<(u64, Vec<u8>)> {
        let range = (Bound::Excluded(after), Bound::Unbounded);
        for (number, subscription) in self.entries.range_mut(range) {
            let number = *number;
            let message = match subscription {
                Subscription::Blocks { next } => block_message(backend, number, next),
                Subscription::Events { next, filter } => {
                    events_message(backend, number, next, filter).await
                }
                Subscription::Transaction(watch) => watch.message(backend, number).await,
            };
            let Some(message) = message else { continue };
            if subscription.is_over() {
                self.entries.remove(&number);
            }
            return Some((number, message));
        }
        None
    }

    fn add(&mut self, subscription: Subscription) -> Result<Subscribed, RpcError> {
        if self.entries.len() >= limits::SUBSCRIPTIONS_MAX {
            let message = format!(
                "subscriptions: this connection has {}, which is the most",
                limits::SUBSCRIPTIONS_MAX
            );
            return Err(RpcError::new(ErrorKind::TooLarge, message));
        }
        self.last += 1;
        self.entries.insert(self.last, subscription);
        Ok(Subscribed { subscription: self.last })
    }
}

impl Subscription {
    fn is_over(&self) -> bool {
        match self {
            Self::Blocks { .. } | Self::Events { .. } => false,
            Self::Transaction(watch) => {
                watch.told.as_ref().is_some_and(|(_, told)| told.is_settled())
            }
        }
    }
}

fn block_message<B: Backend>(backend: &B, subscription: u64, next: &mut Height) -> Option<Vec<u8>> {
    match backend.blocks().read(*next, 1) {
        FeedRead::Blocks(blocks) => {
            let event = blocks.into_iter().next()?;
            *next = event.height.next();
            let height = event.height.get();
            let data = &*event.json;
            let item = Item { subscription, seq: height, height: Some(height), data };
            Some(jsonrpc::encode_replies(&item))
        }
        FeedRead::Gap { from, to } => Some(gap_message(subscription, next, (from, to))),
    }
}

/// As far back as blocks go, so do events, though the store has them all: a socket that reads slowly must not make the node read it
/// from the beginning.
async fn events_message<B: Backend>(
    backend: &B,
    subscription: u64,
    next: &mut Height,
    filter: &EventFilter,
) -> Option<Vec<u8>> {
    match backend.blocks().read(*next, 1) {
        FeedRead::Blocks(blocks) => {
            let height = blocks.into_iter().next()?.height;
            let request = GetBlockEvents::all(height, filter.clone());
            // A failure of the node leaves nothing out; the next block asks again.
            let data = backend.block_events(request).await.ok()?;
            *next = height.next();
            let height = height.get();
            let item = Item { subscription, seq: height, height: Some(height), data };
            Some(jsonrpc::encode_replies(&item))
        }
        FeedRead::Gap { from, to } => Some(gap_message(subscription, next, (from, to))),
    }
}

fn gap_message(subscription: u64, next: &mut Height, (from, to): (Height, Height)) -> Vec<u8> {
    *next = to.next();
    let gap = Gap { from: from.get(), to: to.get() };
    jsonrpc::encode_replies(&GapMessage { subscription, gap })
}

impl TransactionWatch {
    async fn message<B: Backend>(&mut self, backend: &B, subscription: u64) -> Option<Vec<u8>> {
        let newest = backend.blocks().newest();
        if self.told.as_ref().is_some_and(|(looked_at, _)| *looked_at == newest) {
            return None;
        }
        // A failure of the node is not a state of the transaction; the next block asks again.
        let info = backend.transaction(self.id).await.ok()?;
        let changed = self.told.as_ref().is_none_or(|(_, told)| *told != info);
        let message = changed.then(|| {
            let seq = self.next_seq;
            let height = info.height.map(Height::get);
            let data = &info;
            jsonrpc::encode_replies(&Item { subscription, seq, height, data })
        });
        self.next_seq += u64::from(changed);
        self.told = Some((newest, info));
        message
    }
}
