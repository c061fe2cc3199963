//! What each account has open, as it was told so far: with it a batch's results become the instructions that the market got.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use heddle_clearing::AccountId;
use heddle_clearing::Closed;
use heddle_clearing::Instruction;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderId;
use heddle_clearing::OrderRef;
use heddle_clearing::Place;
use heddle_clearing::Trade;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::Batch;
use heddle_num::Lots;
use thiserror::Error;

/// Open orders of all accounts.
#[derive(Clone, Debug, Default)]
pub(super) struct Desks {
    orders: HashMap<OrderId, Open>,
    by_client: HashMap<(AccountId, u64), OrderId>,
    /// The number of each account's next order, takers' included.
    next: BTreeMap<AccountId, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    client: u64,
    lots: Lots,
}

/// A result that no action of the batch can have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "account {account}: found {found}, expected a result of {expected}; this is a bug, please report it"
)]
pub(super) struct Unexplained {
    account: AccountId,
    found: String,
    expected: String,
}

/// What a batch came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// What the market was told.
    pub(super) instructions: Vec<Instruction>,
    /// Codes of what was refused.
    pub(super) refused: Vec<u16>,
}

impl Desks {
    /// Takes in what became of a batch, as admission did it: a cancel or reduction releases at once.
    pub(super) fn tell(
        &mut self,
        batch: &Batch,
        results: &[ActionResult],
        told: &mut Told,
    ) -> Result<(), Unexplained> {
        let unexplained = |found: String, expected: String| Unexplained {
            account: batch.account,
            found,
            expected,
        };
        if batch.actions.len() != results.len() {
            let (found, expected) = (results.len(), batch.actions.len());
            return Err(unexplained(format!("{found} results"), format!("{expected} actions")));
        }
        for (action, result) in batch.actions.iter().zip(results) {
            let done = match result {
                ActionResult::Refused(code) => {
                    told.refused.push(*code);
                    continue;
                }
                ActionResult::Cancelled(_) => None,
                ActionResult::Order(number) => {
                    let id = OrderId { account: batch.account, number: *number };
                    self.done(action, id, &mut told.instructions)
                }
            };
            done.ok_or_else(|| unexplained(format!("{result:?}"), format!("{action:?}")))?;
        }
        Ok(())
    }

    /// Takes in what a block's matching did to open orders.
    pub(super) fn settle(&mut self, trades: &[Trade], closed: &[Closed]) {
        for trade in trades {
            self.traded(trade.maker, trade.lots);
            self.traded(trade.taker, trade.lots);
        }
        for closed in closed {
            self.forget(closed.id);
        }
    }

    /// Forgets all open orders: they were cancelled.
    pub(super) fn clear(&mut self) {
        self.orders.clear();
        self.by_client.clear();
    }

    /// Accounts with open orders.
    pub(super) fn accounts(&self) -> BTreeSet<AccountId> {
        self.orders.keys().map(|id| id.account).collect()
    }

    /// The number of each account's next order, of those that placed one.
    pub(super) const fn next(&self) -> &BTreeMap<AccountId, u32> {
        &self.next
    }

    fn done(&mut self, action: &Action, id: OrderId, out: &mut Vec<Instruction>) -> Option<()> {
        match action {
            Action::Place(order) => {
                self.open_order(id, order);
                out.push(Instruction::Place(placed(id, order)));
            }
            Action::Cancel(which) => {
                let found = self.find(id.account, *which).filter(|found| *found == id)?;
                self.forget(found);
                out.push(Instruction::Cancel(id));
            }
            Action::Amend(which, order) => self.amended(*which, order, id, out)?,
            Action::CancelAll | Action::CancelAfter(_) => return None,
        }
        Some(())
    }

    /// Less at the same price keeps its number; anything else is a cancel and a new order.
    fn amended(
        &mut self,
        which: OrderRef,
        order: &NewOrder,
        id: OrderId,
        out: &mut Vec<Instruction>,
    ) -> Option<()> {
        let old = self.find(id.account, which)?;
        if old == id {
            let open = self.orders.get_mut(&id)?;
            let by = open.lots.checked_sub(order.lots)?;
            open.lots = order.lots;
            out.push(Instruction::Reduce(id, by));
        } else {
            self.forget(old);
            self.open_order(id, order);
            out.push(Instruction::Cancel(old));
            out.push(Instruction::Place(placed(id, order)));
        }
        Some(())
    }

    fn find(&self, account: AccountId, which: OrderRef) -> Option<OrderId> {
        match which {
            OrderRef::Number(number) => Some(OrderId { account, number }),
            OrderRef::Client(client) => self.by_client.get(&(account, client)).copied(),
        }
    }

    /// Takers' orders have no number of the client's, and never rest.
    fn open_order(&mut self, id: OrderId, order: &NewOrder) {
        self.next.insert(id.account, id.number + 1);
        if order.client != 0 {
            self.orders.insert(id, Open { client: order.client, lots: order.lots });
            self.by_client.insert((id.account, order.client), id);
        }
    }

    fn forget(&mut self, id: OrderId) {
        if let Some(open) = self.orders.remove(&id) {
            self.by_client.remove(&(id.account, open.client));
        }
    }

    fn traded(&mut self, id: OrderId, lots: Lots) {
        let Some(open) = self.orders.get_mut(&id) else { return };
        match open.lots.checked_sub(lots).filter(|left| !left.is_zero()) {
            Some(left) => open.lots = left,
            None => self.forget(id),
        }
    }
}

/// As admission names it.
const fn placed(id: OrderId, order: &NewOrder) -> Place {
    Place {
        id,
        side: order.side,
        price: order.price,
        lots: order.lots,
        time_in_force: order.time_in_force,
        reduce_only: order.reduce_only,
        self_trade: order.self_trade,
        trigger: order.trigger,
        display: order.display,
        is_liquidation: false,
    }
}

#[cfg(test)]
mod tests;
