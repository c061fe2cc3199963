//! What is asked of a peer and what it answers.

use std::sync::Arc;

use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Height;

/// Joins an answer to its request. Counted from a number of the asker's choice, at random for each of its processes: a connection
/// does not tell to which of them an answer belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// From its number.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// As its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after it. 64 bits do not come round.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// What is asked of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// One block, final or not.
    Block {
        /// Its hash.
        hash: BlockHash,
    },
    /// Consecutive final blocks, oldest first.
    Range {
        /// The first one's height.
        from: Height,
        /// How many at most.
        max_blocks: u16,
        /// Bytes of them at most; the first comes whatever its size.
        max_bytes: u32,
    },
}

/// What a peer answers. `B` is a block in the form that its holder has it in: bytes or raw on the wire, checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response<B = Arc<CheckedBlock>> {
    /// The block, or none when the peer has it not.
    Block(Option<B>),
    /// The blocks. None: the first is not final there, or pruned.
    Range {
        /// Consecutive, from the height that was asked for.
        blocks: Vec<B>,
        /// The commit certificate of the last one; none when no block within the bounds of an answer has one, and the asker
        /// must go on from the next height before it can use any of them.
        cert: Option<CommitCert>,
    },
}
