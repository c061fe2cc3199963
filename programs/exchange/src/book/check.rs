//! What must hold of a book after every block.

use thiserror::Error;

use heddle_clearing::OrderId;
use heddle_clearing::Side;
use heddle_num::Lots;

use super::Book;
use super::env::Matching;
use super::slab::Slot;

/// A book that cannot be. Its market must be frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BrokenInvariant {
    /// The best bid is at or above the best ask, and no auction is to come.
    #[error("the book is crossed")]
    Crossed,
    /// Positions do not sum to zero.
    #[error("positions sum to {0} lots, not to zero")]
    Positions(i64),
    /// Open interest is not what the long positions sum to.
    #[error("open interest is {kept} lots, long positions sum to {counted}")]
    OpenInterest {
        /// As it was kept.
        kept: Lots,
        /// As it was counted.
        counted: Lots,
    },
    /// An order that rests is not in its level exactly once, or not in its place.
    #[error("the levels of the book are not those of its orders")]
    Levels,
    /// An order has nothing left, or shows more than it has, or nothing.
    #[error("order {}/{} has or shows a wrong number of lots", .0.account, .0.number)]
    Lots(OrderId),
    /// An account's orders are not as many as it has.
    #[error("an account's orders are miscounted")]
    Counts,
    /// What waits for time or mark is not what has a time or a trigger.
    #[error("expiries, deadlines or triggers do not fit the orders and accounts")]
    Timers,
}

impl Book {
    /// What can be checked after every block at no cost.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn check(&self, mode: Matching) -> Result<(), BrokenInvariant> {
        if self.is_crossed() && may_not_be_crossed(mode) {
            return Err(BrokenInvariant::Crossed);
        }
        match self.traders.sum() {
            0 => Ok(()),
            sum => Err(BrokenInvariant::Positions(sum)),
        }
    }

    /// Everything that must hold, found by looking at all orders and accounts.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn audit(&self, mode: Matching) -> Result<(), BrokenInvariant> {
        self.check(mode)?;
        self.audit_positions()?;
        self.audit_orders()?;
        self.audit_levels(Side::Buy)?;
        self.audit_levels(Side::Sell)?;
        self.audit_timers()
    }

    /// Whether orders stand in the book that could trade with each other.
    pub fn is_crossed(&self) -> bool {
        match (self.best(Side::Buy), self.best(Side::Sell)) {
            (Some(bid), Some(ask)) => bid >= ask,
            (Some(_) | None, None) | (None, Some(_)) => false,
        }
    }

    fn audit_positions(&self) -> Result<(), BrokenInvariant> {
        let long = |lots: i64| u64::try_from(lots).unwrap_or(0);
        let counted = self.traders.iter().map(|(_, trader)| long(trader.lots.get())).sum();
        let (kept, counted) = (self.open_interest(), Lots::new(counted));
        let sum = self.traders.iter().map(|(_, trader)| trader.lots.get()).sum();
        match (sum, kept == counted) {
            (0, true) => Ok(()),
            (0, false) => Err(BrokenInvariant::OpenInterest { kept, counted }),
            (sum, _) => Err(BrokenInvariant::Positions(sum)),
        }
    }

    fn audit_orders(&self) -> Result<(), BrokenInvariant> {
        for (slot, order) in self.orders.iter() {
            let shown = self.orders.shown(slot);
            let shows_right = self.orders.is_waiting(slot) || !shown.is_zero();
            if order.lots.is_zero() || shown > order.lots || !shows_right {
                return Err(BrokenInvariant::Lots(order.id));
            }
            if self.orders.find(order.id) != Some(slot)
                || self.traders.get(order.seat).account != order.id.account
            {
                return Err(BrokenInvariant::Counts);
            }
        }
        let counted: u32 = self.traders.iter().map(|(_, trader)| trader.orders).sum();
        if counted == self.len() { Ok(()) } else { Err(BrokenInvariant::Counts) }
    }

    /// Best level first, oldest order first, and all that rest.
    fn audit_levels(&self, side: Side) -> Result<(), BrokenInvariant> {
        let linked: Vec<Slot> = self.ladder(side).orders(&self.orders).collect();
        let rests = |slot: &Slot| !self.orders.is_waiting(*slot);
        let resting = self.orders.iter().filter(|(_, order)| order.side == side);
        let mut resting: Vec<Slot> = resting.map(|(slot, _)| slot).filter(rests).collect();
        resting.sort_by_key(|slot| (self.orders.get(*slot).rank, self.orders.get(*slot).priority));
        let first = resting.first().map(|slot| self.orders.get(*slot).price());
        if linked == resting && first == self.best(side) {
            Ok(())
        } else {
            Err(BrokenInvariant::Levels)
        }
    }

    fn audit_timers(&self) -> Result<(), BrokenInvariant> {
        let waiting = self.orders.iter().filter(|(slot, _)| self.orders.is_waiting(*slot)).count();
        let ending = self.orders.iter().filter(|(_, order)| order.end().is_some()).count();
        let late = self.traders.iter().filter(|(_, trader)| trader.deadline.is_some()).count();
        let timers = &self.timers;
        if (timers.waiting(), timers.expiries.len(), timers.deadlines.len())
            == (waiting, ending, late)
        {
            Ok(())
        } else {
            Err(BrokenInvariant::Timers)
        }
    }
}

const fn may_not_be_crossed(mode: Matching) -> bool {
    match mode {
        Matching::Continuous | Matching::Uncross => true,
        Matching::Collect | Matching::CancelOnly => false,
    }
}
