//! Small subtrees, planned one by one and hashed together.
//!
//! One subtree of a few leaves offers too few independent hashes to fill a vector unit. A forest collects the joins of many
//! subtrees by their height above the leaves and hashes all joins of one height at once.

use std::mem;
use std::ops::Range;

use heddle_types::Domain;
use heddle_types::Hash32;

use crate::crown::Kind;
use crate::crown::Node;
use crate::hashing::Batch;
use crate::path::Path;

/// Subtrees whose inner hashes are being worked out.
pub(crate) struct Forest<'a> {
    /// Of the leaves that are not planted yet.
    paths: Vec<&'a Path>,
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

/// So many leaves are all looked at when they are split: that is quicker than to guess which need not be.
const SMALL_MAX: usize = 8;

impl<'a> Forest<'a> {
    /// With room for so many hashes.
    pub(crate) fn with_room(hashes: usize) -> Self {
        let mut known = Vec::with_capacity(1 + hashes);
        known.push(Hash32::ZERO);
        Self {
            paths: Vec::new(),
            hashes: known,
            joins: Vec::new(),
            batch: Batch::new(Domain::STATE_INNER),
        }
    }

    /// Adds a leaf to the subtree that [`Self::plant`] will add; ascending by path.
    pub(crate) fn push(&mut self, path: &'a Path, hash: &Hash32) {
        self.paths.push(path);
        self.hashes.push(*hash);
    }

    /// Adds the subtree of the leaves pushed since the last one, which share their first `depth` bits.
    pub(crate) fn plant(&mut self, depth: usize) -> Root {
        let len = self.paths.len();
        let kind = match len {
            0 => Kind::Empty,
            1 => Kind::Leaf,
            _ => Kind::Inner,
        };
        let first = self.hashes.len() - len;
        let paths = mem::take(&mut self.paths);
        let (hash, _) = self.plan(&paths, first, depth);
        self.paths = paths;
        self.paths.clear();
        Root { kind, hash }
    }

    /// Works out all hashes.
    pub(crate) fn grow(&mut self) {
        let Self { hashes, joins, batch, .. } = self;
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

    /// The index of the subtree's hash, and how many joins it stands above its leaves; the leaves' own hashes begin at the
    /// index `first`.
    fn plan(&mut self, paths: &[&Path], first: usize, depth: usize) -> (usize, usize) {
        match paths {
            [] => (EMPTY, 0),
            [_] => (first, 0),
            [a, b] => self.plan_two(a, first, depth..a.shared_bits(b)),
            _ => {
                let on_left = |path: &&Path| !path.bit(depth);
                let split = if paths.len() <= SMALL_MAX {
                    paths.iter().map(|path| usize::from(on_left(path))).sum()
                } else {
                    paths.partition_point(on_left)
                };
                let (left, left_height) = self.plan(&paths[..split], first, depth + 1);
                let (right, right_height) = self.plan(&paths[split..], first + split, depth + 1);
                let height = left_height.max(right_height);
                (self.join(left, right, height), height + 1)
            }
        }
    }

    /// Two leaves, alone below the nodes of these depths on the way along `path` to where they part.
    fn plan_two(&mut self, path: &Path, first: usize, way: Range<usize>) -> (usize, usize) {
        let height = way.len();
        let mut out = self.join(first, first + 1, 0);
        for (height, depth) in (1..).zip(way.rev()) {
            let (left, right) = if path.bit(depth) { (EMPTY, out) } else { (out, EMPTY) };
            out = self.join(left, right, height);
        }
        (out, height + 1)
    }

    fn join(&mut self, left: usize, right: usize, height: usize) -> usize {
        let out = self.hashes.len();
        self.hashes.push(Hash32::ZERO);
        if self.joins.len() <= height {
            self.joins.resize_with(height + 1, Vec::new);
        }
        self.joins[height].push(Join { left, right, out });
        out
    }
}
