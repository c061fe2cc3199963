//! The ordering service: blocks are proposed from somebody's view, certified by a quorum of verdicts, and final some blocks later.

use std::collections::BTreeSet;

use heddle_lanes::Positions;
use heddle_lanes::Proposed;
use heddle_types::BatchRef;
use heddle_types::BlockHash;
use heddle_types::Domain;
use heddle_types::Hash32;

use crate::world;

/// A block with its cut.
#[derive(Clone, Debug)]
pub(crate) struct Ordered {
    pub(crate) block: BlockHash,
    pub(crate) height: u64,
    pub(crate) proposer: u16,
    pub(crate) cut: Vec<BatchRef>,
}

/// A proposal that is voted for.
pub(crate) struct Ballot {
    pub(crate) block: Ordered,
    pub(crate) votes: BTreeSet<u16>,
}

#[derive(Default)]
pub(crate) struct Orderer {
    /// Certified, each on the one before it. The first [`Self::final_len`] are final.
    pub(crate) chain: Vec<Ordered>,
    pub(crate) final_len: usize,
    pub(crate) ballot: Option<Ballot>,
    proposed: u64,
}

impl Orderer {
    /// A new proposal on the chain's end.
    pub(crate) fn propose(&mut self, proposer: u16, cut: Vec<BatchRef>) -> Ordered {
        self.proposed += 1;
        let hash = Hash32::of(Domain::BLOCK, &[&self.proposed.to_le_bytes()]);
        let height = self.chain.len() as u64 + 1;
        let block = Ordered { block: BlockHash(hash), height, proposer, cut };
        self.ballot = Some(Ballot { block: block.clone(), votes: BTreeSet::new() });
        block
    }

    /// Somebody votes. Whether the block is certified with that.
    pub(crate) fn vote(&mut self, block: BlockHash, voter: u16, quorum: usize) -> bool {
        let Some(ballot) = self.ballot.as_mut().filter(|b| b.block.block == block) else {
            return false;
        };
        ballot.votes.insert(voter);
        if ballot.votes.len() < quorum {
            return false;
        }
        let ballot = self.ballot.take().unwrap();
        self.chain.push(ballot.block);
        true
    }

    /// What a node that was told of `told` final blocks is told of a proposal.
    pub(crate) fn as_proposed(&self, block: &Ordered, told: usize) -> Proposed {
        Proposed {
            block: block.block,
            height: world::height(block.height),
            proposer: world::index(block.proposer),
            ancestors: self.ancestors(told),
            cut: block.cut.clone(),
        }
    }

    /// The cuts above the first `told` blocks.
    pub(crate) fn ancestors(&self, told: usize) -> Vec<Vec<BatchRef>> {
        self.chain[told.min(self.chain.len())..].iter().map(|block| block.cut.clone()).collect()
    }

    /// Where the first `len` blocks' cuts end.
    pub(crate) fn end(&self, len: usize, start: Positions) -> Positions {
        let mut end = start;
        self.chain[..len].iter().for_each(|block| end.follow(&block.cut));
        end
    }
}
