//! Fetching the state of one height from several peers: whom to ask for what, whom to believe no more, and what to do instead.
//!
//! ```text
//! ask everybody what they offer -> take what most promise -> ask its sources for chunks, several at a time -> done
//!                                        ^                                  |
//!                                        +---- no source is left -----------+---- nothing is left to take: given up
//! ```
//! Pure like the rest of this crate. Whether an offer is certified and a chunk is right, the driver finds out and says: both are
//! proven by themselves, so that who lies is known at once, and is asked no more. What is offered is not believed to be whole: who
//! has not got what it offered, or keeps one waiting, is no source of it any more. Chunks of a snapshot that was begun before are
//! not asked for again.

mod session;
mod sources;

use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::ValidatorIndex;

pub use session::SnapshotSession;

/// Tells snapshots apart: those who took the same one give it the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotName {
    /// The height of its state.
    pub height: Height,
    /// Stands for its root and where it is cut.
    pub hash: Hash32,
}

/// A snapshot that somebody has, and that a quorum certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub name: SnapshotName,
    /// How many chunks it has; at least one.
    pub chunks: u32,
}

/// What was found of a chunk that a peer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkAnswer {
    /// It proves itself, and is stored.
    Right,
    /// It does not: the peer lies.
    Wrong,
    /// The peer has it not.
    Missing,
}

/// What the session is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotInput {
    /// A peer can be asked.
    Connected(ValidatorIndex),
    /// A peer can no longer be asked; what it was asked is lost.
    Disconnected(ValidatorIndex),
    /// A peer said what it has; its manifest is certified, so that it did not make it up.
    Offered {
        /// Who.
        peer: ValidatorIndex,
        /// What; nothing when none.
        offer: Option<Offer>,
    },
    /// A peer said something that no honest one would, such as a manifest that is not certified.
    Lied(ValidatorIndex),
    /// A peer answered when it was asked for a chunk.
    Chunk {
        /// Who.
        peer: ValidatorIndex,
        /// Of which snapshot.
        name: SnapshotName,
        /// Which chunk.
        index: u32,
        /// What with.
        answer: ChunkAnswer,
    },
    /// The deadline has passed.
    Tick,
}

/// What the session asks for, to be carried out in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotAction {
    /// Ask a peer what it has.
    AskOffer(ValidatorIndex),
    /// From now on it is about this snapshot, with the manifest of that peer. What is stored of another is of no use.
    Take {
        /// Which.
        name: SnapshotName,
        /// Whose manifest.
        peer: ValidatorIndex,
    },
    /// Ask a peer for a chunk of it.
    AskChunk {
        /// Whom.
        peer: ValidatorIndex,
        /// Of which snapshot.
        name: SnapshotName,
        /// Which.
        index: u32,
    },
    /// A peer lied and is asked nothing more. For counting.
    Banned(ValidatorIndex),
    /// All chunks are stored. Nothing follows.
    Done,
    /// Nobody has a snapshot that is of use. Nothing follows.
    GivenUp,
}
