//! A book in state: pages of orders, pages of accounts, and one head that says how many pages of each there are.
//!
//! ```text
//! "h"                    Head: the age of the next order, the last price, pages of orders, pages of accounts
//! "o" ‖ page (4, BE)     the orders of slots 16 x page to 16 x page + 15, each after its place among them
//! "t" ‖ page (4, BE)     the accounts of records 32 x page to 32 x page + 31, each after its place among them
//! ```
//!
//! Pages without content do not exist. Levels, queues, timers and names are rebuilt from this: a queue by the ages of its orders.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use thiserror::Error;

use heddle_clearing::AccountId;
use heddle_clearing::Place;
use heddle_clearing::TimeInForce;
use heddle_num::Lots;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_sdk::Resident;
use heddle_types::Canonical;
use heddle_types::UnixMillis;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use super::Book;
use super::Head;
use super::slab::Extra;
use super::slab::Order;
use super::slab::PAGE_ORDERS;
use super::slab::Slot;
use super::slots::SLOTS_MAX;
use super::traders::PAGE_TRADERS;
use super::traders::Trader;

/// The parts of a book are not what a book stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Corrupt {
    /// The head is none.
    #[error("the head is no head")]
    Head,
    /// A page of orders is none, or does not fit the others.
    #[error("page {0} of orders is none, or does not fit the others")]
    Orders(u32),
    /// A page of accounts is none, or does not fit the others.
    #[error("page {0} of accounts is none, or does not fit the others")]
    Traders(u32),
}

/// The head as it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Stored {
    next_priority: u64,
    last: Option<Ticks>,
    order_pages: u32,
    trader_pages: u32,
}

#[derive(Debug, BorshSerialize, BorshDeserialize)]
struct OrderPage(Vec<(u8, StoredOrder)>);

#[derive(Debug, BorshSerialize, BorshDeserialize)]
struct StoredOrder {
    place: Place,
    priority: u64,
    /// What is left of what others see, of an iceberg.
    shown: Option<Lots>,
}

#[derive(Debug, BorshSerialize, BorshDeserialize)]
struct TraderPage(Vec<(u8, StoredTrader)>);

#[derive(Debug, BorshSerialize, BorshDeserialize)]
struct StoredTrader {
    account: AccountId,
    lots: SignedLots,
    deadline: Option<UnixMillis>,
}

impl Canonical for Stored {
    const NAME: &'static str = "head of a book";
    const BYTES_MAX: usize = 21;
}

impl Canonical for OrderPage {
    const NAME: &'static str = "page of orders";
    // An order with everything has 1 + 54 + 8 + 9 bytes.
    const BYTES_MAX: usize = 4 + PAGE_ORDERS as usize * 72;
}

impl Canonical for TraderPage {
    const NAME: &'static str = "page of accounts of a book";
    const BYTES_MAX: usize = 4 + PAGE_TRADERS as usize * 22;
}

const HEAD: &[u8] = b"h";
const ORDERS: u8 = b'o';
const TRADERS: u8 = b't';

impl Book {
    /// The book whose parts `read` gives by their suffixes; the empty one if there is no head.
    ///
    /// # Errors
    /// When the parts are none of a book: state is corrupt.
    pub fn load(read: &mut dyn FnMut(&[u8]) -> Option<Value>) -> Result<Self, Corrupt> {
        let mut book = Self::new();
        let Some(head) = read(HEAD) else { return Ok(book) };
        let stored: Stored = decode_exact(head.as_bytes()).map_err(|_| Corrupt::Head)?;
        if stored.order_pages > SLOTS_MAX / PAGE_ORDERS
            || stored.trader_pages > SLOTS_MAX / PAGE_TRADERS
        {
            return Err(Corrupt::Head);
        }
        book.head = Head { next_priority: stored.next_priority, last: stored.last };
        book.stored = stored;
        for page in 0..stored.trader_pages {
            let Some(value) = read(&suffix(TRADERS, page)) else { continue };
            book.load_traders(page, &value).ok_or(Corrupt::Traders(page))?;
        }
        for page in 0..stored.order_pages {
            let Some(value) = read(&suffix(ORDERS, page)) else { continue };
            book.load_orders(page, &value).ok_or(Corrupt::Orders(page))?;
        }
        book.link_all();
        Ok(book)
    }

    fn load_traders(&mut self, page: u32, value: &Value) -> Option<()> {
        let TraderPage(traders) = decode_exact(value.as_bytes()).ok()?;
        for (place, StoredTrader { account, lots, deadline }) in traders {
            let place = u32::from(place);
            let record = page.checked_mul(PAGE_TRADERS)?.checked_add(place)?;
            let is_new = self.traders.restore(record, Trader::new(account, lots, deadline));
            if place >= PAGE_TRADERS || !is_new {
                return None;
            }
            self.timers.deadlines.extend(deadline.map(|deadline| (deadline, account)));
        }
        Some(())
    }

