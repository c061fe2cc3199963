//! Which account does what, and what its orders are called.

use heddle_clearing::AccountId;
use heddle_clearing::OrderId;
use heddle_clearing::limits::ORDERS_PER_MARKET_MAX;
use heddle_num::Ticks;

/// Neighbouring prices that one maker has, so that what changes together is one account's.
const PRICES_PER_MAKER: u32 = 16;

/// The accounts of a replay.
#[derive(Clone, Debug)]
pub(crate) struct Roster {
    makers: Vec<Member>,
    takers: Vec<Member>,
    next_taker: usize,
}

/// An account.
#[derive(Clone, Copy, Debug)]
struct Member {
    account: AccountId,
    /// The number of its next order.
    next: u32,
    /// Orders that it has open.
    open: usize,
    /// Orders that were named and are not open yet.
    planned: usize,
}

impl Roster {
    /// Of accounts that have never placed an order, in ascending order; at least one of each kind.
    pub(crate) fn new(makers: &[AccountId], takers: &[AccountId]) -> Self {
        let member =
            |account: &AccountId| Member { account: *account, next: 0, open: 0, planned: 0 };
        let members = |accounts: &[AccountId]| accounts.iter().map(member).collect();
        Self { makers: members(makers), takers: members(takers), next_taker: 0 }
    }

    /// Names an order of a maker: the one that this price belongs to, or the next one with room. None when none has room.
    pub(crate) fn name_maker(&mut self, price: Ticks) -> Option<OrderId> {
        let count = self.makers.len();
        let first = (price.get() / PRICES_PER_MAKER) as usize % count;
        let mut order = (first..count).chain(0..first);
        let place = order.find(|place| self.makers[*place].has_room())?;
        Some(self.makers[place].name())
    }

    /// Names an order of the next taker.
    pub(crate) fn name_taker(&mut self) -> OrderId {
        let place = self.next_taker;
        self.next_taker = (place + 1) % self.takers.len();
        self.takers[place].name()
    }

    /// What was named and is not open will never be.
    pub(crate) fn forget_plans(&mut self) {
        self.makers.iter_mut().for_each(|member| member.planned = 0);
    }

    /// Whether an account is a maker.
    pub(crate) fn is_maker(&self, account: AccountId) -> bool {
        self.maker(account).is_some()
    }

    /// An order of a maker is open.
    pub(crate) fn opened(&mut self, account: AccountId) {
        if let Some(place) = self.maker(account) {
            self.makers[place].open += 1;
        }
    }

    /// An order of a maker is gone.
    pub(crate) fn gone(&mut self, account: AccountId) {
        if let Some(place) = self.maker(account) {
            self.makers[place].open -= 1;
        }
    }

    fn maker(&self, account: AccountId) -> Option<usize> {
        self.makers.binary_search_by_key(&account, |member| member.account).ok()
    }
}

impl Member {
    const fn has_room(&self) -> bool {
        self.open + self.planned < ORDERS_PER_MARKET_MAX
    }

    const fn name(&mut self) -> OrderId {
        let number = self.next;
        self.next += 1;
        self.planned += 1;
        OrderId { account: self.account, number }
    }
}
