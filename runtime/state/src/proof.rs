//! Proofs of what stands at a key, or that nothing does.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::BoundedRead;
use heddle_types::Canonical;
use heddle_types::Domain;
use heddle_types::Entry;
use heddle_types::Hash32;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use heddle_types::at_field;
use thiserror::Error;

use crate::bucket::Leaf;
use crate::crown;
use crate::crown::Kind;
use crate::forest::Forest;
use crate::hashing;
use crate::history::Past;
use crate::path::Path;

/// Shows, to whoever knows a root, what stands at one key.
///
/// Follow the key's path from the root until a subtree has at most one leaf: the proof is that subtree, and the hashes of
/// the siblings passed on the way.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Proof {
    /// From the root down.
    pub siblings: Vec<Hash32>,
    /// Where the way ends.
    pub terminal: Terminal,
}

/// The subtree in which the way along a key's path ends.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Terminal {
    /// It has no leaf: nothing stands at the key.
    Empty,
    /// Its only leaf is the key's.
    Present(Entry),
    /// Its only leaf is another key's: nothing stands at the key.
    Other {
        /// The other leaf's path.
        path: Hash32,
        /// `H(STATE_VALUE, …)` of the other leaf's entry.
        entry_hash: Hash32,
    },
}

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// It leads to another root.
    #[error("the proof leads to root {computed}, expected {expected}")]
    Root {
        /// Where it leads.
        computed: StateRoot,
        /// The root asked about.
        expected: StateRoot,
    },
    /// The other leaf could not stand where the key's way ends.
    #[error("the proof's other leaf does not lie on the key's path")]
    OtherLeaf,
    /// More siblings than a path has bits.
    #[error("the proof has {siblings} siblings, at most {} are possible", Path::BITS)]
    TooDeep {
        /// How many.
        siblings: usize,
    },
}

impl Proof {
    /// What stands at `key` in the state whose root is `root`; none: nothing does, and that is proven.
    ///
    /// # Errors
    /// [`ProofError`] when it proves neither.
    pub fn verify(&self, root: StateRoot, key: &StateKey) -> Result<Option<&Entry>, ProofError> {
        if self.siblings.len() > Path::BITS {
            return Err(ProofError::TooDeep { siblings: self.siblings.len() });
        }
        let path = Path::of(key);
        let end = match &self.terminal {
            Terminal::Empty => Hash32::ZERO,
            Terminal::Present(entry) => leaf_hash(&path, &hashing::hash_entry(entry)),
            Terminal::Other { path: other, entry_hash } => {
                let other = Path(*other);
                if other == path || !other.shares(&path, self.siblings.len()) {
                    return Err(ProofError::OtherLeaf);
                }
                leaf_hash(&other, entry_hash)
            }
        };
        let computed =
            self.siblings.iter().enumerate().rev().fold(end, |hash, (depth, sibling)| {
                let (left, right) =
                    if path.bit(depth) { (sibling, &hash) } else { (&hash, sibling) };
                hashing::hash_one(Domain::STATE_INNER, &hashing::pair(left, right))
            });
        if computed != root.0 {
            return Err(ProofError::Root { computed: StateRoot(computed), expected: root });
        }
        match &self.terminal {
            Terminal::Present(entry) => Ok(Some(entry)),
            Terminal::Empty | Terminal::Other { .. } => Ok(None),
        }
    }

    /// Of what stood at `key` in `past`.
    pub(crate) fn new(past: &Past<'_>, key: &StateKey) -> Self {
        let path = Path::of(key);
        let mut siblings = Vec::new();
        let mut index = crown::ROOT;
        for depth in 0..past.depth() {
            let bit = path.bit(usize::try_from(depth).expect("a crown's depth fits"));
            match past.node(index).kind {
                Kind::Empty => return Self { siblings, terminal: Terminal::Empty },
                Kind::Leaf => {
                    let leaf = only_leaf(past, index, depth);
                    return Self { siblings, terminal: terminal(past, &path, &leaf) };
                }
                Kind::Inner => {}
            }
            index = 2 * index + usize::from(bit);
            siblings.push(past.node(index ^ 1).hash);
        }
        let leaves = past.leaves_below(index);
        let mut rest = &leaves[..];
        while rest.len() > 1 {
            let depth = siblings.len();
            let split = rest.partition_point(|leaf| !leaf.path.bit(depth));
            let (left, right) = rest.split_at(split);
            let (own, other) = if path.bit(depth) { (right, left) } else { (left, right) };
            siblings.push(subtree_hash(other, depth + 1));
            rest = own;
        }
        let terminal = rest.first().map_or(Terminal::Empty, |leaf| terminal(past, &path, leaf));
        Self { siblings, terminal }
    }
}

/// The only leaf below a node of the crown.
fn only_leaf(past: &Past<'_>, mut index: usize, depth: u32) -> Leaf {
    for _ in depth..past.depth() {
        index *= 2;
        if past.node(index).kind == Kind::Empty {
            index += 1;
        }
    }
    past.leaves_below(index).pop().expect("a node of kind `Leaf` has one leaf below it")
}

fn terminal(past: &Past<'_>, path: &Path, leaf: &Leaf) -> Terminal {
    let entry = past.entry(&leaf.path).expect("every leaf has an entry");
    if leaf.path == *path {
        return Terminal::Present(entry.clone());
    }
    let entry_hash = hashing::hash_entry(entry);
    Terminal::Other { path: leaf.path.0, entry_hash }
}

fn subtree_hash(leaves: &[Leaf], depth: usize) -> Hash32 {
    let mut forest = Forest::with_room(2 * leaves.len());
    leaves.iter().for_each(|leaf| forest.push(&leaf.path, &leaf.hash));
    let root = forest.plant(depth);
    forest.grow();
    forest.node(root).hash
}

fn leaf_hash(path: &Path, entry_hash: &Hash32) -> Hash32 {
    hashing::hash_one(Domain::STATE_LEAF, &hashing::pair(&path.0, entry_hash))
}

impl BorshDeserialize for Proof {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let siblings =
            Vec::read_bounded(reader, Path::BITS).map_err(|e| at_field(&e, "siblings"))?;
        let terminal =
            Terminal::deserialize_reader(reader).map_err(|e| at_field(&e, "terminal"))?;
        Ok(Self { siblings, terminal })
    }
}

impl Canonical for Proof {
    const NAME: &'static str = "state proof";
    const BYTES_MAX: usize = 8 + Path::BITS * 32 + Entry::BYTES_MAX;
}
