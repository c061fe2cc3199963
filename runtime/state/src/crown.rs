//! The top of the tree: all nodes down to one depth, in one array.
//!
//! ```text
//!            1              depth 0: the root
//!        2       3          depth 1
//!      4   5   6   7        depth 2; with depth 2 the crown's lowest, one bucket hangs below each
//! ```
//! Node `i`'s children are `2i` and `2i + 1`, so that siblings are neighbours in memory, and an index says the same place
//! however deep the crown has grown.

use heddle_types::Domain;
use heddle_types::Hash32;

use crate::hashing;
use crate::hashing::Message;

/// A subtree by its hash, and as much of its shape as rule T3 needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// No leaf.
    Empty,
    /// Exactly one leaf, whose hash this is.
    Leaf(Hash32),
    /// More than one.
    Inner(Hash32),
}

impl Node {
    /// Its hash; zero for an empty one.
    pub(crate) const fn hash(&self) -> Hash32 {
        match self {
            Self::Empty => Hash32::ZERO,
            Self::Leaf(hash) | Self::Inner(hash) => *hash,
        }
    }
}

/// A node and its index in the crown.
pub(crate) type Placed = (usize, Node);

/// The index of the root.
pub(crate) const ROOT: usize = 1;

/// All nodes of the tree down to [`Self::depth`].
#[derive(Clone, Debug)]
pub(crate) struct Crown {
    depth: u32,
    nodes: Vec<Node>,
}

impl Crown {
    /// Of a tree without leaves.
    pub(crate) fn empty(depth: u32) -> Self {
        Self { depth, nodes: vec![Node::Empty; 2 << depth] }
    }

    /// Makes room for nodes down to `depth`; the new ones are empty.
    pub(crate) fn deepen(&mut self, depth: u32) {
        self.depth = depth;
        self.nodes.resize(2 << depth, Node::Empty);
    }

    /// Puts `node` at `index` and gives back what was there.
    pub(crate) fn replace(&mut self, index: usize, node: Node) -> Node {
        std::mem::replace(&mut self.nodes[index], node)
    }

    pub(crate) const fn depth(&self) -> u32 {
        self.depth
    }

    pub(crate) fn node(&self, index: usize) -> Node {
        self.nodes[index]
    }

    /// The index of the node above the bucket that holds paths with this prefix.
    pub(crate) const fn index_of_bucket(&self, bucket: usize) -> usize {
        (1 << self.depth) + bucket
    }

    /// What the nodes above `changed` become, ascending by index; `changed` are of one depth and ascend too.
    pub(crate) fn parents(&self, changed: &[Placed]) -> Vec<Placed> {
        let mut parents: Vec<Placed> = Vec::with_capacity(changed.len());
        let mut joins = Vec::with_capacity(changed.len());
        let mut messages: Vec<Message> = Vec::with_capacity(changed.len());
        let mut rest = changed;
        while let [(index, node), after @ ..] = rest {
            let (left, right, after) = match (index % 2 == 0, after) {
                (true, [(next, sibling), after @ ..]) if *next == index + 1 => {
                    (*node, *sibling, after)
                }
                (true, after) => (*node, self.nodes[index + 1], after),
                (false, after) => (self.nodes[index - 1], *node, after),
            };
            rest = after;
            let parent = match (left, right) {
                (Node::Empty, only @ (Node::Empty | Node::Leaf(_)))
                | (only @ Node::Leaf(_), Node::Empty) => only,
                (Node::Empty | Node::Leaf(_) | Node::Inner(_), _) => {
                    joins.push(parents.len());
                    messages.push(hashing::pair(&left.hash(), &right.hash()));
                    Node::Inner(Hash32::ZERO)
                }
            };
            parents.push((index / 2, parent));
        }
        let mut hashes = Vec::with_capacity(messages.len());
        hashing::hash_each(Domain::STATE_INNER, &messages, &mut hashes);
        for (position, hash) in joins.into_iter().zip(hashes) {
            parents[position].1 = Node::Inner(hash);
        }
        parents
    }
}