    fn load_orders(&mut self, page: u32, value: &Value) -> Option<()> {
        let OrderPage(orders) = decode_exact(value.as_bytes()).ok()?;
        for (place, stored) in orders {
            let place = u32::from(place);
            if place >= PAGE_ORDERS {
                return None;
            }
            let slot = Slot::new(page.checked_mul(PAGE_ORDERS)?.checked_add(place)?);
            self.load_order(slot, &stored)?;
        }
        Some(())
    }

    fn load_order(&mut self, slot: Slot, stored: &StoredOrder) -> Option<()> {
        let StoredOrder { place, priority, shown } = stored;
        if place.lots.is_zero() || shown.is_some_and(|shown| shown > place.lots) {
            return None;
        }
        let seat = self.traders.restore_order(place.id.account);
        let extra = Extra {
            trigger: place.trigger,
            display: place.display,
            shown: shown.unwrap_or_default(),
        };
        let order = Order::new(place, place.lots, seat, *priority);
        if *priority >= self.head.next_priority || !self.orders.restore(slot, order, extra) {
            return None;
        }
        if let TimeInForce::GoodTillTime(end) = place.time_in_force {
            self.timers.expiries.insert((end, place.id));
        }
        if let Some(trigger) = place.trigger {
            self.timers.wait_for(trigger, *priority, slot);
        }
        Some(())
    }

    /// Puts all orders that rest into their levels, oldest first.
    fn link_all(&mut self) {
        let resting = self.orders.iter().filter(|(slot, _)| !self.orders.is_waiting(*slot));
        let mut resting: Vec<_> =
            resting.map(|(slot, order)| (order.priority, slot, order.side, order.rank)).collect();
        resting.sort_unstable();
        for (_, slot, side, rank) in resting {
            self.ladders[side as usize].push(&mut self.orders, rank, slot);
        }
    }

    fn order_page(&self, page: u32) -> Option<Value> {
        let orders = self.orders.page(page).map(|(place, slot)| (place, self.stored_order(slot)));
        page_value(orders, OrderPage::BYTES_MAX)
    }

    fn stored_order(&self, slot: Slot) -> StoredOrder {
        let (order, extra) = (self.orders.get(slot), self.orders.extra(slot));
        StoredOrder {
            place: self.orders.place(slot),
            priority: order.priority,
            shown: extra.display.map(|_| extra.shown),
        }
    }

    fn trader_page(&self, page: u32) -> Option<Value> {
        let stored = |trader: &Trader| StoredTrader {
            account: trader.account,
            lots: trader.lots,
            deadline: trader.deadline,
        };
        let traders = self.traders.page(page).map(|(place, trader)| (place, stored(trader)));
        page_value(traders, TraderPage::BYTES_MAX)
    }
}

/// The value that a page of these records is, which has at most so many bytes: that of a list, without making one. None of none.
fn page_value<T: BorshSerialize>(
    records: impl Iterator<Item = (u8, T)>,
    bytes_max: usize,
) -> Option<Value> {
    let mut count = 0_u32;
    let mut bytes = Vec::with_capacity(bytes_max);
    bytes.extend(count.to_le_bytes());
    for record in records {
        record.serialize(&mut bytes).expect("writing into memory");
        count = count.saturating_add(1);
    }
    bytes[..size_of::<u32>()].copy_from_slice(&count.to_le_bytes());
    (count > 0).then(|| Value::from(bytes))
}

impl Resident for Book {
    fn flush(&mut self, out: &mut dyn FnMut(&[u8], Option<Value>)) {
        let (mut order_pages, mut trader_pages) =
            (self.stored.order_pages, self.stored.trader_pages);
        for page in self.orders.dirty.drain() {
            order_pages = order_pages.max(page.saturating_add(1));
            out(&suffix(ORDERS, page), self.order_page(page));
        }
        for page in self.traders.dirty.drain() {
            trader_pages = trader_pages.max(page.saturating_add(1));
            out(&suffix(TRADERS, page), self.trader_page(page));
        }
        let head = Stored {
            next_priority: self.head.next_priority,
            last: self.head.last,
            order_pages: self.orders.pages(order_pages),
            trader_pages: self.traders.pages(trader_pages),
        };
        if head != self.stored {
            self.stored = head;
            out(HEAD, Some(Value::from(encode(&head))));
        }
    }

    fn image(&self) -> Vec<u8> {
        let mut image = encode(&(self.head.next_priority, self.head.last));
        for (slot, _) in self.orders.iter() {
            image.extend(encode(&(slot.get(), self.stored_order(slot))));
        }
        for page in 0..self.traders.pages_at_most() {
            if let Some(value) = self.trader_page(page) {
                image.extend(encode(&(page, value)));
            }
        }
        image
    }
}

fn suffix(kind: u8, page: u32) -> [u8; 5] {
    let [a, b, c, d] = page.to_be_bytes();
    [kind, a, b, c, d]
}
