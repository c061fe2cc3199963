//! What a book knows of accounts: their position, how many orders they have, and their deadline.

use heddle_clearing::AccountId;
use heddle_clearing::Side;
use heddle_clearing::limits::POSITION_LOTS_MAX;
use heddle_num::Lots;
use heddle_num::SignedLots;
use heddle_types::UnixMillis;

use super::dirty::Dirty;
use super::index;
use super::index::Index;
use super::limits::TRADERS_PER_BOOK_MAX;
use super::slots::Slots;

/// Records that are stored together.
pub(super) const PAGE_TRADERS: u32 = 32;

/// Where an account is in memory. Nothing that is stored depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seat(u32);

/// An account that has a position, an order or a deadline in this market.
#[derive(Clone, Debug)]
pub(super) struct Trader {
    /// Whose.
    pub(super) account: AccountId,
    /// Its orders in this book.
    pub(super) orders: u32,
    /// Its position.
    pub(super) lots: SignedLots,
    /// When all its orders go away.
    pub(super) deadline: Option<UnixMillis>,
    /// Where it is stored: only while it has a position or a deadline. Orders are stored with their accounts.
    record: Option<u32>,
}

/// The accounts of a book.
#[derive(Clone, Debug)]
pub(super) struct Traders {
    traders: Vec<Trader>,
    seats: Slots,
    records: Slots,
    /// Who is stored in each record that is taken.
    stored: Vec<Seat>,
    index: Index,
    len: u32,
    open_interest: u64,
    /// Of all positions: zero after every block.
    sum: i64,
    pub(super) dirty: Dirty,
}

impl Traders {
    /// Without an account.
    pub(super) fn new() -> Self {
        Self {
            traders: Vec::new(),
            seats: Slots::new(),
            records: Slots::new(),
            stored: Vec::new(),
            index: Index::new(),
            len: 0,
            open_interest: 0,
            sum: 0,
            dirty: Dirty::default(),
        }
    }

    /// The account's seat, if it has one.
    #[inline]
    pub(super) fn find(&self, account: AccountId) -> Option<Seat> {
        let hash = index::hash(u64::from(account.get()));
        self.index.find(hash, |seat| self.traders[seat as usize].account == account).map(Seat)
    }

    /// The account's seat, which it has from now on at least until [`Self::leave`]. None when an order would be refused for want of
    /// room.
    #[inline]
    pub(super) fn enter(&mut self, account: AccountId) -> Option<Seat> {
        match self.find(account) {
            Some(seat) => Some(seat),
            None if self.len >= TRADERS_PER_BOOK_MAX => None,
            None => Some(self.seat(account)),
        }
    }

    /// The account's seat, which it has from now on at least until [`Self::leave`].
    ///
    /// # Panics
    /// When the room that is kept for accounts that cannot be refused is used up.
    pub(super) fn admit(&mut self, account: AccountId) -> Seat {
        self.find(account).unwrap_or_else(|| self.seat(account))
    }

    /// Gives the seat back if there is nothing left to know of the account.
    #[inline]
    pub(super) fn leave(&mut self, seat: Seat) {
        let trader = &self.traders[seat.0 as usize];
        if trader.orders == 0 && trader.record.is_none() {
            self.unseat(seat);
        }
    }

    /// The account's seat, for one more order of it, from its entry until [`Self::drop_order`]. None when there is no room.
    #[inline]
    pub(super) fn add_order(&mut self, account: AccountId) -> Option<Seat> {
        let seat = self.enter(account)?;
        self.count_order(seat);
        Some(seat)
    }

    /// The account's seat, for an order of it that is loaded.
    pub(super) fn restore_order(&mut self, account: AccountId) -> Seat {
        let seat = self.admit(account);
        self.count_order(seat);
        seat
    }

    /// One order of the account less. It may lose its seat.
    #[inline]
    pub(super) fn drop_order(&mut self, seat: Seat) {
        let orders = &mut self.traders[seat.0 as usize].orders;
        *orders = orders.wrapping_sub(1);
        if *orders == 0 {
            self.leave(seat);
        }
    }

    /// Moves the position, and the open interest with it.
    ///
    /// # Panics
    /// When the position would be larger than any may be: clearing keeps them far below.
    #[inline]
    pub(super) fn shift(&mut self, seat: Seat, by: SignedLots) {
        let trader = &mut self.traders[seat.0 as usize];
        let (old, new) = (trader.lots.get(), trader.lots.get().saturating_add(by.get()));
        assert!(new.unsigned_abs() <= POSITION_MAX, "clearing keeps positions within their bound");
        trader.lots = SignedLots::new(new);
        self.sum = self.sum.wrapping_add(by.get());
        // Below 2^49 times 2^18 accounts in sum, and never below zero: every long position is part of it.
        self.open_interest = self.open_interest.wrapping_add(long(new)).wrapping_sub(long(old));
        match trader.record {
            Some(record) if new != 0 => self.dirty.mark(record / PAGE_TRADERS),
            Some(_) | None => self.keep(seat),
        }
    }

    /// Sets or takes back the deadline; what it was.
    pub(super) fn set_deadline(
        &mut self,
        seat: Seat,
        deadline: Option<UnixMillis>,
    ) -> Option<UnixMillis> {
        let old = std::mem::replace(&mut self.traders[seat.0 as usize].deadline, deadline);
        self.keep(seat);
        old
    }

