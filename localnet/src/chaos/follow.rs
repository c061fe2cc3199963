//! Writing down what every validator says, all the time.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use heddle_client::RpcClient;
use heddle_rpc_api::GetTransaction;
use parking_lot::Mutex;
use parking_lot::MutexGuard;

use super::nodes::block_request;
use super::observations::Observations;

/// How often a validator is asked where it is.
const POLL: Duration = Duration::from_millis(50);
/// Blocks that are asked for at once.
const BLOCKS_MAX: u64 = 50;
/// Of every so manieth block, one transaction is asked for.
const SAMPLED_HEIGHTS: u64 = 4;

/// What is seen, shared by those who look, those who send, and the one who harms.
#[derive(Debug)]
pub(super) struct Watch {
    seen: Mutex<Observations>,
    latest: Mutex<Vec<Option<Latest>>>,
    /// Set once for the load, and once for the followers. Relaxed: late by a moment is fine.
    load_ends: AtomicBool,
    ends: AtomicBool,
}

/// What a validator said last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    pub(super) asked_at: Instant,
    pub(super) final_height: u64,
    pub(super) voting: bool,
}

impl Watch {
    pub(super) fn new(nodes: u16) -> Self {
        Self {
            seen: Mutex::default(),
            latest: Mutex::new(vec![None; usize::from(nodes)]),
            load_ends: AtomicBool::new(false),
            ends: AtomicBool::new(false),
        }
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Observations> {
        self.seen.lock()
    }

    pub(super) fn latest(&self) -> Vec<Option<Latest>> {
        self.latest.lock().clone()
    }

    pub(super) fn end_load(&self) {
        self.load_ends.store(true, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.end_load();
        self.ends.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_load_ended(&self) -> bool {
        self.load_ends.load(Ordering::Relaxed)
    }

    /// The highest final height that anybody has said lately or told a block of.
    pub(super) fn highest(&self) -> u64 {
        let latest = self.latest().into_iter().flatten().map(|latest| latest.final_height);
        latest.max().unwrap_or(0).max(self.seen().highest())
    }
}

/// Follows one validator until the run ends.
pub(super) async fn follow(watch: Arc<Watch>, index: u16, client: RpcClient) {
    let mut next = 1;
    while !watch.ends.load(Ordering::Relaxed) {
        let asked_at = Instant::now();
        if let Ok(status) = client.status().await {
            let final_height = status.final_height.get();
            watch.seen().height(index, final_height);
            let latest = Latest { asked_at, final_height, voting: status.voting };
            watch.latest.lock()[usize::from(index)] = Some(latest);
            next = read_blocks(&watch, index, &client, next..=final_height).await;
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Reads blocks, a piece of the range at most; returns the next height.
async fn read_blocks(
    watch: &Watch,
    index: u16,
    client: &RpcClient,
    heights: std::ops::RangeInclusive<u64>,
) -> u64 {
    let (first, last) = heights.into_inner();
    let last = last.min(first.saturating_add(BLOCKS_MAX - 1));
    let requests: Vec<_> = (first..=last).map(block_request).collect();
    if requests.is_empty() {
        return first;
    }
    let Ok(blocks) = client.batch(&requests).await else { return first };
    let mut next = first;
    let mut sampled = Vec::new();
    for block in blocks.into_iter().map_while(Result::ok) {
        if block.state_root.is_none() {
            break;
        }
        watch.seen().block(index, &block);
        if next.is_multiple_of(SAMPLED_HEIGHTS) {
            sampled.extend(block.transaction_ids.first().map(|id| GetTransaction { id: *id }));
        }
        next += 1;
    }
    if let Ok(infos) = client.batch(&sampled).await {
        for info in infos.into_iter().flatten() {
            watch.seen().transaction(index, &info);
        }
    }
    next
}
