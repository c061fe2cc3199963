//! The accounts of a stream: what their orders may cost is reserved, and what became of them is settled.
//!
//! One cross-margin account each, in one market, with more collateral than it needs: no order is refused. What an account placed, cancelled and
//! traded goes through [`Account::place_with`], [`Account::cancel`] and [`Account::settle`], its volume and fee tier included.

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::ClearingError;
use heddle_clearing::NewOrder;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::OrderRef;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::RiskRow;
use heddle_clearing::RiskTable;
use heddle_clearing::Settled;
use heddle_exchange::Book;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_types::Address;
use heddle_types::UnixMillis;

use crate::book::market;

/// What each account has to begin with: more than any requirement.
const CASH: Quote = Quote::new(1 << 80);

/// All accounts, by their number.
pub(super) struct Accounts {
    holders: Vec<Holder>,
    risk: RiskTable,
    row: RiskRow,
    /// What went to the house.
    fees: Quote,
    /// What positions changed by, all together.
    lots: i64,
}

/// An account, and what it has in the market.
pub(super) struct Holder {
    pub(super) account: Account,
    pub(super) orders: OpenOrders,
    /// What is to be settled.
    due: Vec<Outcome>,
    /// Whether it changed since it was last stored.
    is_dirty: bool,
}

impl Accounts {
    /// So many accounts that never traded.
    pub(super) fn new(count: u32) -> Self {
        let row = market::row(market::FIRST_MARK);
        Self {
            holders: (0..count).map(AccountId::new).map(Holder::new).collect(),
            risk: RiskTable::new(&market::VOLUMES, &[row]),
            row,
            fees: Quote::ZERO,
            lots: 0,
        }
    }

    /// Begins a block at a mark. What an account's orders may lose is measured against it once the account places one.
    pub(super) fn renew(&mut self, mark: Ticks) {
        self.row = market::row(mark);
        self.risk = RiskTable::new(&market::VOLUMES, &[self.row]);
    }

    /// Reserves what an order may cost, and gives it as the market hears of it.
    #[inline]
    pub(super) fn place(&mut self, wish: &Place) -> Result<Place, ClearingError> {
        let Holder { account, orders, is_dirty, .. } = &mut self.holders[index(wish.id.account)];
        *is_dirty = true;
        account.place_with(orders, &self.risk, &self.row, &new_order(wish))
    }

    /// Releases what was reserved for an order.
    #[inline]
    pub(super) fn cancel(&mut self, id: OrderId) -> Result<(), ClearingError> {
        let Holder { account, orders, is_dirty, .. } = &mut self.holders[index(id.account)];
        *is_dirty = true;
        account.cancel(orders, &self.row, OrderRef::Number(id.number)).map(|_| ())
    }

    /// Settles a block's outcomes, account by account, each account's in the order in which they happened.
    pub(super) fn settle(
        &mut self,
        outcomes: &[Outcome],
        now: UnixMillis,
    ) -> Result<(), ClearingError> {
        for outcome in outcomes {
            self.hand_out(outcome);
        }
        for holder in self.holders.iter_mut().filter(|holder| !holder.due.is_empty()) {
            let settled = holder.settle(&self.row)?;
            holder.account.volume.add(now, settled.volume);
            holder.account.fee_tier = self.risk.fee_tier(holder.account.volume.at(now));
            self.fees = self.fees.checked_add(settled.fees).ok_or(ClearingError::Overflow)?;
            self.lots += settled.lots.get();
        }
        Ok(())
    }

    /// Gives an outcome to whom it is about.
    #[inline]
    fn hand_out(&mut self, outcome: &Outcome) {
        let mut give = |id: OrderId| self.holders[index(id.account)].due.push(*outcome);
        match outcome {
            Outcome::Trade(trade) => {
                give(trade.maker);
                give(trade.taker);
            }
            Outcome::Closed(closed) => give(closed.id),
            Outcome::Decremented(id, _) => give(*id),
        }
    }

    /// The accounts that changed since they were last asked for, by their number.
    pub(super) fn take_dirty(&mut self) -> impl Iterator<Item = &Holder> {
        self.holders
            .iter_mut()
            .filter_map(|holder| std::mem::take(&mut holder.is_dirty).then_some(&*holder))
    }

    /// All accounts, by their number.
    pub(super) fn all(&self) -> &[Holder] {
        &self.holders
    }

    /// Whether money and lots are where they must be, and every account knows the orders that the book has, and no others.
    pub(super) fn are_right(&self, book: &Book) -> bool {
        let count = i128::try_from(self.holders.len()).unwrap_or(i128::MAX);
        let net = self.holders.iter().map(|holder| holder.account.net().map(Quote::get));
        let money = net.sum::<Result<i128, _>>().map(|net| net + self.fees.get());
        money == Ok(CASH.get() * count)
            && self.lots == 0
            && self.holders.iter().all(|holder| holder.is_right(book))
    }
}

impl Holder {
    fn new(id: AccountId) -> Self {
        let mut owner = [0; 32];
        owner[..4].copy_from_slice(&id.get().to_le_bytes());
        let mut account = Account::new(id, Address(owner), 0);
        account.cash = CASH;
        Self { account, orders: OpenOrders::default(), due: Vec::new(), is_dirty: true }
    }

    fn settle(&mut self, row: &RiskRow) -> Result<Settled, ClearingError> {
        let settled = self.account.settle(&mut self.orders, row, &self.due)?;
        self.due.clear();
        self.is_dirty = true;
        Ok(settled)
    }

    fn is_right(&self, book: &Book) -> bool {
        let exposure = self.account.exposure(market::ID);
        let position = exposure.map(|exposure| exposure.lots).unwrap_or_default();
        let resting = book.orders_of(self.account.id);
        let resting = resting.iter().map(|place| (place.id.number, place.price, place.lots));
        let known = self.orders.as_slice().iter();
        book.position(self.account.id) == position
            && resting.eq(known.map(|order| (order.number, order.price, order.lots)))
    }
}

fn index(account: AccountId) -> usize {
    account.get() as usize
}

/// As the user says it.
#[inline]
fn new_order(wish: &Place) -> NewOrder {
    NewOrder {
        client: 0,
        side: wish.side,
        price: wish.price,
        lots: wish.lots,
        time_in_force: wish.time_in_force,
        reduce_only: wish.reduce_only,
        self_trade: wish.self_trade,
        trigger: wish.trigger,
        display: wish.display,
    }
}
