//! What hangs below one node of the crown's lowest level: a handful of leaves and their entries.

use std::mem;

use heddle_types::Entry;
use heddle_types::Hash32;

use crate::forest::Forest;
use crate::path::Path;

/// Slots of a bucket that are read ahead; a bucket rarely has more.
const TOUCHED_MAX: usize = 8;

/// In so many slots all are compared; in more, half of them are ruled out at a time.
const SMALL_MAX: usize = 8;

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
    /// From slots that ascend by path.
    pub(crate) fn from_sorted(slots: Vec<Slot>) -> Self {
        Self(slots.into_boxed_slice())
    }

    /// Applies edits, ascending by path, and leaves in them what undoes them. `places` are the slots in which their paths
    /// stand, if they do.
    pub(crate) fn apply(&mut self, edits: &mut [Edit], places: &[Option<usize>]) {
        let in_place = |edit: &Edit| edit.occupant.is_some();
        if places.iter().all(Option::is_some) && edits.iter().all(in_place) {
            for (edit, place) in edits.iter_mut().zip(places.iter().flatten()) {
                self.swap(edit, *place);
            }
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

    pub(crate) fn entry(&self, path: &Path) -> Option<&Entry> {
        self.find(path).map(|position| &self.0[position].entry)
    }

    /// Reads a byte of each of the first leaves, so that they are in the cache.
    pub(crate) fn touch_leaves(&self) -> u8 {
        let touch = |sum, slot: &Slot| sum ^ slot.leaf.path.0.0[0] ^ slot.leaf.hash.0[31];
        self.0.iter().take(TOUCHED_MAX).fold(0, touch)
    }

    /// Reads from a slot, so that it is in the cache.
    pub(crate) fn touch_slot(&self, place: usize) -> usize {
        let Slot { leaf, entry } = &self.0[place];
        usize::from(leaf.hash.0[0])
            ^ usize::from(entry.deposit.is_some())
            ^ entry.value.as_bytes().len()
    }

    /// Pushes to `forest` the leaves as they will be after `edits`; `found` is told of each edit in order in which slot its
    /// path stands, if it does.
    pub(crate) fn push_leaves_after<'a>(
        &'a self,
        edits: &'a [Edit],
        forest: &mut Forest<'a>,
        mut found: impl FnMut(Option<usize>),
    ) {
        if let [Edit { path, occupant: Some(occupant) }] = edits
            && let Some(place) = self.find(path)
        {
            found(Some(place));
            for (i, Slot { leaf, .. }) in self.0.iter().enumerate() {
                forest.push(&leaf.path, if i == place { &occupant.hash } else { &leaf.hash });
            }
            return;
        }
        let mut next = 0;
        for edit in edits {
            while let Some(Slot { leaf, .. }) = self.0.get(next)
                && leaf.path.is_before(&edit.path)
            {
                forest.push(&leaf.path, &leaf.hash);
                next += 1;
            }
            let place =
                Some(next).filter(|at| self.0.get(*at).is_some_and(|s| s.leaf.path == edit.path));
            found(place);
            next += usize::from(place.is_some());
            if let Some(occupant) = &edit.occupant {
                forest.push(&edit.path, &occupant.hash);
            }
        }
        self.0[next..].iter().for_each(|slot| forest.push(&slot.leaf.path, &slot.leaf.hash));
    }

    fn find(&self, path: &Path) -> Option<usize> {
        if self.0.len() <= SMALL_MAX {
            let is_here = |(i, slot): (usize, &Slot)| (slot.leaf.path == *path).then_some(i);
            self.0.iter().enumerate().fold(None, |found, slot| is_here(slot).or(found))
        } else {
            self.0.binary_search_by(|slot| slot.leaf.path.cmp(path)).ok()
        }
    }

    fn swap(&mut self, edit: &mut Edit, place: usize) {
        let slot = &mut self.0[place];
        assert_eq!(slot.leaf.path, edit.path, "the slot that was found");
        if let Some(occupant) = &mut edit.occupant {
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
