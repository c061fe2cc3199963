//! A chain of small blocks, some of them without a certificate of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_catchup::Response;
use heddle_catchup::Stored;
use heddle_catchup::Tail;
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
    /// The tails of closing blocks, by the height of those.
    tails: BTreeMap<u64, Vec<Arc<CheckedBlock>>>,
}

impl Chain {
    /// Blocks 0 to `last`; `salt` makes another chain.
    pub(crate) fn new(last: u64, certified_every: u64, block_bytes: usize, salt: u64) -> Self {
        Self::with_ends(last, (certified_every, block_bytes), salt, &[])
    }

    /// With the heights at which an epoch ends, ascending, and by how many blocks of a tail each.
    pub(crate) fn with_ends(
        last: u64,
        (certified_every, block_bytes): (u64, usize),
        salt: u64,
        ends: &[(u64, usize)],
    ) -> Self {
        let mut tails = BTreeMap::new();
        let mut parent = BlockHash::ZERO;
        let blocks = (0..=last)
            .map(|height| {
                let end = ends.iter().find(|(end, _)| *end == height);
                let header = BlockHeader {
                    version: BlockHeader::VERSION,
                    chain: ChainId::ZERO,
                    epoch: Epoch::new(ends.iter().filter(|(end, _)| *end < height).count() as u64),
                    view: View::new(height),
                    height: Height::new(height),
                    parent,
                    payload: Hash32::ZERO,
                    executed: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
                    time: UnixMillis::new(salt),
                    proposer: ValidatorIndex::ZERO,
                    next_committee: end
                        .map(|(end, _)| Hash32([u8::try_from(*end % 251).unwrap(); 32])),
                };
                let block = CheckedBlock::build(header, Vec::new());
                if let Some((end, len)) = end {
                    tails.insert(*end, tail(&block, *len));
                }
                parent = block.hash();
                Arc::new(block)
            })
            .collect();
        Self { blocks, certified_every, block_bytes, tails }
    }

    /// As whoever knows nothing of epochs would serve it.
    pub(crate) fn without_ends(&self) -> Self {
        Self { tails: BTreeMap::new(), ..self.clone() }
    }

    /// What is final by a certificate, if this is the chain's: up to its block, or to the closing block that its own is a tail
    /// of.
    pub(crate) fn covered(&self, cert: &CommitCert) -> Option<u64> {
        let own = |block: &&Arc<CheckedBlock>| block.header().vote_data() == cert.data;
        let block = self.blocks.iter().find(own).map(|block| block.header().height.get());
        let is_last = |tail: &Vec<Arc<CheckedBlock>>| tail.last().as_ref().is_some_and(own);
        let end = self.tails.iter().find(|(_, tail)| is_last(tail)).map(|(end, _)| *end);
        block.or(end)
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
            let end = self.tails.get(&height).map(|tail| Tail {
                blocks: tail.clone(),
                bytes: 0,
                cert: tail.last().map_or_else(|| self.cert(height), own_cert),
            });
            Some(Stored { block, bytes: self.block_bytes, cert, end })
        })
    }
}

fn own_cert(block: &Arc<CheckedBlock>) -> CommitCert {
    CommitCert::genesis(block.header().vote_data())
}

fn tail(closing: &CheckedBlock, len: usize) -> Vec<Arc<CheckedBlock>> {
    let mut parent = closing.header().clone();
    let block = |_| {
        let (height, hash) = (parent.height.next(), parent.hash());
        // In a view that no block of the chain is of.
        let view = View::new(parent.view.get() + 100_000);
        parent = BlockHeader { view, height, parent: hash, ..parent.clone() };
        Arc::new(CheckedBlock::build(parent.clone(), Vec::new()))
    };
    (0..len).map(block).collect()
}
