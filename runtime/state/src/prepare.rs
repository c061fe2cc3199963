//! What a block's changes make of the tree, worked out without touching it.

use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateRoot;

use crate::bucket::Edit;
use crate::bucket::Occupant;
use crate::build;
use crate::crown::Placed;
use crate::path::Path;
use crate::tree::Tree;

/// Changes that are hashed as one piece of work.
const CHUNK: usize = 512;
/// Batches below this are not worth handing to other threads.
const PARALLEL_MIN: usize = 1024;
/// Parts that a big batch is worked on in.
const SHARD_DEPTH_MAX: u32 = 4;

/// Changes worked out against one state, ready to be committed to it.
#[derive(Debug)]
pub struct Prepared {
    /// Which state: its number of commits.
    pub(crate) base: u64,
    pub(crate) root: StateRoot,
    /// Ascending by path.
    pub(crate) edits: Vec<Edit>,
    /// Ascending by index.
    pub(crate) nodes: Vec<Placed>,
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

/// A change, its key's path, and its place among the changes.
type Pathed<'a> = (Path, &'a Change);

/// Works out `changes` against `tree`. The result does not depend on how many threads share the work.
pub(crate) fn prepare(tree: &Tree, base: u64, changes: &ChangeSet) -> Prepared {
    let changes = changes.as_slice();
    let pathed = by_path(changes);
    let mut prepared = Prepared {
        base,
        root: tree.root(),
        edits: Vec::new(),
        nodes: Vec::new(),
        added: Vec::new(),
        removed: Vec::new(),
    };
    let is_big = pathed.len() >= PARALLEL_MIN && rayon::current_num_threads() > 1;
    let shard_depth = if is_big { tree.crown().depth().min(SHARD_DEPTH_MAX) } else { 0 };
    let shards: Vec<Shard> = if is_big {
        let same =
            |a: &Pathed<'_>, b: &Pathed<'_>| a.0.prefix(shard_depth) == b.0.prefix(shard_depth);
        pathed
            .par_chunk_by(same)
            .map(|changes| Shard::work_out(tree, shard_depth, changes))
            .collect()
    } else {
        vec![Shard::work_out(tree, shard_depth, &pathed)]
    };
    prepared.join(tree, shard_depth, shards);
    prepared
}

impl Prepared {
    fn join(&mut self, tree: &Tree, shard_depth: u32, shards: Vec<Shard>) {
        let mut levels: Vec<Vec<Placed>> = Vec::new();
        for shard in shards {
            append(&mut self.edits, shard.edits);
            append(&mut self.added, shard.added);
            append(&mut self.removed, shard.removed);
            levels.resize_with(shard.levels.len(), Vec::new);
            for (level, nodes) in levels.iter_mut().zip(shard.levels) {
                append(level, nodes);
            }
        }
        for _ in 0..shard_depth {
            levels.push(tree.crown().parents(levels.last().map_or(&[], Vec::as_slice)));
        }
        if let Some([(_, root)]) = levels.last().map(Vec::as_slice) {
            self.root = StateRoot(root.hash());
        }
        self.nodes.reserve(levels.iter().map(Vec::len).sum());
        levels.into_iter().rev().for_each(|level| self.nodes.extend(level));
    }
}

fn append<T>(all: &mut Vec<T>, mut part: Vec<T>) {
    if all.is_empty() {
        *all = part;
    } else {
        all.append(&mut part);
    }
}

/// The part of the work below one node of the crown.
struct Shard {
    edits: Vec<Edit>,
    added: Vec<StateKey>,
    removed: Vec<StateKey>,
    /// The crown's lowest level first, the shard's own node last.
    levels: Vec<Vec<Placed>>,
}

impl Shard {
    fn work_out(tree: &Tree, shard_depth: u32, changes: &[Pathed<'_>]) -> Self {
        let mut added = Vec::new();
        let mut removed = Vec::new();
        let mut edits = Vec::with_capacity(changes.len());
        let written = changes.iter().filter_map(|(path, change)| Some((path, change.1.as_ref()?)));
        let mut hashes = build::leaf_hashes(written).into_iter();
        for (path, (_, entry)) in changes {
            let occupant = entry
                .as_ref()
                .and_then(|entry| Some(Occupant { hash: hashes.next()?, entry: entry.clone() }));
            edits.push(Edit { path: *path, occupant });
        }
        let lowest = tree.lowest_after(&edits, |position, exists| {
            let (_, (key, entry)) = changes[position];
            match (exists, entry.is_some()) {
                (false, true) => added.push(*key),
                (true, false) => removed.push(*key),
                (false, false) | (true, true) => {}
            }
        });
        let mut levels = vec![lowest];
        for level in 0..tree.crown().depth() - shard_depth {
            let index = usize::try_from(level).expect("a crown's depth fits");
            levels.push(tree.crown().parents(&levels[index]));
        }
        Self { edits, added, removed, levels }
    }
}

/// The changes, ascending by path.
fn by_path(changes: &[Change]) -> Vec<Pathed<'_>> {
    let paths_of = |chunk: &[Change]| Path::of_each(chunk.iter().map(|(key, _)| key));
    let paths = if changes.len() >= PARALLEL_MIN {
        changes.par_chunks(CHUNK).map(paths_of).collect::<Vec<_>>().concat()
    } else {
        paths_of(changes)
    };
    let mut order: Vec<(u64, usize)> =
        paths.iter().enumerate().map(|(i, path)| (path.head(), i)).collect();
    order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| paths[a.1].cmp(&paths[b.1])));
    order.into_iter().map(|(_, i)| (paths[i], &changes[i])).collect()
}
