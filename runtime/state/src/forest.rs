//! Small subtrees, planned one by one and hashed together.
//!
//! One subtree of a few leaves offers too few independent hashes to fill a vector unit. A forest collects the joins of many
//! subtrees by their height above the leaves and hashes all joins of one height at once.

use heddle_types::Domain;
use heddle_types::Hash32;

use crate::bucket::Leaf;
use crate::crown::Kind;
use crate::crown::Node;
use crate::hashing::Batch;

/// Subtrees whose inner hashes are being worked out.
pub(crate) struct Forest {
    /// Hashes that are known; [`EMPTY`] is the first.
    hashes: Vec<Hash32>,
    /// By height: which two hashes are joined into which.
    joins: Vec<Vec<Join>>,
    batch: Batch,
}

/// A subtree of the forest; its hash is known once [`Forest::grow`] has run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root {
    kind: Kind,
    hash: usize,
}

#[derive(Clone, Copy, Debug)]
struct Join {
    left: usize,
    right: usize,
    out: usize,
}

const EMPTY: usize = 0;

impl Forest {
    pub(crate) fn new() -> Self {
        Self {
            hashes: vec![Hash32::ZERO],
            joins: Vec::new(),
            batch: Batch::new(Domain::STATE_INNER),
        }
    }

    /// Forgets all subtrees.
    pub(crate) fn clear(&mut self) {
        self.hashes.truncate(1);
        self.joins.iter_mut().for_each(Vec::clear);
    }

    /// Adds the subtree of `leaves`, which are ascending by path and share their first `depth` bits.
    pub(crate) fn plant(&mut self, leaves: &[Leaf], depth: usize) -> Root {
        let kind = match leaves.len() {
            0 => Kind::Empty,
            1 => Kind::Leaf,
            _ => Kind::Inner,
        };
        Root { kind, hash: self.plan(leaves, depth).0 }
    }

    /// Works out all hashes.
    pub(crate) fn grow(&mut self) {
        let Self { hashes, joins, batch } = self;
        for joins in joins {
            for join in joins {
                batch.push(&hashes[join.left], &hashes[join.right], join.out);
                if batch.is_full() {
                    batch.drain(|out, hash| hashes[out] = hash);
                }
            }
            batch.drain(|out, hash| hashes[out] = hash);
        }
    }

    /// What a subtree came to. Only after [`Self::grow`].
    pub(crate) fn node(&self, root: Root) -> Node {
        Node { kind: root.kind, hash: self.hashes[root.hash] }
    }

    /// The index of the subtree's hash, and how many joins it stands above its leaves.
    fn plan(&mut self, leaves: &[Leaf], depth: usize) -> (usize, usize) {
        match leaves {
            [] => (EMPTY, 0),
            [leaf] => {
                self.hashes.push(leaf.hash);
                (self.hashes.len() - 1, 0)
            }
            _ => {
                let split = leaves.partition_point(|leaf| !leaf.path.bit(depth));
                let (left, left_height) = self.plan(&leaves[..split], depth + 1);
                let (right, right_height) = self.plan(&leaves[split..], depth + 1);
                let height = left_height.max(right_height);
                let out = self.hashes.len();
                self.hashes.push(Hash32::ZERO);
                if self.joins.len() <= height {
                    self.joins.resize_with(height + 1, Vec::new);
                }
                self.joins[height].push(Join { left, right, out });
                (out, height + 1)
            }
        }
    }
}
