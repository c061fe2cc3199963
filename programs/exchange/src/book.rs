//! A market's order book: matching by price, then time, as pure and typed code.
//!
//! A block's instructions are carried out in stages, whatever their order ([`Book::run_block`]):
//!
//! ```text
//! 1  positions that moved outside of matching; deadlines that accounts set
//! 2  cancels and reductions; those that name an order of this block annul it, in whole or in part, before it takes part
//! 3  what the time took: expiries by (time, name), then the orders of accounts whose deadline is over, oldest first
//! 4  waiting orders that the mark triggers, then post-only orders
//! 5  all other orders
//! 6  in an auction, all that has collected, at one price; what collected and had no auction has one before stage 4
//! ```
//!
//! | question | rule |
//! |---|---|
//! | at which price | the resting order's |
//! | an own order | never trades with one; what happens instead is up to the incoming order ([`heddle_clearing::SelfTrade`]) |
//! | reduce-only | never trades past the account's position at that moment; closed at entry, or where it is met, once there is nothing to reduce |
//! | band | an incoming order that would trade past it is closed, and so is one that would rest past it; a resting order that the band has moved past is closed where it is met |
//! | open interest | an incoming order is closed once the next trade would pass the bound |
//! | all or nothing | tried on the book as it is, by the same rules, before anything is touched |
//! | iceberg | takes with all of it; once it rests, what it shows next comes behind the others of its price; in an auction all of it takes part |
//! | trigger | reached on the block's mark: at once, in the order's own turn; later, before all other orders of the block |
//! | an account's deadline | past when it is set, it takes effect in that block; orders of that block are not concerned |
//!
//! The book takes orders as admitted: names are unique, prices and lots are not zero and within their bounds. What breaks that
//! is a broken invariant, and panics.

mod auction;
mod check;
mod dirty;
mod env;
mod fill_or_kill;
mod index;
mod ladder;
pub mod limits;
mod matching;
mod meeting;
mod parts;
mod query;
mod rank;
mod slab;
mod slots;
mod stages;
mod timers;
mod traders;

#[cfg(test)]
mod tests;

use heddle_clearing::CloseReason;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trigger;
use heddle_num::Lots;
use heddle_num::Ticks;

pub use check::BrokenInvariant;
pub use env::Band;
pub use env::Env;
pub use env::Matching;
pub use env::Summary;
pub use env::Uncrossing;
pub use parts::Corrupt;
pub use query::Level;

use ladder::Ladder;
use matching::close;
use parts::Stored;
use slab::Extra;
use slab::Order;
use slab::Slab;
use slab::Slot;
use timers::Timers;
use traders::Traders;

/// A market's order book.
#[derive(Clone, Debug)]
pub struct Book {
    orders: Slab,
    /// Bids and asks, by the number of their side.
    ladders: [Ladder; 2],
    timers: Timers,
    traders: Traders,
    head: Head,
    /// What was last stored.
    stored: Stored,
    tally: Tally,
    /// Memory that is used again in each block.
    annulled: Vec<(OrderId, Lots)>,
    /// The immediate orders that wait for the auction at the end of this block. None is left when it ends.
    immediate: Vec<OrderId>,
}

/// What there is once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Head {
    /// The age of the next order.
    next_priority: u64,
    /// The price of the last trade.
    last: Option<Ticks>,
}

/// What happened in a block so far.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    volume: Lots,
    traded: Option<Band>,
    /// Whether an incoming order met one beyond the band.
    hit_band: bool,
    /// Resting orders that incoming ones were tried on which must trade in full.
    rehearsed: u32,
    /// Outcomes that there were before the block.
    outcomes_before: usize,
}

impl Book {
    /// Without orders, positions or trades.
    pub fn new() -> Self {
        Self {
            orders: Slab::new(),
            ladders: [Ladder::new(), Ladder::new()],
            timers: Timers::default(),
            traders: Traders::new(),
            head: Head::default(),
            stored: Stored::default(),
            tally: Tally::default(),
            annulled: Vec::new(),
            immediate: Vec::new(),
        }
    }

    /// Takes in a new order: it waits for its trigger, trades, rests, or is closed. What happened is pushed to `out`.
    ///
    /// # Panics
    /// When a position would be past its bound: what clearing admits keeps it far below.
    #[inline]
    pub fn place(&mut self, env: &Env, place: &Place, out: &mut Vec<Outcome>) {
        if let Some(trigger) = place.trigger
            && env.waits_for(trigger)
        {
            return self.wait(env, place, trigger, out);
        }
        match env.mode {
            Matching::Continuous => self.enter(env, place, out),
            Matching::Collect | Matching::Uncross => self.collect(env, place, out),
            Matching::CancelOnly => {
                close(place.id, place.lots, CloseReason::MarketClosed, out);
            }
        }
    }

    /// Takes an order out of the book: what was left of it, if it was there.
    #[inline]
    pub fn cancel(&mut self, id: OrderId) -> Option<Lots> {
        let slot = self.orders.find(id)?;
        let lots = self.orders.get(slot).lots;
        self.remove(slot);
        Some(lots)
    }

