//! Which transactions stand in blocks that are stored here but not executed yet.

use std::collections::BTreeMap;

use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::Height;
use heddle_types::TxId;

/// Counts, for each transaction, the stored and not yet executed blocks that hold it.
///
/// The pool keeps a transaction until it is executed, and so cannot tell work that waits for a block from work that is on
/// its way in one; this can. Bounded by the blocks that the agreement core stores above the last final one.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    blocks: BTreeMap<(Height, BlockHash), Vec<TxId>>,
    holders: BTreeMap<TxId, u32>,
}

impl InFlight {
    /// A block was stored; again is no difference.
    pub(crate) fn insert(&mut self, block: &CheckedBlock) {
        let place = (block.header().height, block.hash());
        if self.blocks.contains_key(&place) {
            return;
        }
        let ids: Vec<TxId> = block.transactions().iter().map(|checked| checked.id()).collect();
        for id in &ids {
            *self.holders.entry(*id).or_insert(0) += 1;
        }
        self.blocks.insert(place, ids);
    }

    /// Height was executed: blocks up to it are either done or dead.
    pub(crate) fn executed(&mut self, height: Height) {
        while let Some(entry) = self.blocks.first_entry() {
            if entry.key().0 > height {
                break;
            }
            for id in entry.remove() {
                if let Some(count) = self.holders.get_mut(&id) {
                    *count -= 1;
                    if *count == 0 {
                        self.holders.remove(&id);
                    }
                }
            }
        }
    }

    /// How many transactions are on their way.
    pub(crate) fn len(&self) -> usize {
        self.holders.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use heddle_types::Genesis;
    use heddle_types::StateRoot;
    use heddle_types::UnixMillis;

    use super::*;

    fn block(height: u64, time: u64) -> Arc<CheckedBlock> {
        let genesis = Genesis {
            version: Genesis::VERSION,
            time: UnixMillis::new(time),
            dev: true,
            validators: Vec::new(),
            possessions: Vec::new(),
            accounts: Vec::new(),
            faucet: None,
            sections: Vec::new(),
        };
        let mut header = genesis.header(StateRoot::ZERO);
        header.height = Height::new(height);
        Arc::new(CheckedBlock::build(header, Vec::new()))
    }

    #[test]
    fn blocks_leave_with_the_execution_of_their_height() {
        let mut in_flight = InFlight::default();
        in_flight.insert(&block(1, 1));
        in_flight.insert(&block(1, 2));
        in_flight.insert(&block(2, 3));
        in_flight.executed(Height::new(1));
        assert_eq!(in_flight.blocks.len(), 1);
        in_flight.executed(Height::new(2));
        assert!(in_flight.blocks.is_empty());
    }
}
