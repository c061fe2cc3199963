//! The crown and the buckets below it, as one tree.

use std::hint::black_box;
use std::mem;

use rayon::iter::IndexedParallelIterator;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

use heddle_types::Entry;
use heddle_types::StateRoot;

use crate::bucket::Bucket;
use crate::bucket::Edit;
use crate::crown;
use crate::crown::Crown;
use crate::crown::Placed;
use crate::forest::Forest;
use crate::patch::Part;
use crate::patch::Patch;
use crate::path::Path;

/// Leaves a bucket has on average before the crown is deepened: fewer cost memory, more cost hashes an update.
const BUCKET_LEAVES_MAX: usize = 2;
/// The crown is never deeper: 2^26 buckets are 128 M keys. Beyond that buckets grow instead.
const CROWN_DEPTH_MAX: u32 = 26;
/// Buckets that are hashed together: enough to fill the vector units, few enough for the nearest caches.
const TILE: usize = 256;
/// Hashes in a changed bucket's subtree, about, with its leaves'.
const HASHES_AN_EDIT: usize = 8;
/// Buckets whose memory is asked for at once.
const TOUCHED_AT_ONCE: usize = 32;

/// All leaves with their entries, and all hashes of the crown.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    crown: Crown,
    buckets: Vec<Bucket>,
    len: usize,
}

impl Tree {
    pub(crate) fn empty() -> Self {
        Self { crown: Crown::empty(0), buckets: vec![Bucket::default()], len: 0 }
    }

    /// From all buckets of a crown of this depth.
    pub(crate) fn from_buckets(depth: u32, buckets: Vec<Bucket>) -> Self {
        let len = buckets.iter().map(|bucket| bucket.len()).sum();
        let mut tree = Self { crown: Crown::empty(depth), buckets, len };
        tree.rehash_from(0);
        tree
    }

    /// How deep the crown of a tree with this many leaves is.
    pub(crate) fn depth_for(len: usize) -> u32 {
        let buckets = len.div_ceil(BUCKET_LEAVES_MAX).next_power_of_two();
        buckets.trailing_zeros().min(CROWN_DEPTH_MAX)
    }

    /// Applies a patch and leaves in it what undoes it.
    pub(crate) fn apply(&mut self, patch: &mut Patch) {
        let depth = self.crown.depth();
        for Part { edits, places, deep, nodes } in &mut patch.parts {
            self.touch_slots(edits, places);
            let mut done = 0;
            for group in edits.chunk_by_mut(|a, b| a.path.prefix(depth) == b.path.prefix(depth)) {
                let bucket = &mut self.buckets[group[0].path.prefix(depth)];
                let before = bucket.len();
                bucket.apply(group, &places[done..done + group.len()]);
                self.len = self.len - before + bucket.len();
                done += group.len();
            }
            places.clear();
            deep.iter().for_each(|node| self.crown.put(node));
            nodes.iter_mut().for_each(|node| self.crown.swap(node));
        }
        patch.above.iter_mut().for_each(|node| self.crown.swap(node));
    }

