//! Receipts of the blocks that are asked for most, decoded: storage keeps a block's receipts as one piece.

use std::collections::VecDeque;
use std::sync::Arc;

use heddle_storage::PhaseEvents;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_types::Event;
use heddle_types::Height;
use heddle_types::Receipt;
use heddle_types::TxIndex;
use heddle_types::TxTrace;
use parking_lot::Mutex;

/// Receipts and events of phases kept at most, over all blocks.
const RECEIPTS_MAX: usize = 50_000;

/// What became of a block's transactions, what they touched, in the same order, and what its phases reported.
#[derive(Debug)]
pub(crate) struct BlockReceipts {
    pub(crate) receipts: Vec<Receipt>,
    /// May be empty when nobody recorded them.
    pub(crate) traces: Vec<TxTrace>,
    pub(crate) phase_events: PhaseEvents,
}

impl BlockReceipts {
    /// How much it counts for in the cache.
    const fn len(&self) -> usize {
        self.receipts.len() + self.phase_events.events.len()
    }

    /// All of the block's events: those of its transactions, each with its index, then those of its phases.
    pub(crate) fn events(&self) -> impl Iterator<Item = (Option<TxIndex>, &Event)> {
        let of_transactions = (0_u32..).zip(&self.receipts).flat_map(|(index, receipt)| {
            receipt.events.iter().map(move |event| (Some(TxIndex::new(index)), event))
        });
        of_transactions.chain(self.phase_events.events.iter().map(|event| (None, event)))
    }
}

/// A bounded cache, first in, first out.
#[derive(Debug, Default)]
pub(crate) struct ReceiptCache(Mutex<VecDeque<(Height, Arc<BlockReceipts>)>>);

impl ReceiptCache {
    /// Keeps the receipts of a height, if it has any.
    pub(crate) fn insert(&self, height: Height, receipts: Arc<BlockReceipts>) {
        if receipts.len() == 0 {
            return;
        }
        let mut kept = self.0.lock();
        kept.push_back((height, receipts));
        let mut count: usize = kept.iter().map(|(_, block)| block.len()).sum();
        while count > RECEIPTS_MAX && kept.len() > 1 {
            count -= kept.pop_front().map_or(0, |(_, block)| block.len());
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
        let phase_events = storage.phase_events(height)?.unwrap_or_default();
        let receipts = Arc::new(BlockReceipts { receipts, traces, phase_events });
        self.insert(height, Arc::clone(&receipts));
        Ok(Some(receipts))
    }
}

#[cfg(test)]
mod tests {
    use heddle_types::Amount;
    use heddle_types::EventData;
    use heddle_types::Events;
    use heddle_types::Outcome;
    use heddle_types::ProgramId;
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
        let phase_events = PhaseEvents::default();
        Arc::new(BlockReceipts { receipts: vec![receipt; len], traces: Vec::new(), phase_events })
    }

    #[test]
    fn a_blocks_events_are_those_of_its_transactions_and_then_those_of_its_phases() {
        let event =
            |kind: u16| Event { program: ProgramId::EXCHANGE, kind, data: EventData::new(&[]) };
        let receipt = |kinds: &[u16]| Receipt {
            events: Events::from(kinds.iter().map(|kind| event(*kind)).collect::<Vec<_>>()),
            ..block(1).receipts[0].clone()
        };
        let block = BlockReceipts {
            receipts: vec![receipt(&[1, 2]), receipt(&[]), receipt(&[3])],
            traces: Vec::new(),
            phase_events: PhaseEvents { events: vec![event(4), event(5)], left_out: 0 },
        };
        let found: Vec<_> =
            block.events().map(|(tx, event)| (tx.map(TxIndex::get), event.kind)).collect();
        let expected = vec![(Some(0), 1), (Some(0), 2), (Some(2), 3), (None, 4), (None, 5)];
        assert_eq!(found, expected);
        let cache = ReceiptCache::default();
        cache.insert(Height::new(1), Arc::new(BlockReceipts { receipts: Vec::new(), ..block }));
        assert_eq!(cache.0.lock().len(), 1, "a block with events alone is kept too");
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
