//! The top of the tree: all nodes down to one depth, in one array.
//!
//! ```text
//!            1              depth 0: the root
//!        2       3          depth 1
//!      4   5   6   7        depth 2; with depth 2 the crown's lowest, one bucket hangs below each
//! ```
//! Node `i`'s children are `2i` and `2i + 1`, so that siblings are neighbours in memory, and an index says the same place
//! however deep the crown has grown.

use std::mem;

use heddle_types::Domain;
use heddle_types::Hash32;

use crate::hashing::Batch;

/// As much of a subtree's shape as rule T3 needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No leaf.
    Empty,
    /// Exactly one leaf.
    Leaf,
    /// More than one.
    Inner,
}

/// A subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Zero for an empty one, the leaf's hash for one leaf.
    pub(crate) hash: Hash32,
}

/// A node and its index in the crown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// As narrow as it may be: a block leaves some ten nodes a change in the history.
    index: u32,
    pub(crate) node: Node,
}

impl Placed {
    pub(crate) fn new(index: usize, node: Node) -> Self {
        Self { index: u32::try_from(index).expect("a crown's index fits"), node }
    }

    pub(crate) fn index(&self) -> usize {
        usize::try_from(self.index).expect("32 bits fit")
    }
}

/// The index of the root.
pub(crate) const ROOT: usize = 1;

/// All nodes of the tree down to [`Self::depth`].
#[derive(Clone, Debug)]
pub(crate) struct Crown {
    depth: u32,
    /// By half the index.
    hashes: Vec<Siblings>,
    /// By index.
    kinds: Vec<Kind>,
}

/// Two hashes in one cache line, because whoever changes one needs the other.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Siblings([Hash32; 2]);

impl Crown {
    /// Of a tree without leaves.
    pub(crate) fn empty(depth: u32) -> Self {
        let mut crown = Self { depth, hashes: Vec::new(), kinds: Vec::new() };
        crown.deepen(depth);
        crown
    }

    /// Makes room for nodes down to `depth`; the new ones are empty.
    pub(crate) fn deepen(&mut self, depth: u32) {
        self.depth = depth;
        self.hashes.resize(1 << depth, Siblings([Hash32::ZERO; 2]));
        self.kinds.resize(2 << depth, Kind::Empty);
    }

    /// Puts a node in its place and leaves in it what was there.
    pub(crate) fn swap(&mut self, placed: &mut Placed) {
        let index = placed.index();
        mem::swap(&mut self.hashes[index / 2].0[index % 2], &mut placed.node.hash);
        mem::swap(&mut self.kinds[index], &mut placed.node.kind);
    }

    /// Puts a node in its place.
    pub(crate) fn put(&mut self, placed: &Placed) {
        let index = placed.index();
        self.hashes[index / 2].0[index % 2] = placed.node.hash;
        self.kinds[index] = placed.node.kind;
    }

    pub(crate) const fn depth(&self) -> u32 {
        self.depth
    }

    pub(crate) fn node(&self, index: usize) -> Node {
        Node { kind: self.kinds[index], hash: self.hashes[index / 2].0[index % 2] }
    }

    /// The index of the node above the bucket that holds paths with this prefix.
    pub(crate) const fn index_of_bucket(&self, bucket: usize) -> usize {
        (1 << self.depth) + bucket
    }

    /// Reads the hash at `index`, so that it and its sibling's are in the cache.
    pub(crate) fn touch(&self, index: usize) -> u8 {
        self.hashes[index / 2].0[0].0[0]
    }

    /// Appends to `nodes` what the nodes above those from `start` on become, ascending by index; those are of one depth and
    /// ascend too.
    ///
    /// Whether a node is on the left, and whether its sibling follows, is as good as random, and a processor that guesses
    /// wrongly loses more than a copy takes. So the loop does not ask, but overwrites what the crown has of both with what
    /// is known anew, once or twice.
    pub(crate) fn push_parents(&self, nodes: &mut Vec<Placed>, start: usize) {
        let end = nodes.len();
        nodes.reserve(end - start);
        let mut batch = Batch::new(Domain::STATE_INNER);
        let mut i = start;
        while i < end {
            let index = nodes[i].index();
            let next = (i + 1).min(end - 1);
            let last = i + usize::from(nodes[next].index() == (index | 1)) * (next - i);
            let mut kinds = [self.kinds[index & !1], self.kinds[index | 1]];
            let mut hashes = self.hashes[index / 2].0;
            for Placed { index, node } in [&nodes[i], &nodes[last]] {
                let side = usize::from(index % 2 == 1);
                kinds[side] = node.kind;
                hashes[side] = node.hash;
            }
            i = last + 1;
            let [left, right] = &hashes;
            let (kind, hash) = match kinds {
                [Kind::Empty, Kind::Empty | Kind::Leaf] => (kinds[1], *right),
                [Kind::Leaf, Kind::Empty] => (Kind::Leaf, *left),
                [Kind::Empty | Kind::Leaf | Kind::Inner, _] => {
                    batch.push(left, right, nodes.len());
                    (Kind::Inner, Hash32::ZERO)
                }
            };
            nodes.push(Placed::new(index / 2, Node { kind, hash }));
            if batch.is_full() {
                batch.drain(|position, hash| nodes[position].node.hash = hash);
            }
        }
        batch.drain(|position, hash| nodes[position].node.hash = hash);
    }
}
