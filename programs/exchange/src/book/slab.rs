//! The orders of a book, in numbered slots, and the queues that link them.

use heddle_clearing::OrderId;
use heddle_clearing::Place;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trigger;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_types::UnixMillis;

use super::dirty::Dirty;
use super::index;
use super::index::Index;
use super::limits::ORDERS_PER_BOOK_MAX;
use super::rank::Rank;
use super::slots::Slots;
use super::traders::Seat;

/// Orders that are stored together.
pub(super) const PAGE_ORDERS: u32 = 16;

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u32);

impl Slot {
    /// No order's.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// From its number.
    pub(super) const fn new(number: u32) -> Self {
        Self(number)
    }

    /// As its number.
    pub(super) const fn get(self) -> u32 {
        self.0
    }
}

/// An order in the book: one line of a processor's cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Order {
    /// Its name.
    pub(super) id: OrderId,
    /// What is left of it.
    pub(super) lots: Lots,
    /// Its age: the higher, the later it came to its level, or began to wait.
    pub(super) priority: u64,
    /// How long it stays.
    pub(super) time_in_force: TimeInForce,
    /// Its price, as its side ranks it.
    pub(super) rank: Rank,
    /// Whose.
    pub(super) seat: Seat,
    next: Slot,
    previous: Slot,
    /// What it wants.
    pub(super) side: Side,
    /// What it would do to an own order that it met.
    pub(super) self_trade: SelfTrade,
    /// Whether it may only make a position smaller.
    pub(super) reduce_only: bool,
    /// Whether clearing placed it.
    pub(super) is_liquidation: bool,
    /// Whether it has an [`Extra`].
    pub(super) has_extra: bool,
}

/// What few orders have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extra {
    /// What it waits for.
    pub(super) trigger: Option<Trigger>,
    /// How much of it others see at a time.
    pub(super) display: Option<Lots>,
    /// How much of that is left, of an order that rests.
    pub(super) shown: Lots,
}

const _: () = assert!(size_of::<Order>() == 64);

/// The orders of a book.
#[derive(Clone, Debug)]
pub(super) struct Slab {
    orders: Vec<Order>,
    extras: Vec<Extra>,
    slots: Slots,
    index: Index,
    len: u32,
    pub(super) dirty: Dirty,
}

impl Slab {
    /// Without an order.
    pub(super) fn new() -> Self {
        Self {
            orders: Vec::new(),
            extras: Vec::new(),
            slots: Slots::new(),
            index: Index::new(),
            len: 0,
            dirty: Dirty::default(),
        }
    }

    /// Takes in an order, and links it nowhere yet. None when the book is full.
    #[inline]
    pub(super) fn insert(&mut self, order: Order, extra: Extra) -> Option<Slot> {
        if self.len >= ORDERS_PER_BOOK_MAX {
            return None;
        }
        let slot = self.slots.take()?;
        self.put(Slot(slot), order, extra);
        self.mark(Slot(slot));
        Some(Slot(slot))
    }

    /// Takes in an order where it was stored. False when there is one already.
    pub(super) fn restore(&mut self, slot: Slot, order: Order, extra: Extra) -> bool {
        if self.slots.is_taken(slot.0) || self.find(order.id).is_some() {
            return false;
        }
        self.slots.claim(slot.0);
        self.put(slot, order, extra);
        true
    }

    /// Forgets an order that is linked nowhere any more.
    #[inline]
    pub(super) fn remove(&mut self, slot: Slot, id: OrderId) {
        self.index.remove(hash(id), slot.0);
        self.slots.free(slot.0);
        self.len = self.len.wrapping_sub(1);
        self.mark(slot);
    }

    /// An order, about to change.
    #[inline]
    pub(super) fn change(&mut self, slot: Slot) -> &mut Order {
        self.mark(slot);
        &mut self.orders[slot.0 as usize]
    }

    /// What else an order has, about to change.
    #[inline]
    pub(super) fn change_extra(&mut self, slot: Slot) -> &mut Extra {
        self.mark(slot);
        &mut self.extras[slot.0 as usize]
    }

    /// An order.
    #[inline]
    pub(super) fn get(&self, slot: Slot) -> &Order {
        &self.orders[slot.0 as usize]
    }

    /// What else it has.
    #[inline]
    pub(super) fn extra(&self, slot: Slot) -> Extra {
        if self.get(slot).has_extra { self.extras[slot.0 as usize] } else { Extra::default() }
    }

    /// Whether it waits for its trigger, so that it is in no level.
    #[inline]
    pub(super) fn is_waiting(&self, slot: Slot) -> bool {
        self.extra(slot).trigger.is_some()
    }

    /// The lots of an order that others see, and that trade before it loses its place.
    #[inline]
    pub(super) fn shown(&self, slot: Slot) -> Lots {
        let order = self.get(slot);
        if order.has_extra && self.extras[slot.0 as usize].display.is_some() {
            self.extras[slot.0 as usize].shown
        } else {
            order.lots
        }
    }

    /// Where the order of this name is.
    #[inline]
    pub(super) fn find(&self, id: OrderId) -> Option<Slot> {
        self.index.find(hash(id), |slot| self.orders[slot as usize].id == id).map(Slot)
    }

    /// How many orders there are.
    pub(super) const fn len(&self) -> u32 {
        self.len
    }