    /// Deepens the crown when buckets have become too full. It is never made shallower: a past root's nodes stay where
    /// [`crate::history`] knows them.
    pub(crate) fn make_room(&mut self) {
        let before = self.crown.depth();
        let after = Self::depth_for(self.len);
        if after <= before {
            return;
        }
        for depth in before..after {
            let bit = usize::try_from(depth).expect("at most 26");
            let full = mem::take(&mut self.buckets);
            self.buckets = full.into_iter().flat_map(|bucket| bucket.split(bit)).collect();
        }
        self.crown.deepen(after);
        self.rehash_from(before + 1);
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn root(&self) -> StateRoot {
        StateRoot(self.crown.node(crown::ROOT).hash)
    }

    pub(crate) const fn crown(&self) -> &Crown {
        &self.crown
    }

    pub(crate) fn entry(&self, path: &Path) -> Option<&Entry> {
        self.bucket_of(path).entry(path)
    }

    /// The bucket in which `path` stands or would stand.
    pub(crate) fn bucket_of(&self, path: &Path) -> &Bucket {
        &self.buckets[path.prefix(self.crown.depth())]
    }

    /// The buckets below the crown's node at `index`, which is `depth` deep.
    pub(crate) fn buckets_below(&self, index: usize, depth: u32) -> &[Bucket] {
        let width = 1 << (self.crown.depth() - depth);
        let first = (index - (1 << depth)) * width;
        &self.buckets[first..first + width]
    }

    /// Appends to `nodes` what the lowest nodes become that stand above `edits` (ascending by path), ascending. `found` is
    /// told of each edit in order in which slot of its bucket its path stands, if it does.
    pub(crate) fn push_lowest(
        &self,
        edits: &[Edit],
        nodes: &mut Vec<Placed>,
        mut found: impl FnMut(Option<usize>),
    ) {
        let depth = self.crown.depth();
        let mut forest = Forest::with_room(HASHES_AN_EDIT * edits.len());
        let mut roots = Vec::with_capacity(edits.len());
        for tile in edits.chunks(TOUCHED_AT_ONCE) {
            self.touch(tile);
        }
        for group in edits.chunk_by(|a, b| a.path.prefix(depth) == b.path.prefix(depth)) {
            let bucket = group[0].path.prefix(depth);
            self.buckets[bucket].push_leaves_after(group, &mut forest, &mut found);
            roots.push((self.crown.index_of_bucket(bucket), forest.plant(bit(depth))));
        }
        forest.grow();
        let grown = roots.iter().map(|(index, root)| (*index, forest.node(*root)));
        nodes.extend(grown.map(|(index, node)| Placed::new(index, node)));
    }

    /// Reads the nodes that stand above the paths beginning with `heads`, `top` deep and deeper. One path's reads depend on
    /// each other and on branches, so that the processor waits for memory at each; here they do not, and it waits for many at
    /// a time.
    pub(crate) fn touch_nodes(&self, heads: impl Iterator<Item = u64> + Clone, top: u32) {
        for depth in top.max(1)..=self.crown.depth() {
            let index = |head: u64| usize::try_from((1 << depth) | (head >> (64 - depth)));
            let indexes = heads.clone().filter_map(|head| index(head).ok());
            black_box(indexes.fold(0, |sum, index| sum ^ self.crown.touch(index)));
        }
    }

    /// Reads from all buckets below `edits` at once, for the same reason.
    fn touch(&self, edits: &[Edit]) {
        let depth = self.crown.depth();
        let buckets = || edits.iter().map(|edit| &self.buckets[edit.path.prefix(depth)]);
        black_box(buckets().map(Bucket::len).fold(0, usize::wrapping_add));
        black_box(buckets().map(Bucket::touch_leaves).fold(0, u8::wrapping_add));
    }

    /// Reads from the slots in which the edits' paths stand.
    fn touch_slots(&self, edits: &[Edit], places: &[Option<usize>]) {
        let depth = self.crown.depth();
        let tiles = edits.chunks(TOUCHED_AT_ONCE).zip(places.chunks(TOUCHED_AT_ONCE));
        for (edits, places) in tiles {
            let buckets = || edits.iter().map(|edit| &self.buckets[edit.path.prefix(depth)]);
            black_box(buckets().map(Bucket::len).fold(0, usize::wrapping_add));
            let slots =
                buckets().zip(places).filter_map(|(bucket, place)| Some((bucket, (*place)?)));
            black_box(slots.fold(0, |sum, (bucket, place)| sum ^ bucket.touch_slot(place)));
        }
    }

    /// Works out all nodes at `top` and deeper from the buckets.
    fn rehash_from(&mut self, top: u32) {
        let depth = self.crown.depth();
        let tiles = self.buckets.par_chunks(TILE).enumerate().map(|(tile, buckets)| {
            let mut forest = Forest::with_room(HASHES_AN_EDIT * buckets.len());
            let mut roots = Vec::with_capacity(buckets.len());
            for bucket in buckets {
                bucket.leaves().for_each(|leaf| forest.push(&leaf.path, &leaf.hash));
                roots.push(forest.plant(bit(depth)));
            }
            forest.grow();
            let first = self.crown.index_of_bucket(tile * TILE);
            let nodes = roots.iter().map(|root| forest.node(*root)).enumerate();
            nodes.map(|(i, node)| Placed::new(first + i, node)).collect::<Vec<Placed>>()
        });
        let mut level: Vec<Placed> = tiles.collect::<Vec<_>>().concat();
        for above in (top..=depth).rev() {
            let len = level.len();
            if above > top {
                self.crown.push_parents(&mut level, 0);
            }
            level.drain(..len).for_each(|mut placed| self.crown.swap(&mut placed));
        }
    }
}

fn bit(depth: u32) -> usize {
    usize::try_from(depth).expect("a crown's depth fits")
}
