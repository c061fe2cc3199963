//! One state of the search, and the certificates that there are in it.

use std::collections::BTreeSet;

use crate::block::Block;
use crate::block::Tree;
use crate::block::VIEWS_MAX;
use crate::block::View;
use crate::rules::TimeoutCert;
use crate::validator::Validator;

/// How many honest validators there are; with the Byzantine one there are 3f+1, f = 1.
pub(crate) const HONEST: usize = 3;
/// How many honest signatures make a quorum of 2f+1 with the Byzantine one.
pub(crate) const HONEST_QUORUM: usize = 2;

/// Everything that was ever signed, and what the honest know of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    pub(crate) tree: Tree,
    pub(crate) validators: [Validator; HONEST],
    /// How many records may still be lost.
    pub(crate) losses: u8,
}

impl State {
    pub(crate) const fn new(losses: u8) -> Self {
        Self { tree: Tree::new(), validators: [Validator::NEW; HONEST], losses }
    }

    /// Whether the block's QC can be made.
    pub(crate) fn is_certified(&self, block: Block) -> bool {
        block == Block::GENESIS || self.votes(block) >= HONEST_QUORUM
    }

    /// How many honest validators voted for the block.
    pub(crate) fn votes(&self, block: Block) -> usize {
        let voted =
            |validator: &&Validator| validator.signed.votes(block.view()) & block.bit() != 0;
        self.validators.iter().filter(voted).count()
    }

    /// How many honest validators commit-voted for the block.
    pub(crate) fn commit_votes(&self, block: Block) -> usize {
        let voted =
            |validator: &&Validator| validator.signed.commit_votes(block.view()) & block.bit() != 0;
        self.validators.iter().filter(voted).count()
    }

    /// The timeout certificate of the view that asks least of a block's QC. The Byzantine entry names genesis's.
    pub(crate) fn timeout_cert(&self, view: View) -> Option<TimeoutCert> {
        let mut named = self.validators.map(|validator| validator.signed.named(view));
        named.sort_unstable();
        // Those that sent none come first.
        let highest_qc = named.into_iter().flatten().nth(HONEST_QUORUM - 1)?;
        Some(TimeoutCert { view, highest_qc })
    }

    /// The views of each certified block and its ancestors, downwards, and whether it can be final.
    pub fn certified_chains(&self) -> BTreeSet<(Vec<View>, bool)> {
        let chain = |block| {
            let chain = std::iter::successors(Some(block), |block| self.tree.parent(*block));
            let is_final = self.commit_votes(block) >= HONEST_QUORUM;
            (chain.map(Block::view).collect(), is_final)
        };
        self.certified(1, VIEWS_MAX + 1).map(chain).collect()
    }

    /// The certified blocks of views from `low` to below `high`, ascending.
    pub(crate) fn certified(&self, low: View, high: View) -> impl Iterator<Item = Block> {
        let views = (low..high).flat_map(|view| self.tree.of(view));
        views.filter(|block| self.is_certified(*block))
    }
}
