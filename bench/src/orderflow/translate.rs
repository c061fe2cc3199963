//! From what was recorded to what makers and takers do.
//!
//! Every level of the recorded book is one maker's order. After an update, each level that differs (because it changed, or
//! because a taker met it) is made right: cancels and reductions first, so that no new order meets a level that is gone.

use std::collections::BTreeSet;

use heddle_num::Lots;

use super::LevelKey;
use super::Take;
use super::levels::Levels;

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A maker's order away.
    Cancel(LevelKey),
    /// A maker's order smaller by so much. It keeps its place.
    Reduce(LevelKey, Lots),
    /// A maker's order of so much, where none is, or none any more.
    Place(LevelKey, Lots),
    /// An immediate order.
    Take(Take),
}

/// What a level should have, within what an order may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderLimits {
    pub(crate) lots_min: Lots,
    pub(crate) lots_max: Lots,
}

impl OrderLimits {
    /// A level with less than an order may have gets none, one with more than an order may have gets the most.
    pub(crate) fn wanted(&self, lots: Lots) -> Lots {
        if lots < self.lots_min { Lots::ZERO } else { lots.min(self.lots_max) }
    }
}

/// What makes the orders at `changed` levels right, `have` says what is left of them.
pub(crate) fn reconcile(
    changed: &BTreeSet<LevelKey>,
    levels: &Levels,
    limits: OrderLimits,
    have: impl Fn(LevelKey) -> Lots,
) -> Vec<Deed> {
    let (mut deeds, mut reduced, mut placed) = (Vec::new(), Vec::new(), Vec::new());
    for key in changed {
        let (want, have) = (limits.wanted(levels.lots(*key)), have(*key));
        if want == have {
            continue;
        }
        match have.checked_sub(want) {
            Some(less) if !want.is_zero() => reduced.push(Deed::Reduce(*key, less)),
            Some(_) => deeds.push(Deed::Cancel(*key)),
            None => {
                if !have.is_zero() {
                    deeds.push(Deed::Cancel(*key));
                }
                placed.push(Deed::Place(*key, want));
            }
        }
    }
    deeds.append(&mut reduced);
    deeds.append(&mut placed);
    deeds
}