    /// Makes an order smaller by `by` where it is: what was taken from it, if it was there. One with nothing left is gone.
    pub fn reduce(&mut self, id: OrderId, by: Lots) -> Option<Lots> {
        let slot = self.orders.find(id)?;
        Some(self.shrink(slot, by))
    }

    /// Makes an order smaller where it is, whether others see that part of it or not: what was taken from it.
    fn shrink(&mut self, slot: Slot, by: Lots) -> Lots {
        let order = self.orders.change(slot);
        let lots = order.lots;
        if by >= lots {
            self.remove(slot);
            return lots;
        }
        order.lots = matching::less(lots, by);
        let left = order.lots;
        if order.has_extra {
            let extra = self.orders.change_extra(slot);
            extra.shown = extra.shown.min(left);
        }
        by
    }

    /// Keeps an order until its trigger is reached.
    fn wait(&mut self, env: &Env, place: &Place, trigger: Trigger, out: &mut Vec<Outcome>) {
        if let Err(reason) = self.try_wait(env, place, trigger) {
            close(place.id, place.lots, reason, out);
        }
    }

    fn try_wait(&mut self, env: &Env, place: &Place, trigger: Trigger) -> Result<(), CloseReason> {
        let end = match place.time_in_force {
            TimeInForce::GoodTillTime(end) if end <= env.now => return Err(CloseReason::Expired),
            TimeInForce::GoodTillTime(end) => Some(end),
            TimeInForce::GoodTillCancelled
            | TimeInForce::ImmediateOrCancel
            | TimeInForce::FillOrKill
            | TimeInForce::PostOnly => None,
        };
        let seat = self.traders.add_order(place.id.account).ok_or(CloseReason::BookFull)?;
        let order = Order::new(place, place.lots, seat, self.next_priority());
        let extra = Extra { trigger: Some(trigger), display: place.display, shown: Lots::ZERO };
        let priority = order.priority;
        let Some(slot) = self.orders.insert(order, extra) else {
            self.traders.drop_order(seat);
            return Err(CloseReason::BookFull);
        };
        self.timers.expiries.extend(end.map(|end| (end, place.id)));
        self.timers.wait_for(trigger, priority, slot);
        Ok(())
    }

    /// Puts an order into the book unmatched, for an auction.
    fn collect(&mut self, env: &Env, place: &Place, out: &mut Vec<Outcome>) {
        if let Err(reason) = self.try_collect(env, place) {
            close(place.id, place.lots, reason, out);
        }
    }

    fn try_collect(&mut self, env: &Env, place: &Place) -> Result<(), CloseReason> {
        match (place.time_in_force, env.mode) {
            (TimeInForce::FillOrKill, _) | (TimeInForce::ImmediateOrCancel, Matching::Collect) => {
                return Err(CloseReason::MarketClosed);
            }
            (
                TimeInForce::GoodTillCancelled
                | TimeInForce::GoodTillTime(_)
                | TimeInForce::PostOnly
                | TimeInForce::ImmediateOrCancel,
                _,
            ) => {}
        }
        let seat = self.traders.add_order(place.id.account).ok_or(CloseReason::BookFull)?;
        let refusal = self.refusal_to_rest(env, place, seat);
        let reason = refusal.or_else(|| self.put(place, place.lots, seat));
        if let Some(reason) = reason {
            self.traders.drop_order(seat);
            return Err(reason);
        }
        if place.time_in_force == TimeInForce::ImmediateOrCancel {
            self.immediate.push(place.id);
        }
        Ok(())
    }

    /// Takes an order out of wherever it is.
    #[inline]
    fn remove(&mut self, slot: Slot) {
        let order = self.orders.get(slot);
        let (id, seat, side, rank) = (order.id, order.seat, order.side, order.rank);
        let has_waited = order.has_timer() && self.stop_timers(slot);
        if !has_waited {
            self.ladders[side as usize].remove(&mut self.orders, rank, slot);
        }
        self.orders.remove(slot, id);
        self.traders.drop_order(seat);
    }

    /// Forgets an order's expiry and trigger. Whether it had a trigger, and so was in no level.
    #[cold]
    fn stop_timers(&mut self, slot: Slot) -> bool {
        let order = self.orders.get(slot);
        if let Some(end) = order.end() {
            self.timers.expiries.remove(&(end, order.id));
        }
        let Some(trigger) = self.orders.extra(slot).trigger else { return false };
        self.timers.forget(trigger, order.priority, slot);
        true
    }

    #[inline]
    fn ladder(&self, side: Side) -> &Ladder {
        &self.ladders[side as usize]
    }

    #[inline]
    fn next_priority(&mut self) -> u64 {
        let priority = self.head.next_priority;
        // 2^64 orders do not happen.
        self.head.next_priority = priority.wrapping_add(1);
        priority
    }
}

impl Default for Book {
    fn default() -> Self {
        Self::new()
    }
}
