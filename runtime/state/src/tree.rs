//! The crown and the buckets below it, as one tree.

use std::hint::black_box;
use std::iter;

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
use crate::path::Path;

/// Leaves a bucket has on average before the crown is deepened: fewer cost memory, more cost hashes an update.
const BUCKET_LEAVES_MAX: usize = 8;
/// The crown is never deeper: 2^26 buckets are 512 M keys. Beyond that buckets grow instead.
const CROWN_DEPTH_MAX: u32 = 26;
/// Edits, or buckets, that are worked on together: enough to fill the vector units, few enough for the nearest caches.
const TILE: usize = 256;
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
        let len = buckets.iter().map(|bucket| bucket.leaves().len()).sum();
        let mut tree = Self { crown: Crown::empty(depth), buckets, len };
        tree.rehash_from(0);
        tree
    }

    /// How deep the crown of a tree with this many leaves is.
    pub(crate) fn depth_for(len: usize) -> u32 {
        let buckets = len.div_ceil(BUCKET_LEAVES_MAX).next_power_of_two();
        buckets.trailing_zeros().min(CROWN_DEPTH_MAX)
    }

    /// Applies edits (ascending by path) and the nodes that follow from them, and leaves in both what undoes them.
    pub(crate) fn apply(&mut self, edits: &mut [Edit], nodes: &mut [Placed]) {
        let depth = self.crown.depth();
        let mut rest = edits;
        while !rest.is_empty() {
            let tile;
            (tile, rest) = rest.split_at_mut(tile_len(rest, depth));
            self.touch(tile);
            self.touch_entries(tile);
            for group in tile.chunk_by_mut(|a, b| a.path.prefix(depth) == b.path.prefix(depth)) {
                let bucket = &mut self.buckets[group[0].path.prefix(depth)];
                self.len -= bucket.leaves().len();
                bucket.apply(group);
                self.len += bucket.leaves().len();
            }
        }
        for (index, node) in nodes {
            *node = self.crown.replace(*index, *node);
        }
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
            let full = std::mem::take(&mut self.buckets);
            self.buckets = full.into_iter().flat_map(|bucket| bucket.split(bit)).collect();
        }
        self.crown.deepen(after);
        self.rehash_from(before + 1);
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn root(&self) -> StateRoot {
        StateRoot(self.crown.node(crown::ROOT).hash())
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

    /// What the lowest nodes become that stand above `edits` (ascending by path), ascending. `exists` is told of each edit
    /// in order whether something stands at its path.
    pub(crate) fn lowest_after(
        &self,
        edits: &[Edit],
        mut exists: impl FnMut(usize, bool),
    ) -> Vec<Placed> {
        let depth = self.crown.depth();
        let mut forest = Forest::new();
        let mut leaves = Vec::new();
        let mut lowest = Vec::with_capacity(edits.len());
        let mut position = 0;
        for tile in tiles(edits, depth) {
            self.touch(tile);
            forest.clear();
            let groups = tile.chunk_by(|a, b| a.path.prefix(depth) == b.path.prefix(depth));
            let planted = groups.map(|group| {
                let bucket = group[0].path.prefix(depth);
                leaves.clear();
                self.buckets[bucket].leaves_after(group, &mut leaves, |found| {
                    exists(position, found);
                    position += 1;
                });
                (self.crown.index_of_bucket(bucket), forest.plant(&leaves, bit(depth)))
            });
            let roots: Vec<_> = planted.collect();
            forest.grow();
            lowest.extend(roots.into_iter().map(|(index, root)| (index, forest.node(root))));
        }
        lowest
    }

    /// Reads from all buckets below `edits` at once. One edit's reads depend on each other and on branches, so that the
    /// processor waits for memory at each; here they do not, and it waits for many at a time.
    fn touch(&self, edits: &[Edit]) {
        let depth = self.crown.depth();
        for edits in edits.chunks(TOUCHED_AT_ONCE) {
            let buckets = || edits.iter().map(|edit| &self.buckets[edit.path.prefix(depth)]);
            black_box(buckets().map(Bucket::touch_header).fold(0, usize::wrapping_add));
            black_box(buckets().map(Bucket::touch_leaves).fold(0, u8::wrapping_add));
        }
    }

    /// Like [`Self::touch`], of the entries.
    fn touch_entries(&self, edits: &[Edit]) {
        let depth = self.crown.depth();
        for edits in edits.chunks(TOUCHED_AT_ONCE) {
            let buckets = edits.iter().map(|edit| &self.buckets[edit.path.prefix(depth)]);
            black_box(buckets.map(Bucket::touch_entries).fold(0, usize::wrapping_add));
        }
    }

    /// Works out all nodes at `top` and deeper from the buckets.
    fn rehash_from(&mut self, top: u32) {
        let depth = self.crown.depth();
        let tiles = self.buckets.par_chunks(TILE).enumerate().map(|(tile, buckets)| {
            let mut forest = Forest::new();
            let plant = |bucket: &Bucket| forest.plant(bucket.leaves(), bit(depth));
            let roots: Vec<_> = buckets.iter().map(plant).collect();
            forest.grow();
            let first = self.crown.index_of_bucket(tile * TILE);
            let nodes = roots.iter().map(|root| forest.node(*root));
            nodes.enumerate().map(|(i, node)| (first + i, node)).collect::<Vec<Placed>>()
        });
        let mut level: Vec<Placed> = tiles.collect::<Vec<_>>().concat();
        for above in (top..=depth).rev() {
            for (index, node) in &level {
                self.crown.replace(*index, *node);
            }
            if above > top {
                level = self.crown.parents(&level);
            }
        }
    }
}

/// The edits in runs of about [`TILE`], cut between buckets.
fn tiles(edits: &[Edit], depth: u32) -> impl Iterator<Item = &[Edit]> {
    let mut rest = edits;
    iter::from_fn(move || {
        let (tile, after) = rest.split_at(tile_len(rest, depth));
        rest = after;
        (!tile.is_empty()).then_some(tile)
    })
}

/// How many of `edits` the first tile has.
fn tile_len(edits: &[Edit], depth: u32) -> usize {
    let Some(last) = edits.get(TILE - 1) else { return edits.len() };
    let bucket = last.path.prefix(depth);
    TILE + edits[TILE..].iter().take_while(|edit| edit.path.prefix(depth) == bucket).count()
}

fn bit(depth: u32) -> usize {
    usize::try_from(depth).expect("a crown's depth fits")
}
