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
use crate::hashing;
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
    let chunks: Vec<Vec<Vec<(Leaf, Entry)>>> = entries
        .into_par_iter()
        .chunks(CHUNK)
        .map(|chunk| {
            let mut shards = vec![Vec::new(); 1 << shard_depth];
            for (leaf, entry) in with_leaves(chunk) {
                shards[leaf.path.prefix(shard_depth)].push((leaf, entry));
            }
            shards
        })
        .collect();
    let mut shards: Vec<Vec<Vec<(Leaf, Entry)>>> = vec![Vec::new(); 1 << shard_depth];
    for chunk in chunks {
        for (shard, part) in shards.iter_mut().zip(chunk) {
            shard.push(part);
        }
    }
    let buckets: Vec<Vec<Bucket>> =
        shards.into_par_iter().map(|parts| fill(parts, depth, depth - shard_depth)).collect();
    Tree::from_buckets(depth, buckets.into_iter().flatten().collect())
}

/// The leaves of some entries: rules T1 and T2.
pub(crate) fn with_leaves(chunk: Vec<(StateKey, Entry)>) -> impl Iterator<Item = (Leaf, Entry)> {
    let paths = Path::of_each(chunk.iter().map(|(key, _)| key));
    let hashes = leaf_hashes(paths.iter().zip(chunk.iter().map(|(_, entry)| entry)));
    let leaves = paths.into_iter().zip(hashes).map(|(path, hash)| Leaf { path, hash });
    leaves.zip(chunk.into_iter().map(|(_, entry)| entry))
}

/// The leaves' hashes: rule T2.
pub(crate) fn leaf_hashes<'a>(leaves: impl Iterator<Item = (&'a Path, &'a Entry)>) -> Vec<Hash32> {
    let mut scratch = Vec::new();
    let messages: Vec<_> = leaves
        .map(|(path, entry)| hashing::pair(&path.0, &hashing::hash_entry(entry, &mut scratch)))
        .collect();
    let mut hashes = Vec::with_capacity(messages.len());
    hashing::hash_each(Domain::STATE_LEAF, &messages, &mut hashes);
    hashes
}

/// The buckets of one shard: the `2^below` whose paths share the shard's prefix.
fn fill(parts: Vec<Vec<(Leaf, Entry)>>, depth: u32, below: u32) -> Vec<Bucket> {
    let mut buckets: Vec<Vec<(Leaf, Entry)>> = vec![Vec::new(); 1 << below];
    for (leaf, entry) in parts.into_iter().flatten() {
        let bucket = leaf.path.prefix(depth) % (1 << below);
        buckets[bucket].push((leaf, entry));
    }
    buckets.into_iter().map(Bucket::from_unsorted).collect()
}
