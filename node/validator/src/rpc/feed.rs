//! The newest executed final blocks, for those who follow along.
//!
//! One bounded ring for all subscribers: publishing never waits and a reader holds only its position. A reader that falls
//! out of the ring is told which heights it missed. A block is encoded once, however many read it.

use std::collections::VecDeque;
use std::sync::Arc;

use heddle_rpc_api::Block;
use heddle_types::Height;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::sync::watch;

/// One block of the feed.
#[derive(Clone, Debug)]
pub struct BlockEvent {
    /// Its height, which is also its sequence.
    pub height: Height,
    /// The block as JSON.
    pub json: Arc<RawValue>,
}

/// What a reader gets.
#[derive(Clone, Debug)]
pub enum FeedRead {
    /// The next blocks, ascending without a hole; none when the reader is up to date.
    Blocks(Vec<BlockEvent>),
    /// These heights are no longer, or were never, in the ring; read on after the last.
    Gap {
        /// The first.
        from: Height,
        /// The last.
        to: Height,
    },
}

/// The ring.
#[derive(Debug)]
pub struct BlockFeed {
    ring: Mutex<VecDeque<BlockEvent>>,
    capacity: usize,
    newest: watch::Sender<Height>,
}

impl BlockFeed {
    /// An empty ring of `capacity` blocks, at least one, that goes on after `executed`.
    pub fn new(capacity: usize, executed: Height) -> Self {
        let capacity = capacity.max(1);
        let newest = watch::Sender::new(executed);
        Self { ring: Mutex::new(VecDeque::with_capacity(capacity)), capacity, newest }
    }

    /// Adds a block and wakes the readers. Heights rise; a height that is not above the newest is ignored.
    ///
    /// # Errors
    /// When the block cannot be encoded, which no block can cause.
    pub fn publish(&self, block: &Block) -> Result<(), serde_json::Error> {
        let json = Arc::from(serde_json::value::to_raw_value(block)?);
        let event = BlockEvent { height: block.height, json };
        let mut ring = self.ring.lock();
        if block.height <= *self.newest.borrow() {
            return Ok(());
        }
        if ring.len() >= self.capacity {
            ring.pop_front();
        }
        ring.push_back(event);
        self.newest.send_replace(block.height);
        Ok(())
    }

    /// The newest height published.
    pub fn newest(&self) -> Height {
        *self.newest.borrow()
    }

    /// Wakes whenever a block is published.
    pub fn changes(&self) -> watch::Receiver<Height> {
        self.newest.subscribe()
    }

    /// At most `max` blocks from `next` on.
    pub fn read(&self, next: Height, max: usize) -> FeedRead {
        let ring = self.ring.lock();
        let newest = *self.newest.borrow();
        if next > newest {
            return FeedRead::Blocks(Vec::new());
        }
        let start = ring.partition_point(|event| event.height < next);
        match ring.get(start) {
            // Nothing at or above `next` is left of what was published before this feed began.
            None => FeedRead::Gap { from: next, to: newest },
            Some(event) if event.height > next => {
                let to = event.height.prev().unwrap_or(Height::ZERO);
                FeedRead::Gap { from: next, to }
            }
            Some(_) => FeedRead::Blocks(contiguous(&ring, start, max)),
        }
    }
}

fn contiguous(ring: &VecDeque<BlockEvent>, start: usize, max: usize) -> Vec<BlockEvent> {
    let mut blocks: Vec<BlockEvent> = Vec::new();
    for event in ring.range(start..).take(max) {
        if blocks.last().is_some_and(|last| last.height.next() != event.height) {
            break;
        }
        blocks.push(event.clone());
    }
    blocks
}
