//! The blocks above the last final one, and that one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::Height;

use crate::limits;

/// Blocks by hash. Bounded; what falls out is fetched again if it is ever needed.
pub(crate) struct Tree {
    last_final: Arc<CheckedBlock>,
    blocks: BTreeMap<BlockHash, Arc<CheckedBlock>>,
}

/// Why a block is not connected to the last final one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// This one is missing.
    Missing(BlockHash, Height),
    /// It is not above the last final block.
    Unrelated,
}

impl Tree {
    pub(crate) const fn new(last_final: Arc<CheckedBlock>) -> Self {
        Self { last_final, blocks: BTreeMap::new() }
    }

    /// Adds a block above the last final one. When full, the one of the lowest view that `tip` does not descend from
    /// makes room.
    pub(crate) fn insert(&mut self, block: Arc<CheckedBlock>, tip: BlockHash) {
        if block.header().height <= self.final_height() || self.blocks.contains_key(&block.hash()) {
            return;
        }
        if self.blocks.len() >= limits::TREE_BLOCKS_MAX {
            let chain: BTreeSet<_> = self.ancestors(tip).map(|block| block.hash()).collect();
            let others = self.blocks.values().filter(|block| !chain.contains(&block.hash()));
            let lowest = others.min_by_key(|block| (block.header().view, block.hash()));
            let Some(lowest) = lowest.map(|block| block.hash()) else { return };
            self.blocks.remove(&lowest);
        }
        self.blocks.insert(block.hash(), block);
    }

    /// Makes `block` the last final one and forgets what is not above it.
    pub(crate) fn finalize(&mut self, block: Arc<CheckedBlock>) {
        let height = block.header().height;
        self.blocks.retain(|_, other| other.header().height > height);
        self.last_final = block;
    }

    pub(crate) const fn last_final(&self) -> &Arc<CheckedBlock> {
        &self.last_final
    }

    pub(crate) fn final_height(&self) -> Height {
        self.last_final.header().height
    }

    pub(crate) fn get(&self, hash: BlockHash) -> Option<&Arc<CheckedBlock>> {
        if hash == self.last_final.hash() {
            return Some(&self.last_final);
        }
        self.blocks.get(&hash)
    }

    /// The blocks from `hash`, whose height is `height`, down to the child of the last final one, newest first.
    pub(crate) fn path(
        &self,
        hash: BlockHash,
        height: Height,
    ) -> Result<Vec<Arc<CheckedBlock>>, Gap> {
        let (mut hash, mut height) = (hash, height);
        let mut path = Vec::new();
        while height > self.final_height() {
            let block = self.blocks.get(&hash).ok_or(Gap::Missing(hash, height))?;
            let header = block.header();
            let below = height.prev().filter(|_| header.height == height);
            path.push(Arc::clone(block));
            (hash, height) = (header.parent, below.ok_or(Gap::Unrelated)?);
        }
        if hash == self.last_final.hash() { Ok(path) } else { Err(Gap::Unrelated) }
    }

    /// The blocks that are here from `hash` downwards, newest first, without the last final one.
    pub(crate) fn ancestors(&self, hash: BlockHash) -> impl Iterator<Item = &Arc<CheckedBlock>> {
        // Heights only descend by the rules of voting; the bound holds whatever the blocks say.
        let first = self.blocks.get(&hash);
        std::iter::successors(first, |block| self.blocks.get(&block.header().parent))
            .take(limits::TREE_BLOCKS_MAX)
    }

    /// How many blocks are kept above the last final one.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }
}

#[cfg(test)]
mod tests;
