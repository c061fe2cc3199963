//! What a block's changes make of the tree, worked out without touching it.

use std::hint::black_box;

use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateRoot;

use crate::bucket::Edit;
use crate::bucket::Leaf;
use crate::bucket::Occupant;
use crate::build;
use crate::patch::Part;
use crate::patch::Patch;
use crate::spares::Spares;
use crate::tree::Tree;

/// Changes that are hashed as one piece of work.
const CHUNK: usize = 512;
/// Batches below this are not worth handing to other threads.
const PARALLEL_MIN: usize = 1024;
/// Changes in a part, about: enough to fill the vector units, few enough for the nearest caches.
const PART: usize = 512;

/// Levels of the crown of which the history keeps no nodes. It works them out again when it is asked for a proof, from 32
/// buckets, which takes some microseconds.
const DEEP_LEVELS: u32 = 5;

/// Changes worked out against one state, ready to be committed to it.
#[derive(Debug)]
pub struct Prepared {
    /// Which state: its number of commits.
    pub(crate) base: u64,
    pub(crate) root: StateRoot,
    pub(crate) patch: Patch,
    pub(crate) added: Vec<StateKey>,
    pub(crate) removed: Vec<StateKey>,
}

impl Prepared {
    /// The root that the state will have.
    pub const fn root(&self) -> StateRoot {
        self.root
    }
}

type Change = (StateKey, Option<Entry>);

/// The first bits of a change's path, and its place among the changes.
pub(crate) type Ranked = (u64, usize);

/// Works out `changes` against `tree`. The result does not depend on how many threads share the work.
pub(crate) fn prepare(tree: &Tree, spares: &Spares, base: u64, changes: &ChangeSet) -> Prepared {
    let work = Work::new(tree, spares, changes.as_slice());
    let shard_depth = shard_depth(tree, changes.len());
    let same = |a: &Ranked, b: &Ranked| leading(a.0, shard_depth) == leading(b.0, shard_depth);
    let ranks: Vec<&[Ranked]> = work.order.chunk_by(same).collect();
    let shards: Vec<Shard> = if is_shared(changes.len()) {
        ranks.par_iter().map(|ranks| work.shard(shard_depth, ranks)).collect()
    } else {
        ranks.iter().map(|ranks| work.shard(shard_depth, ranks)).collect()
    };
    drop(ranks);
    spares.keep_lists(work.leaves, work.order);
    join(tree, base, shard_depth, shards)
}

fn join(tree: &Tree, base: u64, shard_depth: u32, shards: Vec<Shard>) -> Prepared {
    let kept_depth = kept_depth(tree, shard_depth);
    let mut patch = Patch { shard_depth, kept_depth, parts: Vec::new(), above: Vec::new() };
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for mut shard in shards {
        added.append(&mut shard.added);
        removed.append(&mut shard.removed);
        patch.parts.push(shard.part);
    }
    let mut above: Vec<_> =
        patch.parts.iter().filter_map(|part| part.nodes.last()).copied().collect();
    let mut start = 0;
    for _ in 0..shard_depth {
        let end = above.len();
        tree.crown().push_parents(&mut above, start);
        start = end;
    }
    let root = above.last().map_or_else(|| tree.root(), |root| StateRoot(root.node.hash));
    above.drain(..patch.parts.len());
    patch.above = above;
    Prepared { base, root, patch, added, removed }
}

/// The changes and their leaves.
struct Work<'a> {
    tree: &'a Tree,
    spares: &'a Spares,
    changes: &'a [Change],
    /// Of each change; of a deletion, its hash says nothing.
    leaves: Vec<Leaf>,
    /// Ascending by path.
    order: Vec<Ranked>,
}

impl<'a> Work<'a> {
    fn new(tree: &'a Tree, spares: &'a Spares, changes: &'a [Change]) -> Self {
        let leaves_of = |chunk: &[Change]| {
            build::leaves(chunk.iter().map(|(key, entry)| (key, entry.as_ref())))
        };
        let (mut leaves, mut order) = spares.take_lists();
        if is_shared(changes.len()) {
            let chunks: Vec<_> = changes.par_chunks(CHUNK).map(leaves_of).collect();
            leaves.extend(chunks.iter().flatten());
        } else {
            changes.chunks(CHUNK).for_each(|chunk| leaves.extend(leaves_of(chunk)));
        }
        order.extend(leaves.iter().enumerate().map(|(i, leaf)| (leaf.path.head(), i)));
        order.sort_unstable_by_key(|(head, _)| *head);
        for equal in order.chunk_by_mut(|a, b| a.0 == b.0) {
            equal.sort_unstable_by_key(|(_, i)| leaves[*i].path);
        }
        Self { tree, spares, changes, leaves, order }
    }

    fn shard(&self, shard_depth: u32, ranks: &[Ranked]) -> Shard {
        self.tree.touch_nodes(ranks.iter().map(|(head, _)| *head), shard_depth);
        self.touch_changes(ranks);
        let mut part = self.spares.take_part();
        part.edits.extend(ranks.iter().map(|(_, i)| self.edit(*i)));
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        let Part { edits, places, deep, nodes } = &mut part;
        let edits = &edits[..];
        self.tree.push_lowest(edits, deep, |place| {
            let at = places.len();
            let key = || self.changes[ranks[at].1].0;
            places.push(place);
            match (place.is_some(), edits[at].occupant.is_some()) {
                (false, true) => added.push(key()),
                (true, false) => removed.push(key()),
                (false, false) | (true, true) => {}
            }
        });
        let kept_depth = kept_depth(self.tree, shard_depth);
        let (mut start, mut kept) = (0, 0);
        for depth in (shard_depth..self.tree.crown().depth()).rev() {
            let end = deep.len();
            self.tree.crown().push_parents(deep, start);
            start = end;
            if depth == kept_depth {
                kept = end;
            }
        }
        nodes.extend(deep.drain(kept..));
        Shard { part, added, removed }
    }

    /// Reads from the entries and leaves that [`Self::edit`] copies, so that they are in the cache.
    fn touch_changes(&self, ranks: &[Ranked]) {
        let touch = |i: usize| -> u8 {
            let byte = |entry: &Entry| entry.value.as_bytes().first().copied().unwrap_or(0);
            self.changes[i].1.as_ref().map_or(0, byte) ^ self.leaves[i].hash.0[31]
        };
        black_box(ranks.iter().fold(0, |sum, (_, i)| sum ^ touch(*i)));
    }

    fn edit(&self, i: usize) -> Edit {
        let Leaf { path, hash } = self.leaves[i];
        let occupant = self.changes[i].1.clone().map(|entry| Occupant { hash, entry });
        Edit { path, occupant }
    }
}

/// The part of the work below one node of the crown.
struct Shard {
    part: Part,
    added: Vec<StateKey>,
    removed: Vec<StateKey>,
}

/// Whether a batch of this size is worked on by many threads.
fn is_shared(changes: usize) -> bool {
    changes >= PARALLEL_MIN && rayon::current_num_threads() > 1
}

/// At what depth the work is cut into shards.
fn shard_depth(tree: &Tree, changes: usize) -> u32 {
    (changes / PART).max(1).ilog2().min(tree.crown().depth())
}

/// How deep the nodes are that the history keeps.
fn kept_depth(tree: &Tree, shard_depth: u32) -> u32 {
    tree.crown().depth().saturating_sub(DEEP_LEVELS).max(shard_depth)
}

/// The first `depth` bits of a path's first 64.
const fn leading(head: u64, depth: u32) -> u64 {
    if depth == 0 { 0 } else { head >> (64 - depth) }
}
