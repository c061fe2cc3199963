//! Which account does what, and what its orders are called.

use heddle_clearing::AccountId;
use heddle_clearing::OrderId;
use heddle_clearing::Side;
use heddle_clearing::limits::ORDERS_PER_MARKET_MAX;
use heddle_num::Lots;
use heddle_num::SignedLots;

use super::LevelKey;

/// Neighbouring prices that one maker has, so that what changes together is one account's.
const PRICES_PER_MAKER: u32 = 16;

/// The accounts of a replay.
#[derive(Clone, Debug)]
pub(crate) struct Roster {
    makers: Vec<Member>,
    takers: Vec<Member>,
    next_taker: usize,
    /// The largest position that a maker's open orders may lead to.
    position_max: Lots,
}

/// An account.
#[derive(Clone, Copy, Debug)]
struct Member {
    account: AccountId,
    /// The number of its next order.
    next: u32,
    open: Holding,
    /// What was named and is not open yet.
    planned: Holding,
}

/// Orders, and lots of them by side.
#[derive(Clone, Copy, Debug, Default)]
struct Holding {
    orders: usize,
    lots: [u64; 2],
}

impl Roster {
    /// Of accounts that have never placed an order, in ascending order; at least one of each kind.
    pub(crate) fn new(makers: &[AccountId], takers: &[AccountId]) -> Self {
        let member = |account: &AccountId| Member {
            account: *account,
            next: 0,
            open: Holding::default(),
            planned: Holding::default(),
        };
        let members = |accounts: &[AccountId]| accounts.iter().map(member).collect();
        let (makers, takers) = (members(makers), members(takers));
        Self { makers, takers, next_taker: 0, position_max: Lots::MAX }
    }

    /// The same where a maker's position has a bound.
    pub(crate) fn with_position_max(self, position_max: Lots) -> Self {
        Self { position_max, ..self }
    }

    /// The same for an account that has placed orders before: `next` is the number of its next one.
    pub(crate) fn go_on(&mut self, account: AccountId, next: u32) {
        let mut members = self.makers.iter_mut().chain(&mut self.takers);
        if let Some(member) = members.find(|member| member.account == account) {
            member.next = next;
        }
    }

    /// Names an order of a maker: the one that this price belongs to, or the next one with room. None when none has room.
    pub(crate) fn name_maker(
        &mut self,
        key: LevelKey,
        lots: Lots,
        position: impl Fn(AccountId) -> SignedLots,
    ) -> Option<OrderId> {
        let count = self.makers.len();
        let first = (key.price.get() / PRICES_PER_MAKER) as usize % count;
        let max = self.position_max.get();
        let mut order = (first..count).chain(0..first);
        let place = order.find(|place| {
            let maker = &self.makers[*place];
            maker.has_room() && maker.worst(key.side, lots, position(maker.account)) <= max
        })?;
        let maker = &mut self.makers[place];
        maker.planned.add(key.side, lots);
        Some(maker.name())
    }

    /// Names an order of the next taker whose position has room for it; of the next one when none has.
    pub(crate) fn name_taker(
        &mut self,
        (side, lots): (Side, Lots),
        position: impl Fn(AccountId) -> SignedLots,
    ) -> OrderId {
        let count = self.takers.len();
        let first = self.next_taker;
        let max = self.position_max.get();
        let mut order = (first..count).chain(0..first);
        let place = order.find(|place| {
            let taker = &self.takers[*place];
            taker.worst(side, lots, position(taker.account)) <= max
        });
        let place = place.unwrap_or(first);
        self.next_taker = (place + 1) % count;
        let taker = &mut self.takers[place];
        taker.planned.add(side, lots);
        taker.name()
    }

    /// What was named and is not open will never be.
    pub(crate) fn forget_plans(&mut self) {
        let members = self.makers.iter_mut().chain(&mut self.takers);
        members.for_each(|member| member.planned = Holding::default());
    }

    /// Whether an account is a maker.
    pub(crate) fn is_maker(&self, account: AccountId) -> bool {
        self.maker(account).is_some()
    }

    /// An order of a maker is open.
    pub(crate) fn opened(&mut self, id: OrderId, side: Side, lots: Lots) {
        if let Some(place) = self.maker(id.account) {
            let maker = &mut self.makers[place];
            maker.open.add(side, lots);
            maker.next = maker.next.max(id.number + 1);
        }
    }

    /// A taker had its turn.
    pub(crate) fn took(&mut self, id: OrderId) {
        let place = self.takers.binary_search_by_key(&id.account, |member| member.account);
        if let Ok(place) = place {
            self.takers[place].next = self.takers[place].next.max(id.number + 1);
            self.next_taker = (place + 1) % self.takers.len();
        }
    }

    /// An open order of a maker has less.
    pub(crate) fn shrunk(&mut self, account: AccountId, side: Side, by: Lots) {
        if let Some(place) = self.maker(account) {
            self.makers[place].open.lots[side as usize] -= by.get();
        }
    }

    /// An order of a maker, of which nothing is left, is gone.
    pub(crate) fn gone(&mut self, account: AccountId) {
        if let Some(place) = self.maker(account) {
            self.makers[place].open.orders -= 1;
        }
    }

    fn maker(&self, account: AccountId) -> Option<usize> {
        self.makers.binary_search_by_key(&account, |member| member.account).ok()
    }
}

impl Member {
    const fn has_room(&self) -> bool {
        self.open.orders + self.planned.orders < ORDERS_PER_MARKET_MAX
    }

    /// The largest position on one side that its orders can lead to with one more.
    const fn worst(&self, side: Side, lots: Lots, position: SignedLots) -> u64 {
        let at = side as usize;
        let position = match side {
            Side::Buy => position.get(),
            Side::Sell => position.get().saturating_neg(),
        };
        // A position that the orders would first close counts as none: they may never trade in that order.
        let held = if position > 0 { position.unsigned_abs() } else { 0 };
        held.saturating_add(self.open.lots[at])
            .saturating_add(self.planned.lots[at])
            .saturating_add(lots.get())
    }

    const fn name(&mut self) -> OrderId {
        let number = self.next;
        self.next += 1;
        OrderId { account: self.account, number }
    }
}

impl Holding {
    const fn add(&mut self, side: Side, lots: Lots) {
        self.orders += 1;
        self.lots[side as usize] += lots.get();
    }
}
