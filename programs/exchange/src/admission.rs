//! Orders on their way to a book: what the account may lose by them is reserved, then the market's inbox is told.

use heddle_clearing::Account;
use heddle_clearing::Actor;
use heddle_clearing::ClearingError;
use heddle_clearing::Instruction;
use heddle_clearing::MarketId;
use heddle_clearing::NewOrder;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::OrderRef;
use heddle_clearing::RiskRow;
use heddle_clearing::RiskTable;
use heddle_clearing::Role;
use heddle_clearing::Side;
use heddle_clearing::market_inbox;
use heddle_sdk::Abort;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Workspace;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::encode;

use crate::accounts;
use crate::accounts::of_clearing;
use crate::book::Band;
use crate::call::Action;
use crate::call::Batch;
use crate::call::BatchMode;
use crate::error::ExchangeError;
use crate::event::ActionResult;
use crate::event::BatchResult;
use crate::event::ExchangeEvent;
use crate::keys;
use crate::limits::INSTRUCTIONS_PER_ENTRY;
use crate::listing::Market;
use crate::market::Session;
use crate::markets;

/// Why one action is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    ByMarket(ExchangeError),
    ByAccount(ClearingError),
}

/// An account at a market, while a batch is done.
struct Desk {
    id: MarketId,
    account: Account,
    orders: OpenOrders,
    risk: RiskTable,
    row: RiskRow,
    market: Market,
    state: Session,
    /// What the market will be told.
    instructions: Vec<Instruction>,
}

/// Declares what a batch touches.
pub(crate) fn declare(
    batch: &Batch,
    signer: &Address,
    declaration: &mut Declaration<'_>,
) -> Result<(), CallError> {
    let Batch { account, market, .. } = *batch;
    declaration.declare(heddle_clearing::account_key(account), AccessMode::Write)?;
    declaration.declare(heddle_clearing::orders_key(account, market), AccessMode::Write)?;
    declaration.declare(heddle_clearing::risk_table_key(), AccessMode::Read)?;
    declaration.declare(keys::market_key(market), AccessMode::Read)?;
    declaration.declare(keys::session_key(market), AccessMode::Read)?;
    declaration.declare(market_inbox(market), AccessMode::Append)?;
    match batch.role {
        Role::Owner => Ok(()),
        Role::Agent => {
            let agent = heddle_clearing::agent_key(account, signer);
            Ok(declaration.declare(agent, AccessMode::Write)?)
        }
    }
}

/// Does a batch.
pub(crate) fn execute(ctx: &mut CallContext<'_, '_>, batch: &Batch) -> Result<(), CallError> {
    let mut desk = Desk::open(ctx, batch)?;
    let mut results = Vec::with_capacity(batch.actions.len());
    for action in &batch.actions {
        ctx.charge(WORK_PER_ACTION)?;
        match (desk.act(action), batch.mode) {
            (Ok(result), BatchMode::EachAlone | BatchMode::AllOrNothing) => results.push(result),
            (Err(refused), BatchMode::EachAlone) => {
                results.push(ActionResult::Refused(refused.code()));
            }
            (Err(refused), BatchMode::AllOrNothing) => {
                return Err(CallError::Refused(refused.code()));
            }
        }
    }
    desk.close(ctx)?;
    let Batch { account, market, .. } = *batch;
    Ok(ExchangeEvent::Batch(BatchResult { account, market, results }).emit(ctx)?)
}

/// What an action takes, in units of work.
const WORK_PER_ACTION: u64 = 30;

impl Desk {
    fn open(ctx: &mut CallContext<'_, '_>, batch: &Batch) -> Result<Self, CallError> {
        let risk = of_clearing(heddle_clearing::read_risk_table(ctx))?;
        let row = risk.row(batch.market).ok_or(ExchangeError::UnknownMarket)?;
        let actor = Actor { signer: *ctx.signer(), now: ctx.block().time, role: batch.role };
        let notional = batch.notional(row.unit);
        let account =
            of_clearing(heddle_clearing::authorise(ctx, batch.account, &actor, notional))?;
        let orders = of_clearing(heddle_clearing::read_orders(ctx, batch.account, batch.market))?;
        let market = markets::read_market(ctx, batch.market)?;
        let state = markets::read_session(ctx, batch.market)?;
        let instructions = Vec::with_capacity(batch.actions.len());
        Ok(Self { id: batch.market, account, orders, risk, row, market, state, instructions })
    }

