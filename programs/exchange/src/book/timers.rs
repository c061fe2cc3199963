//! What happens in a book because of the time or the mark: expiries, deadlines and triggers. None of it is stored; it follows
//! from the orders and the accounts.

use std::collections::BTreeSet;

use heddle_clearing::AccountId;
use heddle_clearing::OrderId;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_num::Ticks;
use heddle_types::UnixMillis;

use super::slab::Slot;

/// What waits for the time or the mark.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    /// Orders with an end, by it, then by name.
    pub(super) expiries: BTreeSet<(UnixMillis, OrderId)>,
    /// Accounts that must say that they live, by when.
    pub(super) deadlines: BTreeSet<(UnixMillis, AccountId)>,
    /// Orders that wait for a higher mark: lowest trigger first, then oldest.
    above: BTreeSet<(Ticks, u64, Slot)>,
    /// Orders that wait for a lower mark, by the negated trigger: highest first, then oldest.
    below: BTreeSet<(u32, u64, Slot)>,
}

impl Timers {
    /// An order of this age begins to wait.
    pub(super) fn wait_for(&mut self, trigger: Trigger, priority: u64, slot: Slot) {
        match trigger.when {
            TriggerWhen::AtOrAbove => self.above.insert((trigger.price, priority, slot)),
            TriggerWhen::AtOrBelow => self.below.insert((!trigger.price.get(), priority, slot)),
        };
    }

    /// It waits no longer.
    pub(super) fn forget(&mut self, trigger: Trigger, priority: u64, slot: Slot) {
        match trigger.when {
            TriggerWhen::AtOrAbove => self.above.remove(&(trigger.price, priority, slot)),
            TriggerWhen::AtOrBelow => self.below.remove(&(!trigger.price.get(), priority, slot)),
        };
    }

    /// The orders whose trigger the mark has reached: those that waited for a higher one first, each in the order in which a mark that
    /// moves there would reach them, then by age.
    pub(super) fn reached(&self, mark: Ticks) -> Vec<Slot> {
        let above = self.above.iter().take_while(|(price, ..)| *price <= mark);
        let below = self.below.iter().take_while(|(negated, ..)| !*negated >= mark.get());
        above.map(|(.., slot)| *slot).chain(below.map(|(.., slot)| *slot)).collect()
    }

    /// How many orders wait for the mark.
    pub(super) fn waiting(&self) -> usize {
        self.above.len().saturating_add(self.below.len())
    }

    /// The earliest expiry or deadline.
    pub(super) fn next_due(&self) -> Option<UnixMillis> {
        let expiry = self.expiries.first().map(|(time, _)| *time);
        let deadline = self.deadlines.first().map(|(time, _)| *time);
        expiry.into_iter().chain(deadline).min()
    }

    /// The lowest mark that triggers an order from below, and the highest that does from above.
    pub(super) fn next_marks(&self) -> (Option<Ticks>, Option<Ticks>) {
        let above = self.above.first().map(|(price, ..)| *price);
        let below = self.below.first().map(|(negated, ..)| Ticks::new(!*negated));
        (above, below)
    }
}
