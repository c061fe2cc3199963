//! What hangs below one node of the crown's lowest level: a handful of leaves and their entries.

use std::mem;

use heddle_types::Entry;
use heddle_types::Hash32;

use crate::path::Path;

/// Slots of a bucket that are read ahead; a bucket rarely has more.
const TOUCHED_MAX: usize = 8;

/// A leaf: rule T2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) path: Path,
    pub(crate) hash: Hash32,
}

/// A leaf and the entry it commits to.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) leaf: Leaf,
    pub(crate) entry: Entry,
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

/// The leaves whose paths share the bucket's prefix, ascending by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bucket(Box<[Slot]>);

impl Bucket {
    /// From slots in any order, each path once.
    pub(crate) fn from_unsorted(mut slots: Vec<Slot>) -> Self {
        slots.sort_unstable_by_key(|slot| slot.leaf.path);
        Self(slots.into_boxed_slice())
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
    pub(crate) fn split(self, depth: usize) -> [Self; 2] {
        let mut slots = self.0.into_vec();
        let at = slots.partition_point(|slot| !slot.leaf.path.bit(depth));
        let right = slots.split_off(at);
        [Self(slots.into_boxed_slice()), Self(right.into_boxed_slice())]
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.0.iter().map(|slot| &slot.leaf)
    }

    pub(crate) fn has(&self, path: &Path) -> bool {
        self.find(path).is_some()
    }

    pub(crate) fn entry(&self, path: &Path) -> Option<&Entry> {
        self.find(path).map(|position| &self.0[position].entry)
    }

    /// Reads a byte of each of the first leaves, so that they are in the cache.
    pub(crate) fn touch_leaves(&self) -> u8 {
        let touch = |sum, slot: &Slot| sum ^ slot.leaf.path.0.0[0] ^ slot.leaf.hash.0[31];
        self.0.iter().take(TOUCHED_MAX).fold(0, touch)
    }

    /// Appends to `out` the leaves as they will be after `edits`; `exists` is told of each edit in order whether something
    /// stands at its path.
    pub(crate) fn leaves_after(
        &self,
        edits: &[Edit],
        out: &mut Vec<Leaf>,
        mut exists: impl FnMut(bool),
    ) {
        let mut rest = &self.0[..];
        for edit in edits {
            while let [slot, after @ ..] = rest
                && slot.leaf.path < edit.path
            {
                out.push(slot.leaf);
                rest = after;
            }
            let found = rest.first().is_some_and(|slot| slot.leaf.path == edit.path);
            rest = &rest[usize::from(found)..];
            exists(found);
            if let Some(occupant) = &edit.occupant {
                out.push(Leaf { path: edit.path, hash: occupant.hash });
            }
        }
        out.extend(rest.iter().map(|slot| slot.leaf));
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let first = self.0.partition_point(|slot| slot.leaf.path.head() < path.head());
        let candidates = self.0[first..].iter().take_while(|s| s.leaf.path.head() == path.head());
        Some(first + candidates.map(|slot| slot.leaf.path).position(|other| other == *path)?)
    }

    fn swap(&mut self, edit: &mut Edit) {
        if let (Some(position), Some(occupant)) = (self.find(&edit.path), &mut edit.occupant) {
            let slot = &mut self.0[position];
            mem::swap(&mut slot.leaf.hash, &mut occupant.hash);
            mem::swap(&mut slot.entry, &mut occupant.entry);
        }
    }

    fn merge(&mut self, edits: &mut [Edit]) {
        let mut old = mem::take(&mut self.0).into_iter();
        let mut slots = Vec::with_capacity(old.len() + edits.len());
        let mut next = old.next();
        for edit in edits {
            while let Some(slot) = next.take_if(|slot| slot.leaf.path < edit.path) {
                slots.push(slot);
                next = old.next();
            }
            let standing = next.take_if(|slot| slot.leaf.path == edit.path);
            if standing.is_some() {
                next = old.next();
            }
            let before = standing.map(|Slot { leaf, entry }| Occupant { hash: leaf.hash, entry });
            if let Some(Occupant { hash, entry }) = mem::replace(&mut edit.occupant, before) {
                slots.push(Slot { leaf: Leaf { path: edit.path, hash }, entry });
            }
        }
        slots.extend(next.into_iter().chain(old));
        self.0 = slots.into_boxed_slice();
    }
}
