//! What certifies the state of one height, and says how it was cut into chunks.

use thiserror::Error;

use crate::block::Block;
use crate::block::BlockHeader;
use crate::block::ExecutedRoot;
use crate::canonical::canonical;
use crate::certificate::CommitCert;
use crate::codec::Canonical;
use crate::committee::Committee;
use crate::epoch_end::EpochEnd;
use crate::epoch_end::EpochEndError;
use crate::limits;
use crate::quantity::Epoch;
use crate::quantity::Height;
use crate::scheme::VoteScheme;
use crate::vote::VoteData;

canonical! {
    /// What a node must know to go on from a state, beside the state itself.
    ///
    /// ```text
    /// before ... <- block <- after[0] ... <- after[i] ... <- after[last]     a header names its parent's hash
    ///                  ^ state                  |              ^ cert
    ///                  +------- executed -------+
    /// ```
    pub struct SnapshotManifest {
        /// [`SnapshotManifest::VERSION`].
        pub version: u8,
        /// The block after which the state is.
        pub block: Block,
        /// The headers before it, oldest first: what the choice of leaders depends on.
        pub before: Vec<BlockHeader> => limits::SNAPSHOT_HEADERS_BEFORE,
        /// The headers after it, oldest first. One of them names the state's height and root as `executed`.
        pub after: Vec<BlockHeader> => limits::SNAPSHOT_HEADERS_AFTER_MAX,
        /// Of the last of them.
        pub cert: CommitCert,
        /// How each epoch ended before that of the certificate, from epoch 0 on.
        pub ends: Vec<EpochEnd> => limits::SNAPSHOT_EPOCHS_MAX,
        /// How many bits the paths below each chunk share, from the first path to the last.
        pub depths: Vec<u8> => limits::SNAPSHOT_CHUNKS_MAX,
    }
}

/// Why a manifest certifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// It has another format.
    #[error("format {found}, expected {}", SnapshotManifest::VERSION)]
    Version {
        /// Its format.
        found: u8,
    },
    /// A header is not the parent of the next one.
    #[error("the header of height {height} is not linked to the one before it")]
    NotLinked {
        /// Of the second one.
        height: Height,
    },
    /// The block's payload is not the one that its header names.
    #[error("the block's payload is not its header's")]
    Payload,
    /// Fewer headers before the block than a node needs, or more.
    #[error("{found} headers before the block, expected {expected}")]
    Before {
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// No header after the block names its state.
    #[error("no header names the state's root")]
    NoRoot,
    /// The certificate is not a quorum's, or of another block than the last header.
    #[error("the certificate is not of the last header by a quorum of the committee")]
    Cert,
    /// How some epoch ended is not proven.
    #[error("{0}")]
    End(#[from] EpochEndError),
    /// How epochs ended does not lead to the one of the certificate.
    #[error("ends of epochs that lead to epoch {found}, expected {expected}")]
    Ends {
        /// The epoch after the last of them.
        found: Epoch,
        /// That of the certificate.
        expected: Epoch,
    },
    /// The certificate is of another epoch than the one that the block is of or ends.
    #[error("the certificate is of epoch {found}, expected {expected}")]
    Epoch {
        /// Its epoch.
        found: Epoch,
        /// The one that goes on after the block.
        expected: Epoch,
    },
}

impl SnapshotManifest {
    /// The format that this code reads and writes.
    pub const VERSION: u8 = 1;

    /// The height of the state.
    pub const fn height(&self) -> Height {
        self.block.header.height
    }

    /// What it says the state's root is; believe it only after [`Self::certify`].
    pub fn claimed(&self) -> Option<ExecutedRoot> {
        let named = self.after.iter().map(|header| header.executed);
        named.into_iter().find(|executed| executed.height == self.height())
    }

    /// The height and root of the state, if a quorum of the committee of the certificate's epoch certified them. That committee follows
    /// from `first`, the one of epoch 0, and how the epochs since ended.
    ///
    /// What is not covered is [`Self::depths`]: each chunk proves by itself that it is all of its part.
    ///
    /// # Errors
    /// [`ManifestError`] when it does not show that.
    pub fn certify(
        &self,
        genesis: &VoteData,
        first: &Committee,
        scheme: &dyn VoteScheme,
    ) -> Result<ExecutedRoot, ManifestError> {
        if self.version != Self::VERSION {
            return Err(ManifestError::Version { found: self.version });
        }
        if self.block.payload.hash() != self.block.header.payload {
            return Err(ManifestError::Payload);
        }
        let expected = Self::headers_before(self.height());
        if self.before.len() != expected {
            return Err(ManifestError::Before { found: self.before.len(), expected });
        }
        self.check_links()?;
        let root = self.claimed().ok_or(ManifestError::NoRoot)?;
        let last = self.after.last().ok_or(ManifestError::NoRoot)?;
        let mut committee = first.clone();
        for end in &self.ends {
            committee = end.verify(&committee, scheme)?;
        }
        let (found, expected) = (self.cert.data.epoch, self.epoch_after());
        if found != expected {
            return Err(ManifestError::Epoch { found, expected });
        }
        if committee.epoch() != expected {
            return Err(ManifestError::Ends { found: committee.epoch(), expected });
        }
        let is_its = self.cert.data == last.vote_data();
        if !is_its || !self.cert.verify(&committee, genesis, scheme) {
            return Err(ManifestError::Cert);
        }
        Ok(root)
    }

    /// How many headers come before a block of this height.
    pub fn headers_before(height: Height) -> usize {
        usize::try_from(height.get())
            .map_or(limits::SNAPSHOT_HEADERS_BEFORE, |all| all.min(limits::SNAPSHOT_HEADERS_BEFORE))
    }

    /// The epoch that goes on after the block: the next one if it is the last that one delivers.
    fn epoch_after(&self) -> Epoch {
        let closed = self.ends.last().is_some_and(|end| end.closing == self.block.header);
        let epoch = self.block.header.epoch;
        if closed { epoch.next() } else { epoch }
    }

    fn check_links(&self) -> Result<(), ManifestError> {
        let block = std::iter::once(&self.block.header);
        let mut headers = self.before.iter().chain(block).chain(&self.after);
        let Some(mut parent) = headers.next() else { return Ok(()) };
        for header in headers {
            if header.parent != parent.hash() || header.height != parent.height.next() {
                return Err(ManifestError::NotLinked { height: header.height });
            }
            parent = header;
        }
        Ok(())
    }
}

impl Canonical for SnapshotManifest {
    const NAME: &'static str = "snapshot manifest";
    const BYTES_MAX: usize = 2 * limits::BLOCK_BYTES_MAX;
}

// The rest is for how epochs ended.
const _: () = assert!(
    Block::BYTES_MAX
        + 240 * (limits::SNAPSHOT_HEADERS_BEFORE + limits::SNAPSHOT_HEADERS_AFTER_MAX)
        + CommitCert::BYTES_MAX
        + limits::SNAPSHOT_CHUNKS_MAX
        + 1024 * 1024
        <= SnapshotManifest::BYTES_MAX
);
