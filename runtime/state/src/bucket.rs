//! What hangs below one node of the crown's lowest level: a handful of leaves and their entries.

use std::mem;

use heddle_types::Entry;
use heddle_types::Hash32;

use crate::path::Path;

/// Leaves of a bucket that are read ahead; a bucket rarely has more.
const TOUCHED_MAX: usize = 8;

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
        parts.sort_unstable_by_key(|(leaf, _)| leaf.path);
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

    /// Reads where the bucket keeps things, so that it is in the cache.
    pub(crate) const fn touch_header(&self) -> usize {
        self.leaves.len() ^ self.entries.len()
    }

    /// Reads a byte of each of the first leaves, so that they are in the cache.
    pub(crate) fn touch_leaves(&self) -> u8 {
        let Some(last) = self.leaves.len().checked_sub(1) else { return 0 };
        (0..TOUCHED_MAX).fold(0, |sum, i| sum ^ self.leaves[i.min(last)].hash.0[0])
    }

    /// Reads a byte of each of the first entries, so that they are in the cache.
    pub(crate) fn touch_entries(&self) -> usize {
        let Some(last) = self.entries.len().checked_sub(1) else { return 0 };
        (0..TOUCHED_MAX)
            .fold(0, |sum, i| sum ^ usize::from(self.entries[i.min(last)].deposit.is_some()))
    }

    /// Appends to `out` the leaves as they will be after `edits`; `exists` is told of each edit in order whether something
    /// stands at its path.
    pub(crate) fn leaves_after(
        &self,
        edits: &[Edit],
        out: &mut Vec<Leaf>,
        mut exists: impl FnMut(bool),
    ) {
        let mut rest = &self.leaves[..];
        for edit in edits {
            let before = rest.partition_point(|leaf| leaf.path < edit.path);
            out.extend_from_slice(&rest[..before]);
            rest = &rest[before..];
            let found = rest.first().is_some_and(|leaf| leaf.path == edit.path);
            rest = &rest[usize::from(found)..];
            exists(found);
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
