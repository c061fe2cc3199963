//! A part of the state that is verified alone against a root.
//!
//! A chunk is a subtree: all entries whose paths begin with the same bits, and the subtrees beside the way from there to the
//! root. Whoever knows the root learns from it that these entries are in the state and that no other below that prefix is.
//!
//! *Why.* The verifier folds the entries' subtree with its siblings by rules T3 and T4 and compares the result with the root.
//! From the root down, equal hashes have equal parts: an inner hash has the same two children, a leaf's the same path and
//! entry, zero no leaf. So the chunk's subtree has the hash of the state's subtree at that prefix, and the same leaves. A lone
//! leaf has one hash at every depth, and could be moved into the chunk or out of it; that is why a sibling that is one must name
//! its path, which must lie where the sibling does.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::BoundedRead;
use heddle_types::Canonical;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use heddle_types::at_field;
use thiserror::Error;

use crate::bucket::Leaf;
use crate::build;
use crate::crown::Kind;
use crate::forest::Forest;
use crate::hashing;
use crate::prefix::Prefix;
use crate::subtree::Subtree;

/// Bytes of a chunk's entries, encoded, at most.
pub const CHUNK_BYTES_MAX: usize = 512 * 1024;
/// The fewest bytes that a key and an entry take: a program, two lengths, and no deposit.
const ENTRY_BYTES_MIN: usize = 4 + 1 + 1 + 4;

/// All entries below one prefix, and what proves that.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Chunk {
    /// What their paths, and no others', begin with.
    pub prefix: Prefix,
    /// Ascending by path.
    pub entries: Vec<(StateKey, Entry)>,
    /// The subtrees beside the way from the prefix to the root, from there up; as many as the prefix has bits.
    pub siblings: Vec<Subtree>,
}

/// Why a chunk shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChunkError {
    /// It leads to another root: an entry is missing, added or changed, or it is of another state.
    #[error("the chunk leads to root {computed}, expected {expected}")]
    Root {
        /// Where it leads.
        computed: StateRoot,
        /// The root asked about.
        expected: StateRoot,
    },
    /// Two keys are one, or not in the order of their paths.
    #[error("the chunk's entries do not ascend by path at position {position}")]
    Order {
        /// Of the second of the two.
        position: usize,
    },
    /// A key's path begins with other bits.
    #[error("the chunk's key at position {position} lies elsewhere")]
    Elsewhere {
        /// Of the key.
        position: usize,
    },
    /// Not as many siblings as the prefix has bits.
    #[error("the chunk has {siblings} siblings, expected {depth}")]
    Siblings {
        /// How many there are.
        siblings: usize,
        /// How many there must be.
        depth: u8,
    },
    /// A sibling is a leaf that cannot stand there.
    #[error("the chunk's sibling {position} is a leaf that lies elsewhere")]
    SiblingElsewhere {
        /// Counted from the chunk up.
        position: usize,
    },
}

impl Chunk {
    /// Its entries, if they are all that the state with root `root` has below the chunk's prefix.
    ///
    /// # Errors
    /// [`ChunkError`] when it does not show that.
    pub fn verify(self, root: StateRoot) -> Result<Vec<(StateKey, Entry)>, ChunkError> {
        let siblings = self.siblings.len();
        if siblings != usize::from(self.prefix.depth()) {
            return Err(ChunkError::Siblings { siblings, depth: self.prefix.depth() });
        }
        let leaves = build::leaves(self.entries.iter().map(|(key, entry)| (key, Some(entry))));
        self.check_places(&leaves)?;
        let mut prefix = self.prefix;
        let mut subtree = subtree_of(prefix, &leaves, &self.entries);
        for (position, sibling) in self.siblings.iter().enumerate() {
            let Some((parent, is_right)) = prefix.parent() else { break };
            if prefix.sibling().is_none_or(|place| !sibling.fits(place)) {
                return Err(ChunkError::SiblingElsewhere { position });
            }
            let (left, right) = if is_right { (*sibling, subtree) } else { (subtree, *sibling) };
            subtree = Subtree::join(left, right);
            prefix = parent;
        }
        let computed = StateRoot(subtree.hash());
        if computed == root {
            Ok(self.entries)
        } else {
            Err(ChunkError::Root { computed, expected: root })
        }
    }

    fn check_places(&self, leaves: &[Leaf]) -> Result<(), ChunkError> {
        for (position, leaf) in leaves.iter().enumerate() {
            if !self.prefix.contains(&leaf.path) {
                return Err(ChunkError::Elsewhere { position });
            }
            let before = position.checked_sub(1).and_then(|before| leaves.get(before));
            if before.is_some_and(|before| before.path >= leaf.path) {
                return Err(ChunkError::Order { position });
            }
        }
        Ok(())
    }
}

/// The subtree at `prefix`, whose leaves, ascending, are those of `entries`.
pub(crate) fn subtree_of(
    prefix: Prefix,
    leaves: &[Leaf],
    entries: &[(StateKey, Entry)],
) -> Subtree {
    if let ([leaf], [(_, entry)]) = (leaves, entries) {
        return Subtree::Leaf { path: leaf.path, entry_hash: hashing::hash_entry(entry) };
    }
    let mut forest = Forest::with_room(2 * leaves.len());
    leaves.iter().for_each(|leaf| forest.push(&leaf.path, &leaf.hash));
    let root = forest.plant(usize::from(prefix.depth()));
    forest.grow();
    let node = forest.node(root);
    if node.kind == Kind::Empty { Subtree::Empty } else { Subtree::Inner(node.hash) }
}

impl BorshDeserialize for Chunk {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let prefix = Prefix::deserialize_reader(reader).map_err(|e| at_field(&e, "prefix"))?;
        let entries = Vec::read_bounded(reader, CHUNK_BYTES_MAX / ENTRY_BYTES_MIN)
            .map_err(|e| at_field(&e, "entries"))?;
        let siblings = Vec::read_bounded(reader, usize::from(Prefix::DEPTH_MAX))
            .map_err(|e| at_field(&e, "siblings"))?;
        Ok(Self { prefix, entries, siblings })
    }
}

impl Canonical for Chunk {
    const NAME: &'static str = "state chunk";
    const BYTES_MAX: usize = 9 + 4 + CHUNK_BYTES_MAX + 4 + 65 * Prefix::DEPTH_MAX as usize;
}
