//! What validators sign.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::canonical::canonical;
use crate::certificate::QuorumCert;
use crate::certificate::TimeoutCert;
use crate::codec;
use crate::codec::Canonical;
use crate::ed25519::Signature;
use crate::hash::BlockHash;
use crate::hash::ChainId;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::quantity::Epoch;
use crate::quantity::Height;
use crate::quantity::ValidatorIndex;
use crate::quantity::View;

/// What a vote or a commit vote is about: one block, in its view.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct VoteData {
    /// The chain.
    pub chain: ChainId,
    /// The epoch, whose committee votes.
    pub epoch: Epoch,
    /// The block's view.
    pub view: View,
    /// The block's height.
    pub height: Height,
    /// The block.
    pub block: BlockHash,
}

/// The two rounds of voting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoteKind {
    /// First round: a quorum makes a [`QuorumCert`].
    Vote,
    /// Second round: a quorum makes a [`crate::CommitCert`], and the block final.
    CommitVote,
}

impl VoteData {
    /// The message to sign.
    pub fn message(&self, kind: VoteKind) -> Hash32 {
        let domain = match kind {
            VoteKind::Vote => Domain::VOTE,
            VoteKind::CommitVote => Domain::COMMIT_VOTE,
        };
        Hash32::of(domain, &[&codec::encode(self)])
    }
}

/// A first-round vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Vote {
    /// What for.
    pub data: VoteData,
    /// Whose.
    pub voter: ValidatorIndex,
    /// Over [`VoteData::message`] of [`VoteKind::Vote`].
    pub signature: Signature,
}

/// A second-round vote: the voter holds the block's certificate and has not given up on its view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CommitVote {
    /// What for.
    pub data: VoteData,
    /// Whose.
    pub voter: ValidatorIndex,
    /// Over [`VoteData::message`] of [`VoteKind::CommitVote`].
    pub signature: Signature,
}

/// What a timeout's signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TimeoutData {
    /// The chain.
    pub chain: ChainId,
    /// The epoch.
    pub epoch: Epoch,
    /// The view given up.
    pub view: View,
    /// The view of the highest certificate that the sender holds.
    pub high_qc_view: View,
}

impl TimeoutData {
    /// The message to sign.
    pub fn message(&self) -> Hash32 {
        Hash32::of(Domain::TIMEOUT, &[&codec::encode(self)])
    }
}

canonical! {
    /// A validator gives up on a view.
    pub struct Timeout {
        /// What is signed.
        pub data: TimeoutData,
        /// Whose.
        pub voter: ValidatorIndex,
        /// Over [`TimeoutData::message`].
        pub signature: Signature,
        /// The highest certificate that the sender holds; its view is `data.high_qc_view`.
        pub high_qc: QuorumCert,
        /// The certificate by which the view was entered, when that is not the QC of the view before.
        pub entry_tc: Option<TimeoutCert>,
        /// The sender's own vote in the view, if it cast one.
        pub own_vote: Option<Vote>,
    }
}

impl Canonical for Timeout {
    const NAME: &'static str = "timeout";
    const BYTES_MAX: usize = 32 * 1024;
}

impl Canonical for Vote {
    const NAME: &'static str = "vote";
    const BYTES_MAX: usize = 256;
}

impl Canonical for CommitVote {
    const NAME: &'static str = "commit vote";
    const BYTES_MAX: usize = 256;
}
