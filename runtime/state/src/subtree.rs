//! A subtree as whoever has only its hash must know it: rules T3 and T4.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::Domain;
use heddle_types::Hash32;

use crate::hashing;
use crate::path::Path;
use crate::prefix::Prefix;

/// A subtree without its entries.
///
/// A single leaf is named by what it is made of: its hash alone does not say whether it is one, nor which, and so not where
/// it may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize)]
pub enum Subtree {
    /// No leaf.
    Empty,
    /// Exactly one leaf.
    Leaf {
        /// Its path.
        path: Path,
        /// `H(STATE_VALUE, …)` of its entry.
        entry_hash: Hash32,
    },
    /// More than one, by their hash.
    Inner(Hash32),
}

impl Subtree {
    /// Its hash.
    pub fn hash(&self) -> Hash32 {
        match self {
            Self::Empty => Hash32::ZERO,
            Self::Leaf { path, entry_hash } => {
                hashing::hash_one(Domain::STATE_LEAF, &hashing::pair(&path.0, entry_hash))
            }
            Self::Inner(hash) => *hash,
        }
    }

    /// The subtree above two siblings.
    pub fn join(left: Self, right: Self) -> Self {
        match (left, right) {
            (Self::Empty, only @ (Self::Empty | Self::Leaf { .. })) => only,
            (only @ Self::Leaf { .. }, Self::Empty) => only,
            (Self::Empty | Self::Leaf { .. } | Self::Inner(_), _) => {
                let pair = hashing::pair(&left.hash(), &right.hash());
                Self::Inner(hashing::hash_one(Domain::STATE_INNER, &pair))
            }
        }
    }

    /// Whether it may stand at `prefix`.
    pub(crate) fn fits(&self, prefix: Prefix) -> bool {
        match self {
            Self::Empty | Self::Inner(_) => true,
            Self::Leaf { path, .. } => prefix.contains(path),
        }
    }
}

impl BorshDeserialize for Subtree {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        match u8::deserialize_reader(reader)? {
            0 => Ok(Self::Empty),
            1 => {
                let path = Path(Hash32::deserialize_reader(reader)?);
                let entry_hash = Hash32::deserialize_reader(reader)?;
                Ok(Self::Leaf { path, entry_hash })
            }
            2 => Hash32::deserialize_reader(reader).map(Self::Inner),
            tag => {
                let message = format!("unknown subtree tag {tag}, expected 0 to 2");
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
        }
    }
}
