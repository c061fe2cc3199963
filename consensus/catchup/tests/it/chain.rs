//! A chain of small blocks, some of them without a certificate of their own.

use std::sync::Arc;

use heddle_catchup::Response;
use heddle_catchup::Stored;
use heddle_catchup::serve_range;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::ChainId;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Epoch;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::StateRoot;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::View;

#[derive(Clone)]
pub(crate) struct Chain {
    blocks: Vec<Arc<CheckedBlock>>,
    /// Every block whose height is a multiple of this has a certificate of its own, and the last.
    certified_every: u64,
    /// What a block is said to weigh when chunks are cut.
    block_bytes: usize,
}

impl Chain {
    /// Blocks 0 to `last`; `salt` makes another chain.
    pub(crate) fn new(last: u64, certified_every: u64, block_bytes: usize, salt: u64) -> Self {
        let mut parent = BlockHash::ZERO;
        let blocks = (0..=last)
            .map(|height| {
                let header = BlockHeader {
                    version: BlockHeader::VERSION,
                    chain: ChainId::ZERO,
                    epoch: Epoch::ZERO,
                    view: View::new(height),
                    height: Height::new(height),
                    parent,
                    payload: Hash32::ZERO,
                    executed: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
                    time: UnixMillis::new(salt),
                    proposer: ValidatorIndex::ZERO,
                    next_committee: None,
                };
                let block = CheckedBlock::build(header, Vec::new());
                parent = block.hash();
                Arc::new(block)
            })
            .collect();
        Self { blocks, certified_every, block_bytes }
    }

    pub(crate) fn last(&self) -> Height {
        self.blocks.last().unwrap().header().height
    }

    pub(crate) fn block(&self, height: u64) -> &Arc<CheckedBlock> {
        &self.blocks[usize::try_from(height).unwrap()]
    }

    pub(crate) fn find(&self, hash: BlockHash) -> Option<Arc<CheckedBlock>> {
        self.blocks.iter().find(|block| block.hash() == hash).cloned()
    }

    pub(crate) fn cert(&self, height: u64) -> CommitCert {
        CommitCert::genesis(self.block(height).header().vote_data())
    }

    /// What a peer answers that has the chain up to `known`.
    pub(crate) fn serve(&self, from: Height, blocks: u16, bytes: u32, known: Height) -> Response {
        let known = known.min(self.last());
        serve_range(from, blocks, bytes, |height| {
            let height = Some(height).filter(|height| *height <= known)?.get();
            let block = Arc::clone(self.blocks.get(usize::try_from(height).unwrap())?);
            let is_certified = height.is_multiple_of(self.certified_every) || height == known.get();
            let cert = is_certified.then(|| self.cert(height));
            Some(Stored { block, bytes: self.block_bytes, cert, end: None })
        })
    }
}
