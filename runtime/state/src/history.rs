//! What undoes the last blocks, so that proofs can be given for their roots.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use heddle_types::Entry;
use heddle_types::StateRoot;
use heddle_types::limits;

use crate::bucket::Leaf;
use crate::crown::Node;
use crate::patch::Patch;
use crate::path::Path;
use crate::tree::Tree;

/// How many roots before the current one are kept.
#[expect(clippy::cast_possible_truncation, reason = "a small constant")]
const LAYERS_MAX: usize = limits::LAG_MAX as usize;

/// What one commit replaced.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// The root before it.
    pub(crate) root: StateRoot,
    /// The former nodes, and what stood at the changed paths.
    pub(crate) patch: Patch,
}

/// The last layers, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct History(VecDeque<Layer>);

impl History {
    /// Adds the newest; returns the oldest past the limit, which is forgotten.
    pub(crate) fn push(&mut self, layer: Layer) -> Option<Layer> {
        self.0.push_back(layer);
        if self.0.len() > LAYERS_MAX { self.0.pop_front() } else { None }
    }

    /// The tree as it was when its root was `root`, if that is known.
    pub(crate) fn at<'a>(&'a self, tree: &'a Tree, root: StateRoot) -> Option<Past<'a>> {
        let since = if tree.root() == root {
            self.0.len()
        } else {
            self.0.iter().rposition(|layer| layer.root == root)?
        };
        Some(Past { tree, layers: self.0.iter().skip(since).collect() })
    }

    /// The roots before the current one, oldest first.
    pub(crate) fn roots(&self) -> impl Iterator<Item = StateRoot> {
        self.0.iter().map(|layer| layer.root)
    }
}

/// A tree of the recent past: the present one with layers taken off.
#[derive(Debug)]
pub(crate) struct Past<'a> {
    tree: &'a Tree,
    /// What came after, oldest first.
    layers: Vec<&'a Layer>,
}

impl Past<'_> {
    /// How deep the nodes are known: no deeper than the crown was, because it never shrinks.
    pub(crate) fn depth(&self) -> u32 {
        let kept = self.layers.iter().map(|layer| layer.patch.kept_depth).min();
        kept.unwrap_or_else(|| self.tree.crown().depth())
    }

    /// The crown's node at `index`, which is no deeper than [`Self::depth`].
    pub(crate) fn node(&self, index: usize) -> Node {
        let replaced = self.layers.iter().find_map(|layer| layer.patch.node(index));
        replaced.unwrap_or_else(|| self.tree.crown().node(index))
    }

    /// The leaves below the crown's node at `index`, [`Self::depth`] deep, ascending by path.
    pub(crate) fn leaves_below(&self, index: usize) -> Vec<Leaf> {
        let depth = self.depth();
        let prefix = index - (1 << depth);
        let buckets = self.tree.buckets_below(index, depth);
        let mut leaves: BTreeMap<Path, Leaf> =
            buckets.iter().flat_map(|bucket| bucket.leaves().map(|l| (l.path, *l))).collect();
        for layer in self.layers.iter().rev() {
            for edit in layer.patch.edits_below(prefix, depth) {
                match &edit.occupant {
                    None => leaves.remove(&edit.path),
                    Some(occupant) => {
                        leaves.insert(edit.path, Leaf { path: edit.path, hash: occupant.hash })
                    }
                };
            }
        }
        leaves.into_values().collect()
    }

    /// What stood at `path`.
    pub(crate) fn entry(&self, path: &Path) -> Option<&Entry> {
        let replaced = self.layers.iter().find_map(|layer| layer.patch.edit(path));
        match replaced {
            Some(edit) => edit.occupant.as_ref().map(|occupant| &occupant.entry),
            None => self.tree.entry(path),
        }
    }
}
