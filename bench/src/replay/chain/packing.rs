//! From named deeds to what accounts sign: batches of actions, as many as fit a transaction.
//!
//! Orders go by the client's number, which says side and price: an order that was numbered otherwise than expected, because one
//! before it was refused, is found all the same.

use heddle_clearing::AccountId;
use heddle_clearing::Instruction;
use heddle_clearing::MarketId;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderRef;
use heddle_clearing::Place;
use heddle_clearing::Role;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_exchange::Action;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_num::Lots;
use heddle_types::limits::CALLS_MAX;

use crate::orderflow::Deed;
use crate::orderflow::LevelKey;
use crate::orderflow::Named;

/// Actions of one batch.
const ACTIONS_MAX: usize = 32;
/// Actions of one transaction: of the longest ones, of 40 bytes, with what stands around each batch they fit 16 KiB.
const ACTIONS_PER_TX: usize = 320;

/// The client's number of a level's order. Never zero, as no price is.
pub(super) const fn client_of(key: LevelKey) -> u64 {
    (key.price.get() as u64) * 2 + key.side as u64
}

/// The deeds in transactions, each in batches. What one account does stays in order.
pub(super) fn pack(named: &[Named], market: MarketId) -> Vec<Vec<Batch>> {
    let mut parcels: Vec<Parcel> = Vec::new();
    for (account, action) in named.iter().filter_map(action_of) {
        if !parcels.last_mut().is_some_and(|last| last.try_add(account, action)) {
            let mut parcel = Parcel { market, batches: Vec::new(), actions: 0 };
            parcel.try_add(account, action);
            parcels.push(parcel);
        }
    }
    parcels.into_iter().map(|parcel| parcel.batches).collect()
}

/// A transaction that is being filled.
struct Parcel {
    market: MarketId,
    batches: Vec<Batch>,
    actions: usize,
}

impl Parcel {
    /// Adds an action behind all others of its account; false if there is no room for it.
    fn try_add(&mut self, account: AccountId, action: Action) -> bool {
        if self.actions == ACTIONS_PER_TX {
            return false;
        }
        let place = self.batches.iter().rposition(|batch| batch.account == account);
        let place = place.filter(|place| self.batches[*place].actions.len() < ACTIONS_MAX);
        match place {
            Some(place) => self.batches[place].actions.push(action),
            None if self.batches.len() == CALLS_MAX => return false,
            None => self.batches.push(Batch {
                account,
                role: Role::Owner,
                market: self.market,
                mode: BatchMode::EachAlone,
                actions: vec![action],
            }),
        }
        self.actions += 1;
        true
    }
}

fn action_of(named: &Named) -> Option<(AccountId, Action)> {
    let name = |key: LevelKey| OrderRef::Client(client_of(key));
    Some(match (named.deed, named.instruction) {
        (Deed::Place(key, _), Instruction::Place(place)) => {
            (place.id.account, Action::Place(order(&place, client_of(key))))
        }
        (Deed::Take(_), Instruction::Place(place)) => {
            (place.id.account, Action::Place(order(&place, 0)))
        }
        (Deed::Cancel(key), Instruction::Cancel(id)) => (id.account, Action::Cancel(name(key))),
        (Deed::Reduce(key, to), Instruction::Reduce(id, _)) => {
            (id.account, Action::Amend(name(key), resting(key, to)))
        }
        (Deed::Withdraw(_), Instruction::Cancel(id)) => {
            (id.account, Action::Cancel(OrderRef::Number(id.number)))
        }
        _ => return None,
    })
}

const fn order(place: &Place, client: u64) -> NewOrder {
    NewOrder {
        client,
        side: place.side,
        price: place.price,
        lots: place.lots,
        time_in_force: place.time_in_force,
        reduce_only: place.reduce_only,
        self_trade: place.self_trade,
        trigger: place.trigger,
        display: place.display,
    }
}

/// What an order is to be after a reduction.
const fn resting(key: LevelKey, lots: Lots) -> NewOrder {
    NewOrder {
        client: client_of(key),
        side: key.side,
        price: key.price,
        lots,
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
        self_trade: SelfTrade::CancelProvide,
        trigger: None,
        display: None,
    }
}

const _: () = assert!(Side::Sell as u64 == 1);

#[cfg(test)]
mod tests;
