//! A whole state cut into chunks.

use std::collections::BTreeMap;
use std::ops::Range;

use borsh::BorshSerialize;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSliceMut;

use crate::bucket::Leaf;
use crate::build;
use crate::chunk;
use crate::chunk::CHUNK_BYTES_MAX;
use crate::chunk::Chunk;
use crate::prefix::Prefix;
use crate::subtree::Subtree;

/// Entries whose leaves one worker works out at a time.
const BATCH: usize = 4096;

/// All entries of a state in the order of their paths, and where it is cut.
///
/// Takes about 100 bytes an entry beside the entries themselves. Where it is cut depends on the entries only, so that whoever cuts
/// the same state cuts it alike.
#[derive(Clone, Debug)]
pub struct Cut {
    leaves: Vec<Leaf>,
    entries: Vec<(StateKey, Entry)>,
    /// Ascending; together they are all paths.
    pieces: Vec<Piece>,
    /// All subtrees at and above the pieces.
    nodes: BTreeMap<Prefix, Subtree>,
}

#[derive(Clone, Debug)]
struct Piece {
    prefix: Prefix,
    /// Positions of its entries.
    range: Range<usize>,
}

impl Cut {
    /// Of a state with these entries, each key once, in any order: a subtree whose entries take more than `bytes_max` bytes is
    /// cut in two, and so on. At most [`CHUNK_BYTES_MAX`] are allowed.
    pub fn new(entries: Vec<(StateKey, Entry)>, bytes_max: usize) -> Self {
        let (leaves, entries) = sorted(entries);
        let sizes: Vec<u64> = entries.par_iter().map(encoded_len).collect();
        let mut ends = Vec::with_capacity(sizes.len() + 1);
        ends.push(0);
        ends.extend(sizes.iter().scan(0_u64, |sum, size| {
            *sum = sum.saturating_add(*size);
            Some(*sum)
        }));
        let bytes_max = bytes_max.min(CHUNK_BYTES_MAX) as u64;
        let is_small = |range: &Range<usize>| ends[range.end] - ends[range.start] <= bytes_max;
        let mut pieces = Vec::new();
        cut(Prefix::ALL, 0..leaves.len(), &leaves, &is_small, &mut pieces);
        let mut nodes: BTreeMap<Prefix, Subtree> = pieces
            .par_iter()
            .map(|Piece { prefix, range }| {
                let (leaves, entries) = (&leaves[range.clone()], &entries[range.clone()]);
                (*prefix, chunk::subtree_of(*prefix, leaves, entries))
            })
            .collect();
        join(Prefix::ALL, &mut nodes);
        Self { leaves, entries, pieces, nodes }
    }

    /// The root of the state.
    pub fn root(&self) -> StateRoot {
        StateRoot(self.node(Prefix::ALL).hash())
    }

    /// How many entries there are.
    pub const fn entries(&self) -> usize {
        self.leaves.len()
    }

    /// What each chunk's paths begin with, ascending.
    pub fn prefixes(&self) -> impl ExactSizeIterator<Item = Prefix> + '_ {
        self.pieces.iter().map(|piece| piece.prefix)
    }

    /// The chunks, in the same order.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = Chunk> + '_ {
        self.pieces.iter().map(|piece| self.chunk(piece))
    }

    fn chunk(&self, piece: &Piece) -> Chunk {
        let mut siblings = Vec::with_capacity(usize::from(piece.prefix.depth()));
        let mut prefix = piece.prefix;
        while let (Some(sibling), Some((parent, _))) = (prefix.sibling(), prefix.parent()) {
            siblings.push(self.node(sibling));
            prefix = parent;
        }
        let entries = self.entries[piece.range.clone()].to_vec();
        Chunk { prefix: piece.prefix, entries, siblings }
    }

    fn node(&self, prefix: Prefix) -> Subtree {
        *self.nodes.get(&prefix).unwrap_or_else(|| unreachable!("every subtree above the pieces"))
    }
}

/// Leaves and entries, both ascending by path.
fn sorted(entries: Vec<(StateKey, Entry)>) -> (Vec<Leaf>, Vec<(StateKey, Entry)>) {
    use rayon::iter::IndexedParallelIterator;
    use rayon::iter::IntoParallelIterator;
    let chunks = entries.into_par_iter().chunks(BATCH).map(|chunk| {
        let leaves = build::leaves(chunk.iter().map(|(key, entry)| (key, Some(entry))));
        leaves.into_iter().zip(chunk).collect::<Vec<_>>()
    });
    let mut all: Vec<(Leaf, (StateKey, Entry))> =
        chunks.collect::<Vec<_>>().into_iter().flatten().collect();
    all.par_sort_unstable_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    all.into_iter().unzip()
}

fn encoded_len((key, entry): &(StateKey, Entry)) -> u64 {
    let mut counter = Counter(0);
    // A counter never fails.
    let _ = key.serialize(&mut counter);
    let _ = entry.serialize(&mut counter);
    counter.0
}

/// Counts what is written.
struct Counter(u64);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Appends the pieces of the subtree at `prefix`, whose leaves are at `range`.
fn cut(
    prefix: Prefix,
    range: Range<usize>,
    leaves: &[Leaf],
    is_small: &impl Fn(&Range<usize>) -> bool,
    pieces: &mut Vec<Piece>,
) {
    let Some([left, right]) = prefix.children().filter(|_| !is_small(&range)) else {
        pieces.push(Piece { prefix, range });
        return;
    };
    let on_left = |leaf: &Leaf| left.contains(&leaf.path);
    let middle = range.start + leaves[range.clone()].partition_point(on_left);
    cut(left, range.start..middle, leaves, is_small, pieces);
    cut(right, middle..range.end, leaves, is_small, pieces);
}

/// The subtree at `prefix`, from those of the pieces; it and all between are added to `nodes`.
fn join(prefix: Prefix, nodes: &mut BTreeMap<Prefix, Subtree>) -> Subtree {
    if let Some(node) = nodes.get(&prefix) {
        return *node;
    }
    let [left, right] =
        prefix.children().unwrap_or_else(|| unreachable!("pieces are everywhere below"));
    let node = Subtree::join(join(left, nodes), join(right, nodes));
    nodes.insert(prefix, node);
    node
}
