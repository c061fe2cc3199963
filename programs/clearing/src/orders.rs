//! The open orders of one account in one market, as the account knows them.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_types::Canonical;

use crate::ids::Side;
use crate::instruction::SelfTrade;
use crate::instruction::TimeInForce;
use crate::instruction::Trigger;
use crate::limits::ORDERS_PER_MARKET_MAX;

/// What a user says of a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NewOrder {
    /// The client's own number; zero for none. No two open orders of one account and market have the same.
    pub client: u64,
    /// What it wants.
    pub side: Side,
    /// The worst price that it takes. Not zero.
    pub price: Ticks,
    /// How much. Not zero.
    pub lots: Lots,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// What becomes of it and of an own order that it meets.
    pub self_trade: SelfTrade,
    /// When it becomes active, if not at once.
    pub trigger: Option<Trigger>,
    /// An iceberg: how much of it others see at a time.
    pub display: Option<Lots>,
}

/// An open order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OpenOrder {
    /// Its number among all that the account ever placed.
    pub number: u32,
    /// The client's own number; zero for none.
    pub client: u64,
    /// What it wants.
    pub side: Side,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// The worst price that it takes.
    pub price: Ticks,
    /// What is left of it. Not zero.
    pub lots: Lots,
}

/// Names one of an account's open orders in a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum OrderRef {
    /// By its number.
    Number(u32),
    /// By the client's number. Not zero.
    Client(u64),
}

/// The open orders of one account in one market, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OpenOrders(Vec<OpenOrder>);

impl Canonical for OpenOrders {
    const NAME: &'static str = "open orders";
    const BYTES_MAX: usize = 4 + ORDERS_PER_MARKET_MAX * 26;
}

impl OpenOrders {
    /// All of them, by number.
    #[inline]
    pub fn as_slice(&self) -> &[OpenOrder] {
        &self.0
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[inline]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The order of this name.
    pub fn find(&self, which: OrderRef) -> Option<&OpenOrder> {
        self.place_of(which).map(|place| &self.0[place])
    }

    /// Where the order of this name is.
    #[inline]
    pub(crate) fn place_of(&self, which: OrderRef) -> Option<usize> {
        match which {
            // Most that are asked for are the newest.
            OrderRef::Number(number) if self.0.last().is_some_and(|last| last.number == number) => {
                self.0.len().checked_sub(1)
            }
            OrderRef::Number(number) => {
                self.0.binary_search_by_key(&number, |order| order.number).ok()
            }
            OrderRef::Client(0) => None,
            OrderRef::Client(client) => self.0.iter().position(|order| order.client == client),
        }
    }

    /// Puts an order with the highest number yet.
    #[inline]
    pub(crate) fn push(&mut self, order: OpenOrder) {
        debug_assert!(self.0.last().is_none_or(|last| last.number < order.number));
        self.0.push(order);
    }

    /// Takes `by` lots off the order at `place`, which has at least as many; one with nothing left is gone.
    #[inline]
    pub(crate) fn shrink(&mut self, place: usize, by: Lots) {
        let order = &mut self.0[place];
        order.lots = order.lots.checked_sub(by).expect("no more than the order has left");
        if !order.lots.is_zero() {
            return;
        }
        if place.saturating_add(1) == self.0.len() {
            self.0.pop();
        } else {
            self.0.remove(place);
        }
    }
}
