//! Memory that is used again.
//!
//! A block's changes need a few megabytes for a moment, and as much in the history for a while. Given back and asked for anew
//! at every block, that memory costs more than some of the hashing: the system takes the pages away and clears new ones.

use std::mem;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::bucket::Leaf;
use crate::crown::Placed;
use crate::patch::Part;
use crate::patch::Patch;
use crate::prepare::Ranked;

/// Parts that are kept; a block of 10,000 changes has 16.
const PARTS_MAX: usize = 64;

/// Empty vectors with room in them. Whoever finds none makes new ones, so this never decides anything.
#[derive(Debug, Default)]
pub(crate) struct Spares(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    leaves: Vec<Leaf>,
    order: Vec<Ranked>,
    parts: Vec<Part>,
    deep: Vec<Vec<Placed>>,
}

impl Spares {
    /// For a block's leaves and their order.
    pub(crate) fn take_lists(&self) -> (Vec<Leaf>, Vec<Ranked>) {
        self.with(|kept| (mem::take(&mut kept.leaves), mem::take(&mut kept.order)))
    }

    /// Keeps what [`Self::take_lists`] gave.
    pub(crate) fn keep_lists(&self, mut leaves: Vec<Leaf>, mut order: Vec<Ranked>) {
        leaves.clear();
        order.clear();
        self.with(|kept| (kept.leaves, kept.order) = (leaves, order));
    }

    /// For a part of a patch.
    pub(crate) fn take_part(&self) -> Part {
        self.with(|kept| {
            let mut part = kept.parts.pop().unwrap_or_default();
            part.deep = kept.deep.pop().unwrap_or_default();
            part
        })
    }

    /// Keeps the memory of a patch's deep nodes, which have been put in their places.
    pub(crate) fn keep_deep(&self, patch: &mut Patch) {
        self.with(|kept| {
            for part in patch.parts.iter_mut().rev().take(PARTS_MAX - kept.deep.len()) {
                part.deep.clear();
                kept.deep.push(mem::take(&mut part.deep));
            }
        });
    }

    /// Keeps the memory of a patch, whose content is dropped.
    pub(crate) fn keep_patch(&self, mut patch: Patch) {
        patch.parts.iter_mut().for_each(Part::clear);
        self.with(|kept| {
            let room = PARTS_MAX.saturating_sub(kept.parts.len());
            kept.parts.extend(patch.parts.drain(..).take(room));
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clone for Spares {
    /// Without what is kept.
    fn clone(&self) -> Self {
        Self::default()
    }
}
