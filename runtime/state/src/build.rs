//! A tree from all entries at once, as at start.

use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use heddle_types::Domain;
use heddle_types::Entry;
use heddle_types::Hash32;
use heddle_types::StateKey;

use crate::bucket::Bucket;
use crate::bucket::Leaf;
use crate::bucket::Slot;
use crate::hashing::Batch;
use crate::hashing::EntryBatch;
use crate::path;
use crate::path::Path;
use crate::tree::Tree;

/// Entries that one worker hashes at a time.
const CHUNK: usize = 4096;
/// Parts that the buckets are sorted into by their first bits, so that workers can fill them side by side.
const SHARD_DEPTH_MAX: u32 = 5;

/// The tree of `entries`, each key once.
pub(crate) fn build(entries: Vec<(StateKey, Entry)>) -> Tree {
    let depth = Tree::depth_for(entries.len());
    let shard_depth = depth.min(SHARD_DEPTH_MAX);
    let chunks: Vec<Vec<Vec<Slot>>> = entries
        .into_par_iter()
        .chunks(CHUNK)
        .map(|chunk| {
            let mut shards = vec![Vec::new(); 1 << shard_depth];
            let leaves = leaves(chunk.iter().map(|(key, entry)| (key, Some(entry))));
            for (leaf, (_, entry)) in leaves.into_iter().zip(chunk) {
                shards[leaf.path.prefix(shard_depth)].push(Slot { leaf, entry });
            }
            shards
        })
        .collect();
    let mut shards: Vec<Vec<Vec<Slot>>> = vec![Vec::new(); 1 << shard_depth];
    for chunk in chunks {
        for (shard, part) in shards.iter_mut().zip(chunk) {
            shard.push(part);
        }
    }
    let buckets: Vec<Vec<Bucket>> =
        shards.into_par_iter().map(|parts| fill(parts, depth, depth - shard_depth)).collect();
    Tree::from_buckets(depth, buckets.into_iter().flatten().collect())
}

/// The leaves of some entries: rules T1 and T2. Without an entry the leaf's hash says nothing.
pub(crate) fn leaves<'a>(
    entries: impl ExactSizeIterator<Item = (&'a StateKey, Option<&'a Entry>)>,
) -> Vec<Leaf> {
    let mut values = EntryBatch::new();
    let mut paths = Batch::new(Domain::STATE_KEY);
    let mut hashes = Batch::new(Domain::STATE_LEAF);
    let mut leaves: Vec<Leaf> = Vec::with_capacity(entries.len());
    let mut settle = |paths: &mut Batch, values: &mut EntryBatch, leaves: &mut [Leaf]| {
        values.drain(|i, hash| leaves[i].hash = hash);
        paths.drain(|i, path| {
            hashes.push(&path, &leaves[i].hash, i);
            leaves[i].path = Path(path);
        });
        hashes.drain(|i, hash| leaves[i].hash = hash);
    };
    for (i, (key, entry)) in entries.enumerate() {
        path::write_message(key, paths.add(i));
        leaves.push(Leaf { path: Path(Hash32::ZERO), hash: Hash32::ZERO });
        if let Some(entry) = entry {
            values.push(entry, i);
        }
        if paths.is_full() {
            settle(&mut paths, &mut values, &mut leaves);
        }
    }
    settle(&mut paths, &mut values, &mut leaves);
    leaves
}

/// The buckets of one shard: the `2^below` whose paths share the shard's prefix.
fn fill(parts: Vec<Vec<Slot>>, depth: u32, below: u32) -> Vec<Bucket> {
    let mut slots: Vec<Option<Slot>> = parts.into_iter().flatten().map(Some).collect();
    let paths = slots.iter().flatten().map(|slot| slot.leaf.path);
    let mut order: Vec<(Path, usize)> = paths.zip(0..).collect();
    order.sort_unstable_by(|(a, _), (b, _)| a.head().cmp(&b.head()).then_with(|| a.cmp(b)));
    let mut rest = &order[..];
    let mut buckets = Vec::with_capacity(1 << below);
    for bucket in 0..1 << below {
        let is_in = |(path, _): &&(Path, usize)| path.prefix(depth) % (1 << below) == bucket;
        let (own, after) = rest.split_at(rest.iter().take_while(is_in).count());
        let mut sorted = Vec::with_capacity(own.len());
        sorted.extend(own.iter().filter_map(|(_, i)| slots[*i].take()));
        buckets.push(Bucket::from_sorted(sorted));
        rest = after;
    }
    buckets
}
