//! Small subtrees, planned one by one and hashed together.
//!
//! One subtree of a few leaves offers too few independent hashes to fill a vector unit. A forest collects the joins of many
//! subtrees by their height above the leaves and hashes all joins of one height at once.

use heddle_types::Domain;
use heddle_types::Hash32;

use crate::bucket::Leaf;
use crate::crown::Node;
use crate::hashing;
use crate::hashing::Message;

/// Subtrees whose inner hashes are being worked out.
#[derive(Debug)]
pub(crate) struct Forest {
    /// Hashes that are known; [`EMPTY`] is the first.
    hashes: Vec<Hash32>,
    /// By height: which two hashes are joined into which.
    joins: Vec<Vec<Join>>,
    messages: Vec<Message>,
    joined: Vec<Hash32>,
}

/// A hash of the forest, once [`Forest::grow`] has run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Root {
    /// No leaf.
    Empty,
    /// One leaf.
    Leaf(usize),
    /// More.
    Inner(usize),
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
            messages: Vec::new(),
            joined: Vec::new(),
        }
    }

    /// Forgets all subtrees.
    pub(crate) fn clear(&mut self) {
        self.hashes.truncate(1);
        self.joins.iter_mut().for_each(Vec::clear);
    }

    /// Adds the subtree of `leaves`, which are ascending by path and share their first `depth` bits.
    pub(crate) fn plant(&mut self, leaves: &[Leaf], depth: usize) -> Root {
        match leaves.len() {
            0 => Root::Empty,
            1 => Root::Leaf(self.plan(leaves, depth).0),
            _ => Root::Inner(self.plan(leaves, depth).0),
        }
    }

    /// Works out all hashes.
    pub(crate) fn grow(&mut self) {
        for joins in &mut self.joins {
            if joins.is_empty() {
                break;
            }
            let hashes = &mut self.hashes;
            self.messages.clear();
            self.messages
                .extend(joins.iter().map(|j| hashing::pair(&hashes[j.left], &hashes[j.right])));
            self.joined.clear();
            hashing::hash_each(Domain::STATE_INNER, &self.messages, &mut self.joined);
            for (join, hash) in joins.iter().zip(&self.joined) {
                hashes[join.out] = *hash;
            }
        }
    }

    /// What a subtree came to. Only after [`Self::grow`].
    pub(crate) fn node(&self, root: Root) -> Node {
        match root {
            Root::Empty => Node::Empty,
            Root::Leaf(index) => Node::Leaf(self.hashes[index]),
            Root::Inner(index) => Node::Inner(self.hashes[index]),
        }
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
