//! Receipts of the blocks that are asked for most, decoded: storage keeps a block's receipts as one piece.

use std::collections::VecDeque;
use std::sync::Arc;

use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_types::Height;
use heddle_types::Receipt;
use heddle_types::TxTrace;
use parking_lot::Mutex;

/// Receipts kept at most, over all blocks.
const RECEIPTS_MAX: usize = 50_000;

/// What became of a block's transactions, and what they touched, in the same order.
#[derive(Debug)]
pub(crate) struct BlockReceipts {
    pub(crate) receipts: Vec<Receipt>,
    /// May be empty when nobody recorded them.
    pub(crate) traces: Vec<TxTrace>,
}

/// A bounded cache, first in, first out.
#[derive(Debug, Default)]
pub(crate) struct ReceiptCache(Mutex<VecDeque<(Height, Arc<BlockReceipts>)>>);

impl ReceiptCache {
    /// Keeps the receipts of a height, if it has any.
    pub(crate) fn insert(&self, height: Height, receipts: Arc<BlockReceipts>) {
        if receipts.receipts.is_empty() {
            return;
        }
        let mut kept = self.0.lock();
        kept.push_back((height, receipts));
        let mut count: usize = kept.iter().map(|(_, block)| block.receipts.len()).sum();
        while count > RECEIPTS_MAX && kept.len() > 1 {
            count -= kept.pop_front().map_or(0, |(_, block)| block.receipts.len());
        }
    }

    /// The receipts of a final height, from here or from the store; none above the last.
    pub(crate) fn read(
        &self,
        storage: &Storage,
        height: Height,
    ) -> Result<Option<Arc<BlockReceipts>>, StorageError> {
        let kept = self.0.lock().iter().rev().find(|(kept, _)| *kept == height).cloned();
        if let Some((_, receipts)) = kept {
            return Ok(Some(receipts));
        }
        let Some(receipts) = storage.receipts(height)? else { return Ok(None) };
        let traces = storage.traces(height)?.unwrap_or_default();
        let receipts = Arc::new(BlockReceipts { receipts, traces });
        self.insert(height, Arc::clone(&receipts));
        Ok(Some(receipts))
    }
}

#[cfg(test)]
mod tests {
    use heddle_types::Amount;
    use heddle_types::Events;
    use heddle_types::Outcome;
    use heddle_types::TxId;

    use super::*;

    fn block(len: usize) -> Arc<BlockReceipts> {
        let receipt = Receipt {
            id: TxId::ZERO,
            outcome: Outcome::Ok,
            fee_paid: Amount::ZERO,
            deposit_paid: Amount::ZERO,
            events: Events::default(),
        };
        Arc::new(BlockReceipts { receipts: vec![receipt; len], traces: Vec::new() })
    }

    #[test]
    fn the_cache_is_bounded_by_receipts() {
        let cache = ReceiptCache::default();
        (1..=20).for_each(|height| cache.insert(Height::new(height), block(RECEIPTS_MAX / 10)));
        let kept = cache.0.lock();
        assert_eq!(kept.len(), 10);
        assert_eq!(kept.front().map(|(height, _)| height.get()), Some(11));
    }

    #[test]
    fn one_block_past_the_bound_is_kept_alone() {
        let cache = ReceiptCache::default();
        cache.insert(Height::new(1), block(1));
        cache.insert(Height::new(2), block(RECEIPTS_MAX + 1));
        assert_eq!(cache.0.lock().len(), 1);
    }
}