    /// All orders, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &Order)> {
        (0_u32..)
            .zip(&self.orders)
            .filter(|(slot, _)| self.slots.is_taken(*slot))
            .map(|(slot, order)| (Slot(slot), order))
    }

    /// The orders of one stored page, by their place in it.
    pub(super) fn page(&self, page: u32) -> impl Iterator<Item = (u8, Slot)> {
        (0_u8..).zip(page_slots(page)).filter(|(_, slot)| self.slots.is_taken(slot.0))
    }

    /// One more than the number of the last stored page that has an order, given what it was at most.
    pub(super) fn pages(&self, mut at_most: u32) -> u32 {
        while at_most > 0 && self.page(at_most.wrapping_sub(1)).next().is_none() {
            at_most = at_most.wrapping_sub(1);
        }
        at_most
    }

    /// The order as it would be placed now.
    pub(super) fn place(&self, slot: Slot) -> Place {
        let (order, extra) = (self.get(slot), self.extra(slot));
        Place {
            id: order.id,
            side: order.side,
            price: order.price(),
            lots: order.lots,
            time_in_force: order.time_in_force,
            reduce_only: order.reduce_only,
            self_trade: order.self_trade,
            trigger: extra.trigger,
            display: extra.display,
            is_liquidation: order.is_liquidation,
        }
    }

    /// The queue that begins with `head`.
    pub(super) fn queue(&self, head: Slot) -> impl Iterator<Item = Slot> {
        let mut next = Some(head);
        std::iter::from_fn(move || {
            let slot = next?;
            next = Some(self.get(slot).next).filter(|&after| after != head);
            Some(slot)
        })
    }

    /// Makes an order a queue.
    #[inline]
    pub(super) fn link_alone(&mut self, slot: Slot) {
        let order = &mut self.orders[slot.0 as usize];
        (order.next, order.previous) = (slot, slot);
    }

    /// Puts an order at the end of the queue that begins with `head`. Queues are rings.
    #[inline]
    pub(super) fn link_before(&mut self, head: Slot, slot: Slot) {
        let tail = std::mem::replace(&mut self.orders[head.0 as usize].previous, slot);
        self.orders[tail.0 as usize].next = slot;
        let order = &mut self.orders[slot.0 as usize];
        (order.next, order.previous) = (head, tail);
    }

    /// Takes an order out of its queue; the one after it, which is itself where there is no other.
    #[inline]
    pub(super) fn unlink(&mut self, slot: Slot) -> Slot {
        let Order { next, previous, .. } = self.orders[slot.0 as usize];
        self.orders[previous.0 as usize].next = next;
        self.orders[next.0 as usize].previous = previous;
        next
    }

    #[inline]
    fn put(&mut self, slot: Slot, order: Order, extra: Extra) {
        self.index.insert(hash(order.id), slot.0);
        self.len = self.len.wrapping_add(1);
        let at = slot.0 as usize;
        if at >= self.orders.len() {
            self.grow(at, &order);
        }
        if order.has_extra {
            self.extras[at] = extra;
        }
        self.orders[at] = order;
    }

    /// The lowest slot is taken first, so that only loading skips some.
    #[cold]
    fn grow(&mut self, at: usize, order: &Order) {
        self.orders.resize(at.saturating_add(1), order.clone());
        self.extras.resize(at.saturating_add(1), Extra::default());
    }

    #[inline]
    fn mark(&mut self, slot: Slot) {
        self.dirty.mark(slot.0 / PAGE_ORDERS);
    }
}

impl Order {
    /// A new one, that is linked nowhere.
    #[inline]
    pub(super) fn new(place: &Place, lots: Lots, seat: Seat, priority: u64) -> Self {
        Self {
            id: place.id,
            lots,
            priority,
            time_in_force: place.time_in_force,
            rank: Rank::of(place.side, place.price),
            seat,
            next: Slot::NONE,
            previous: Slot::NONE,
            side: place.side,
            self_trade: place.self_trade,
            reduce_only: place.reduce_only,
            is_liquidation: place.is_liquidation,
            has_extra: place.trigger.is_some() || place.display.is_some(),
        }
    }

    /// Whether it may have an expiry or a trigger.
    #[inline]
    pub(super) const fn has_timer(&self) -> bool {
        self.has_extra || matches!(self.time_in_force, TimeInForce::GoodTillTime(_))
    }

    /// When it expires, if it does.
    #[inline]
    pub(super) const fn end(&self) -> Option<UnixMillis> {
        match self.time_in_force {
            TimeInForce::GoodTillTime(end) => Some(end),
            TimeInForce::GoodTillCancelled
            | TimeInForce::ImmediateOrCancel
            | TimeInForce::FillOrKill
            | TimeInForce::PostOnly => None,
        }
    }

    /// Its price.
    #[inline]
    pub(super) const fn price(&self) -> Ticks {
        self.rank.price(self.side)
    }
}

/// The slots of one stored page.
pub(super) fn page_slots(page: u32) -> impl Iterator<Item = Slot> {
    let first = page.saturating_mul(PAGE_ORDERS);
    (first..first.saturating_add(PAGE_ORDERS)).map(Slot)
}

#[inline]
const fn hash(id: OrderId) -> u32 {
    index::hash(((id.account.get() as u64) << 32) | id.number as u64)
}
