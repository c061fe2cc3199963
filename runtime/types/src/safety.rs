//! What a validator must not forget.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::canonical::canonical;
use crate::certificate::QuorumCert;
use crate::codec::Canonical;
use crate::hash::BlockHash;
use crate::hash::ChainId;
use crate::hash::Hash32;
use crate::quantity::Epoch;
use crate::quantity::View;

/// A block signed for in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SafetyVote {
    /// The view; [`View::ZERO`] for none yet.
    pub view: View,
    /// The block.
    pub block: BlockHash,
}

impl SafetyVote {
    /// None yet.
    pub const NONE: Self = Self { view: View::ZERO, block: BlockHash::ZERO };
}

/// In lease mode nothing is signed above it before a higher one is durable (L1 of `docs/consensus.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseLimit {
    /// The epoch.
    pub epoch: Epoch,
    /// The highest view in it.
    pub view: View,
}

canonical! {
    /// What a validator has signed, durable before any of it leaves.
    pub struct SafetyRecord {
        /// The chain.
        pub chain: ChainId,
        /// The epoch.
        pub epoch: Epoch,
        /// The highest vote.
        pub vote: SafetyVote,
        /// The highest commit vote.
        pub commit_vote: SafetyVote,
        /// The highest own proposal.
        pub proposal: SafetyVote,
        /// The highest view given up.
        pub timeout: View,
        /// The highest certificate held.
        pub high_qc: QuorumCert,
        /// The highest timeout certificate held, by its hash; the store has it.
        pub high_tc: Option<Hash32>,
    }
}

impl SafetyRecord {
    /// Of a validator that has signed nothing in `epoch`.
    pub const fn first(chain: ChainId, epoch: Epoch, genesis_qc: QuorumCert) -> Self {
        Self {
            chain,
            epoch,
            vote: SafetyVote::NONE,
            commit_vote: SafetyVote::NONE,
            proposal: SafetyVote::NONE,
            timeout: View::ZERO,
            high_qc: genesis_qc,
            high_tc: None,
        }
    }
}

impl Canonical for SafetyRecord {
    const NAME: &'static str = "safety record";
    const BYTES_MAX: usize = 3900;
}