    /// Leaves everything where it belongs, and tells the market: a slice has the bytes of [`heddle_clearing::Instructions`].
    fn close(self, state: &mut Workspace<'_>) -> Result<(), Abort> {
        heddle_clearing::write_account(state, &self.account)?;
        heddle_clearing::write_orders(state, (self.account.id, self.id), &self.orders)?;
        for entry in self.instructions.chunks(INSTRUCTIONS_PER_ENTRY) {
            state.append(&market_inbox(self.id), encode(&entry))?;
        }
        Ok(())
    }

    fn act(&mut self, action: &Action) -> Result<ActionResult, Refused> {
        match action {
            Action::Place(order) => self.place(order).map(ActionResult::Order),
            Action::Cancel(which) => self.cancel(*which).map(ActionResult::Order),
            Action::CancelAll => self.cancel_all().map(ActionResult::Cancelled),
            Action::Amend(which, order) => self.amend(*which, order).map(ActionResult::Order),
            Action::CancelAfter(time) => {
                // The last of a batch is what counts.
                let is_other = |other: &Instruction| !matches!(other, Instruction::CancelAfter(..));
                self.instructions.retain(is_other);
                self.instructions.push(Instruction::CancelAfter(self.account.id, *time));
                Ok(ActionResult::Cancelled(0))
            }
        }
    }

    fn place(&mut self, order: &NewOrder) -> Result<u32, Refused> {
        self.check(order)?;
        let place = self.account.place_with(&mut self.orders, &self.risk, &self.row, order)?;
        self.instructions.push(Instruction::Place(place));
        Ok(place.id.number)
    }

    fn cancel(&mut self, which: OrderRef) -> Result<u32, Refused> {
        let order = self.account.cancel(&mut self.orders, &self.row, which)?;
        self.instructions.push(Instruction::Cancel(self.order_id(order.number)));
        Ok(order.number)
    }

    fn cancel_all(&mut self) -> Result<u16, Refused> {
        let mut count = 0_u16;
        while let Some(last) = self.orders.as_slice().last() {
            self.cancel(OrderRef::Number(last.number))?;
            count = count.saturating_add(1);
        }
        Ok(count)
    }

    fn amend(&mut self, which: OrderRef, order: &NewOrder) -> Result<u32, Refused> {
        let old = *self.orders.find(which).ok_or(ClearingError::UnknownOrder)?;
        let is_same = old.side == order.side && old.price == order.price;
        let less = old.lots.checked_sub(order.lots).filter(|less| !less.is_zero());
        if let Some(less) = less.filter(|_| is_same && !order.lots.is_zero()) {
            self.account.reduce(&mut self.orders, &self.row, which, less)?;
            self.instructions.push(Instruction::Reduce(self.order_id(old.number), less));
            return Ok(old.number);
        }
        let before = (self.account.clone(), self.orders.clone(), self.instructions.len());
        let replaced = self.cancel(which).and_then(|_| self.place(order));
        if replaced.is_err() {
            self.account = before.0;
            self.orders = before.1;
            self.instructions.truncate(before.2);
        }
        replaced
    }

    /// What the market says to an order, before the account is asked.
    fn check(&self, order: &NewOrder) -> Result<(), Refused> {
        let rules = &self.market.rules;
        if !self.state.mode().takes_orders() {
            return Err(ExchangeError::MarketClosed.into());
        }
        if order.lots < rules.lots_min || order.lots > rules.lots_max {
            return Err(ExchangeError::InvalidLots.into());
        }
        // At a price far above the mark a single lot would be worth enough.
        let price = order.price.min(self.row.mark);
        let notional = price.notional(order.lots, self.row.unit);
        if !order.reduce_only && notional < rules.notional_min {
            return Err(ExchangeError::NotionalTooSmall.into());
        }
        // An order that waits is measured where it becomes active.
        let from = order.trigger.map_or(self.row.mark, |trigger| trigger.price);
        let band = Band::around(from, from, rules.band);
        let is_within = match order.side {
            Side::Buy => order.price <= band.high,
            Side::Sell => order.price >= band.low,
        };
        if is_within { Ok(()) } else { Err(ExchangeError::PriceOutsideBand.into()) }
    }

    const fn order_id(&self, number: u32) -> OrderId {
        OrderId { account: self.account.id, number }
    }
}

impl Refused {
    /// The code that a receipt or an event shows.
    fn code(self) -> u16 {
        match self {
            Self::ByMarket(error) => error.code(),
            Self::ByAccount(error) => accounts::refused(error),
        }
    }
}

impl From<ExchangeError> for Refused {
    fn from(error: ExchangeError) -> Self {
        Self::ByMarket(error)
    }
}

impl From<ClearingError> for Refused {
    fn from(error: ClearingError) -> Self {
        Self::ByAccount(error)
    }
}