    /// Puts an account where it was stored. False when that cannot be.
    pub(super) fn restore(&mut self, record: u32, trader: Trader) -> bool {
        let is_empty = trader.lots.is_zero() && trader.deadline.is_none();
        if is_empty
            || trader.lots.get().unsigned_abs() > POSITION_MAX
            || self.find(trader.account).is_some()
        {
            return false;
        }
        let seat = self.seat(trader.account);
        self.records.claim(record);
        self.open_interest = self.open_interest.wrapping_add(long(trader.lots.get()));
        self.sum = self.sum.wrapping_add(trader.lots.get());
        self.store_in(record, seat);
        self.traders[seat.0 as usize] = Trader { record: Some(record), ..trader };
        true
    }

    /// An account.
    #[inline]
    pub(super) fn get(&self, seat: Seat) -> &Trader {
        &self.traders[seat.0 as usize]
    }

    /// The sum of all long positions.
    #[inline]
    pub(super) const fn open_interest(&self) -> Lots {
        Lots::new(self.open_interest)
    }

    /// The sum of all positions.
    pub(super) const fn sum(&self) -> i64 {
        self.sum
    }

    /// All accounts with a seat, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Seat, &Trader)> {
        let all = (0_u32..).zip(&self.traders);
        all.filter(|(seat, _)| self.seats.is_taken(*seat))
            .map(|(seat, trader)| (Seat(seat), trader))
    }

    /// The accounts of one stored page, by their place in it.
    pub(super) fn page(&self, page: u32) -> impl Iterator<Item = (u8, &Trader)> {
        let first = page.saturating_mul(PAGE_TRADERS);
        let records = first..first.saturating_add(PAGE_TRADERS);
        (0_u8..)
            .zip(records)
            .filter(|(_, record)| self.records.is_taken(*record))
            .map(|(place, record)| (place, self.get(self.stored[record as usize])))
    }

    /// How many pages may have an account, at most.
    pub(super) fn pages_at_most(&self) -> u32 {
        let records = u32::try_from(self.stored.len()).unwrap_or(u32::MAX);
        records.div_ceil(PAGE_TRADERS)
    }

    /// One more than the number of the last stored page that has an account, given what it was at most.
    pub(super) fn pages(&self, mut at_most: u32) -> u32 {
        while at_most > 0 && self.page(at_most.wrapping_sub(1)).next().is_none() {
            at_most = at_most.wrapping_sub(1);
        }
        at_most
    }

    /// Sees to it that the account is stored exactly while there is something to store.
    fn keep(&mut self, seat: Seat) {
        let trader = &mut self.traders[seat.0 as usize];
        let is_empty = trader.lots.is_zero() && trader.deadline.is_none();
        match (trader.record, is_empty) {
            (Some(record), true) => {
                trader.record = None;
                self.records.free(record);
                self.dirty.mark(record / PAGE_TRADERS);
            }
            (Some(record), false) => self.dirty.mark(record / PAGE_TRADERS),
            (None, true) => {}
            (None, false) => {
                let record = self.records.take().expect("there is a record for each seat");
                trader.record = Some(record);
                self.store_in(record, seat);
                self.dirty.mark(record / PAGE_TRADERS);
            }
        }
    }

    #[inline]
    fn count_order(&mut self, seat: Seat) {
        let orders = &mut self.traders[seat.0 as usize].orders;
        *orders = orders.wrapping_add(1);
    }

    fn store_in(&mut self, record: u32, seat: Seat) {
        let at = record as usize;
        if at >= self.stored.len() {
            self.stored.resize(at.saturating_add(1), seat);
        }
        self.stored[at] = seat;
    }

    fn seat(&mut self, account: AccountId) -> Seat {
        let seat = self.seats.take().expect("room is kept for accounts that cannot be refused");
        let trader = Trader::new(account, SignedLots::ZERO, None);
        match self.traders.get_mut(seat as usize) {
            Some(place) => *place = trader,
            None => self.traders.push(trader),
        }
        self.len = self.len.wrapping_add(1);
        self.index.insert(index::hash(u64::from(account.get())), seat);
        Seat(seat)
    }

    fn unseat(&mut self, seat: Seat) {
        let account = self.traders[seat.0 as usize].account;
        self.index.remove(index::hash(u64::from(account.get())), seat.0);
        self.seats.free(seat.0);
        self.len = self.len.wrapping_sub(1);
    }
}

impl Trader {
    /// An account without orders.
    pub(super) const fn new(
        account: AccountId,
        lots: SignedLots,
        deadline: Option<UnixMillis>,
    ) -> Self {
        Self { account, orders: 0, lots, deadline, record: None }
    }
}

const POSITION_MAX: u64 = POSITION_LOTS_MAX.unsigned_abs();

/// How much of a position an order of `side` could take away.
#[inline]
pub(super) const fn reducible(position: SignedLots, side: Side) -> Lots {
    match (side, position.get() > 0) {
        (Side::Sell, true) | (Side::Buy, false) => position.abs(),
        (Side::Sell, false) | (Side::Buy, true) => Lots::ZERO,
    }
}

/// The lots of a position that is long.
#[inline]
fn long(position: i64) -> u64 {
    position.max(0).unsigned_abs()
}
