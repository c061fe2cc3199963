//! From what was recorded to what makers and takers do.
//!
//! Every level of the recorded book is one maker's order. After an update, each level that differs (because it changed, or
//! because a taker met it) is made right: cancels and reductions first, so that no new order meets a level that is gone.

use std::collections::BTreeSet;

use heddle_clearing::OrderId;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;

use super::Level;
use super::LevelKey;
use super::Take;
use super::Touch;
use super::levels::Levels;

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A maker's order away.
    Cancel(LevelKey),
    /// A maker's order smaller, to so much. It keeps its place.
    Reduce(LevelKey, Lots),
    /// A maker's order of so much, where none is, or none any more.
    Place(LevelKey, Lots),
    /// An immediate order.
    Take(Take),
    /// A maker's order away that stands beside another one of its level.
    Withdraw(OrderId),
}

/// What an order may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderLimits {
    pub(crate) lots_min: Lots,
    pub(crate) lots_max: Lots,
    /// What one lot costs at a price of one tick.
    pub(crate) unit: UnitValue,
    /// What an order is worth at least, at its price or at `mark`, whichever is lower.
    pub(crate) notional_min: Quote,
    pub(crate) mark: Ticks,
}

impl OrderLimits {
    /// What the order of a level has: none where the level has less than an order may have, the most where it has more.
    pub(crate) fn wanted(&self, Level { price, lots }: Level) -> Lots {
        let lots = lots.min(self.lots_max);
        let notional = price.min(self.mark).notional(lots, self.unit);
        let is_enough = lots >= self.lots_min && notional >= self.notional_min;
        if is_enough { lots } else { Lots::ZERO }
    }

    /// Best prices as orders can be; none when there is a level of them that no order can be.
    pub(crate) fn touch(&self, touch: Touch) -> Option<Touch> {
        let side = |level: Option<Level>| match level {
            None => Some(None),
            Some(level) => {
                let lots = self.wanted(level);
                (!lots.is_zero()).then_some(Some(Level { lots, ..level }))
            }
        };
        Some(Touch { bid: side(touch.bid)?, ask: side(touch.ask)? })
    }

    /// The orders of a taker who wants more than one may have.
    pub(crate) fn split(&self, take: Take) -> impl Iterator<Item = Take> {
        let (whole, rest) =
            (take.lots.get() / self.lots_max.get(), take.lots.get() % self.lots_max.get());
        let wholes = (0..whole).map(|_| self.lots_max);
        let lots = wholes.chain((rest > 0).then_some(Lots::new(rest)));
        lots.map(move |lots| Take { lots, ..take })
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
        let level = Level { price: key.price, lots: levels.lots(*key) };
        let (want, have) = (limits.wanted(level), have(*key));
        if want == have {
            continue;
        }
        match have.checked_sub(want) {
            Some(_) if !want.is_zero() => reduced.push(Deed::Reduce(*key, want)),
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
