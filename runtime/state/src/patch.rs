//! All that one commit changes in the tree.

use std::cmp::Reverse;
use std::hint::black_box;

use heddle_types::Entry;

use crate::bucket::Edit;
use crate::crown::Node;
use crate::crown::Placed;
use crate::path::Path;

/// Edits whose values' memory is asked for at once.
const TOUCHED_AT_ONCE: usize = 32;

/// Edits and the nodes that follow from them, cut at one depth of the crown into parts that were worked out one by one. Once
/// it is applied it holds what stood there before, and so undoes itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patch {
    pub(crate) shard_depth: u32,
    /// Of the nodes it undoes, the deepest; see [`Part::deep`].
    pub(crate) kept_depth: u32,
    /// Ascending.
    pub(crate) parts: Vec<Part>,
    /// The nodes above [`Self::shard_depth`], in the order of a part's.
    pub(crate) above: Vec<Placed>,
}

/// The part of a patch below one node of the crown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// Ascending by path; at least one.
    pub(crate) edits: Vec<Edit>,
    /// Until it is applied: for each edit, in which slot of its bucket its path stands, if it does.
    pub(crate) places: Vec<Option<usize>>,
    /// Until it is applied: the nodes deeper than [`Patch::kept_depth`], in the order of [`Self::nodes`]. They are most of a
    /// block's nodes, and what they were follows from the few leaves below them.
    pub(crate) deep: Vec<Placed>,
    /// The crown's lowest level first, the part's own node last; ascending by index within a level.
    pub(crate) nodes: Vec<Placed>,
}

impl Patch {
    pub(crate) const fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The node at `index`, which is no deeper than [`Self::kept_depth`], if the patch has one there.
    pub(crate) fn node(&self, index: usize) -> Option<Node> {
        let depth = index.ilog2();
        let nodes = if depth < self.shard_depth {
            &self.above
        } else {
            let prefix = (index >> (depth - self.shard_depth)) - (1 << self.shard_depth);
            &self.part(prefix)?.nodes
        };
        let order = |index: usize| (Reverse(index.ilog2()), index);
        let position =
            nodes.binary_search_by_key(&order(index), |node| order(node.index())).ok()?;
        Some(nodes[position].node)
    }

    /// The edit at `path`.
    pub(crate) fn edit(&self, path: &Path) -> Option<&Edit> {
        let edits = &self.part(path.prefix(self.shard_depth))?.edits;
        let position = edits.binary_search_by_key(path, |edit| edit.path).ok()?;
        Some(&edits[position])
    }

    /// The edits whose paths' first `depth` bits are `prefix`, ascending by path.
    pub(crate) fn edits_below(&self, prefix: usize, depth: u32) -> impl Iterator<Item = &Edit> {
        let is_before = move |edit: &Edit| edit.path.prefix(depth) < prefix;
        let first = self.parts.partition_point(|part| part.edits.last().is_some_and(is_before));
        self.parts[first..]
            .iter()
            .flat_map(move |part| &part.edits[part.edits.partition_point(is_before)..])
            .take_while(move |edit| edit.path.prefix(depth) == prefix)
    }

    fn part(&self, prefix: usize) -> Option<&Part> {
        let prefix_of = |part: &Part| part.edits[0].path.prefix(self.shard_depth);
        let position = self.parts.binary_search_by_key(&prefix, prefix_of).ok()?;
        self.parts.get(position)
    }
}

impl Part {
    /// Drops the content and keeps the memory. Reads from all values before they are dropped: counting a value's owner down
    /// waits for its memory, which has long left the caches; here the processor asks for many at a time.
    pub(crate) fn clear(&mut self) {
        let entries = |edits: &[Edit]| -> u8 {
            let entries = edits.iter().filter_map(|edit| edit.occupant.as_ref());
            entries.fold(0, |sum, occupant| sum ^ first_byte(&occupant.entry))
        };
        while !self.edits.is_empty() {
            let rest = self.edits.len().saturating_sub(TOUCHED_AT_ONCE);
            black_box(entries(&self.edits[rest..]));
            self.edits.truncate(rest);
        }
        self.places.clear();
        self.deep.clear();
        self.nodes.clear();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.clear();
    }
}

fn first_byte(entry: &Entry) -> u8 {
    entry.value.as_bytes().first().copied().unwrap_or(0)
}
