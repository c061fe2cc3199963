//! What others may ask of a book.

use heddle_clearing::AccountId;
use heddle_clearing::OrderId;
use heddle_clearing::Place;
use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_types::UnixMillis;

use super::Book;
use super::env::Summary;

/// A price level as others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// At this price,
    pub price: Ticks,
    /// so much is shown
    pub lots: Lots,
    /// by so many orders.
    pub orders: u32,
}

impl Book {
    /// The best `limit` levels of a side, best first.
    pub fn depth(&self, side: Side, limit: usize) -> Vec<Level> {
        let levels = self.ladder(side).levels().take(limit);
        let level = |(rank, head): (super::rank::Rank, _)| {
            let mut level = Level { price: rank.price(side), lots: Lots::ZERO, orders: 0 };
            for slot in self.orders.queue(head) {
                let lots = level.lots.get().saturating_add(self.orders.shown(slot).get());
                level = Level {
                    lots: Lots::new(lots),
                    orders: level.orders.saturating_add(1),
                    ..level
                };
            }
            level
        };
        levels.map(level).collect()
    }

    /// The best price of a side.
    #[inline]
    pub fn best(&self, side: Side) -> Option<Ticks> {
        self.ladder(side).first().map(|(rank, _)| rank.price(side))
    }

    /// The price of the last trade.
    pub const fn last(&self) -> Option<Ticks> {
        self.head.last
    }

    /// What is left of an order, as it would be placed now; one that waits has its trigger.
    pub fn order(&self, id: OrderId) -> Option<Place> {
        self.orders.find(id).map(|slot| self.orders.place(slot))
    }

    /// The orders of an account, oldest first. Looks at all orders of the book.
    pub fn orders_of(&self, account: AccountId) -> Vec<Place> {
        let theirs = self.orders.iter().filter(|(_, order)| order.id.account == account);
        let mut theirs: Vec<_> = theirs.map(|(slot, order)| (order.priority, slot)).collect();
        theirs.sort_unstable();
        theirs.into_iter().map(|(_, slot)| self.orders.place(slot)).collect()
    }

    /// Orders in the book, waiting ones included.
    pub const fn len(&self) -> u32 {
        self.orders.len()
    }

    /// Whether it has no order.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An account's position.
    pub fn position(&self, account: AccountId) -> SignedLots {
        let seat = self.traders.find(account);
        seat.map_or(SignedLots::ZERO, |seat| self.traders.get(seat).lots)
    }

    /// When all of an account's orders go away, if it has not said by then that it lives.
    pub fn deadline(&self, account: AccountId) -> Option<UnixMillis> {
        self.traders.get(self.traders.find(account)?).deadline
    }

    /// The sum of all long positions.
    pub const fn open_interest(&self) -> Lots {
        self.traders.open_interest()
    }

    /// The book as it is now; volume and traded prices are those of the last block.
    pub fn summary(&self) -> Summary {
        let (next_above, next_below) = self.timers.next_marks();
        Summary {
            best_bid: self.best(Side::Buy),
            best_ask: self.best(Side::Sell),
            last: self.head.last,
            open_interest: self.open_interest(),
            volume: self.tally.volume,
            low: self.tally.traded.map(|traded| traded.low),
            high: self.tally.traded.map(|traded| traded.high),
            hit_band: self.tally.hit_band,
            next_due: self.timers.next_due(),
            next_above,
            next_below,
        }
    }
}
