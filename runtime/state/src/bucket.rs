//! What hangs below one node of the crown's lowest level: a handful of leaves and their entries.

use std::mem;

use heddle_types::Entry;
use heddle_types::Hash32;

use crate::path::Path;

/// A leaf: rule T2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) path: Path,
    pub(crate) hash: Hash32,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Occupant {
    pub(crate) hash: Hash32,
    pub(crate) entry: Entry,
}

/// A change at one path. Once it is applied it holds what stood there before, and so undoes itself.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) path: Path,
    pub(crate) occupant: Option<Occupant>,
}

/// The leaves whose paths share the bucket's prefix, ascending by path, and beside them their entries. Leaves are apart
/// from entries because hashing a bucket reads all of its leaves and none of its entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bucket {
    leaves: Vec<Leaf>,
    entries: Vec<Entry>,
}

impl Bucket {
    /// From parts in any order, each path once.
    pub(crate) fn from_unsorted(mut parts: Vec<(Leaf, Entry)>) -> Self {
        parts.sort_unstable_by(|a, b| a.0.path.cmp(&b.0.path));
        let (leaves, entries) = parts.into_iter().unzip();
        Self { leaves, entries }
    }

    /// Applies edits, ascending by path, and leaves in them what undoes them.
    pub(crate) fn apply(&mut self, edits: &mut [Edit]) {
        let in_place = edits.iter().all(|edit| edit.occupant.is_some() && self.has(&edit.path));
        if in_place {
            edits.iter_mut().for_each(|edit| self.swap(edit));
        } else {
            self.merge(edits);
        }
    }

    /// Gives the second half its own bucket: the leaves whose bit at `depth` is set.
    pub(crate) fn split(mut self, depth: usize) -> [Self; 2] {
        let at = self.leaves.partition_point(|leaf| !leaf.path.bit(depth));
        let right = Self { leaves: self.leaves.split_off(at), entries: self.entries.split_off(at) };
        self.leaves.shrink_to_fit();
        self.entries.shrink_to_fit();
        [self, right]
    }

    pub(crate) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    pub(crate) fn has(&self, path: &Path) -> bool {
        self.find(path).is_ok()
    }

    pub(crate) fn entry(&self, path: &Path) -> Option<&Entry> {
        self.find(path).ok().map(|position| &self.entries[position])
    }

    /// Appends to `out` the leaves as they will be after `edits`.
    pub(crate) fn leaves_after(&self, edits: &[Edit], out: &mut Vec<Leaf>) {
        let mut rest = &self.leaves[..];
        for edit in edits {
            let before = rest.partition_point(|leaf| leaf.path < edit.path);
            out.extend_from_slice(&rest[..before]);
            rest = &rest[before..];
            if let [leaf, after @ ..] = rest
                && leaf.path == edit.path
            {
                rest = after;
            }
            if let Some(occupant) = &edit.occupant {
                out.push(Leaf { path: edit.path, hash: occupant.hash });
            }
        }
        out.extend_from_slice(rest);
    }

    fn find(&self, path: &Path) -> Result<usize, usize> {
        self.leaves.binary_search_by(|leaf| leaf.path.cmp(path))
    }

    fn swap(&mut self, edit: &mut Edit) {
        if let (Ok(position), Some(occupant)) = (self.find(&edit.path), &mut edit.occupant) {
            mem::swap(&mut self.leaves[position].hash, &mut occupant.hash);
            mem::swap(&mut self.entries[position], &mut occupant.entry);
        }
    }

    fn merge(&mut self, edits: &mut [Edit]) {
        let mut old = mem::take(&mut self.leaves).into_iter().zip(mem::take(&mut self.entries));
        let len_max = old.len() + edits.len();
        self.leaves.reserve_exact(len_max);
        self.entries.reserve_exact(len_max);
        let mut next = old.next();
        for edit in edits {
            while let Some((leaf, entry)) = next.take_if(|(leaf, _)| leaf.path < edit.path) {
                self.push(leaf, entry);
                next = old.next();
            }
            let standing = next.take_if(|(leaf, _)| leaf.path == edit.path);
            if standing.is_some() {
                next = old.next();
            }
            let before = standing.map(|(leaf, entry)| Occupant { hash: leaf.hash, entry });
            if let Some(after) = mem::replace(&mut edit.occupant, before) {
                self.push(Leaf { path: edit.path, hash: after.hash }, after.entry);
            }
        }
        for (leaf, entry) in next.into_iter().chain(old) {
            self.push(leaf, entry);
        }
        self.leaves.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    fn push(&mut self, leaf: Leaf, entry: Entry) {
        self.leaves.push(leaf);
        self.entries.push(entry);
    }
}
