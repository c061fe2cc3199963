//! Why a light client does not believe something.

use heddle_state::ProofError;
use heddle_types::BlockHash;
use heddle_types::CommitteeError;
use heddle_types::Epoch;
use heddle_types::EpochEndError;
use heddle_types::Height;
use thiserror::Error;

/// Why a light client does not believe something. Nothing has changed in it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LightError {
    /// The checkpoint's members cannot form a committee.
    #[error("checkpoint.members: {0}")]
    Checkpoint(#[from] CommitteeError),
    /// No proof that the epoch ended.
    #[error(transparent)]
    EpochEnd(#[from] EpochEndError),
    /// The epoch ended with a block below one that is known to be final.
    #[error("epochEnd.closing: of height {found}, expected {expected} or more")]
    EpochEndsBelow {
        /// Its height.
        found: Height,
        /// The newest final block's.
        expected: Height,
    },
    /// A header of another chain.
    #[error("header.chain: another chain's")]
    OtherChain,
    /// A header of another epoch than the committee's.
    #[error("header.epoch: {found}, expected {expected}; follow the epochs first")]
    OtherEpoch {
        /// Its epoch.
        found: Epoch,
        /// The committee's.
        expected: Epoch,
    },
    /// More descendants than are ever needed.
    #[error("descendants: {found}, at most {}", crate::limits::DESCENDANTS_MAX)]
    TooMany {
        /// How many.
        found: usize,
    },
    /// A descendant that is no child of the header before it.
    #[error("descendants[{position}]: no child of the header before it")]
    NotLinked {
        /// Its position.
        position: usize,
    },
    /// The certificate is of another block than the last descendant, or not by a quorum of the committee.
    #[error("certificate: not by a quorum for the last header")]
    Certificate,
    /// A header below the newest one: who answers is behind, or hides what is new.
    #[error("header.height: {found}, expected {newest} or more; ask another node")]
    Older {
        /// Its height.
        found: Height,
        /// The newest header's.
        newest: Height,
    },
    /// Another block at the height of the newest one: more than a third of the committee lied.
    #[error(
        "header: block {found} at height {height}, where {known} is final; the committee signed both: trust neither, and ask its members"
    )]
    Fork {
        /// The height of both.
        height: Height,
        /// The one shown.
        found: BlockHash,
        /// The one known.
        known: BlockHash,
    },
    /// No proof of what stands at the key.
    #[error(transparent)]
    Proof(#[from] ProofError),
}
