//! Orders as tests write them.

use heddle_clearing::AccountId;
use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trade;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_num::Lots;
use heddle_num::Ticks;

/// An order without conditions, good till cancelled.
pub(crate) fn limit(id: OrderId, side: Side, price: u32, lots: u64) -> Place {
    Place {
        id,
        side,
        price: Ticks::new(price),
        lots: Lots::new(lots),
        time_in_force: TimeInForce::GoodTillCancelled,
        reduce_only: false,
        self_trade: SelfTrade::Abort,
        trigger: None,
        display: None,
        is_liquidation: false,
    }
}

pub(crate) fn order_id(account: u32, number: u32) -> OrderId {
    OrderId { account: AccountId::new(account), number }
}

/// The worst price that an order of this side can take: what others call a market order.
pub(crate) fn worst_price(side: Side) -> u32 {
    match side {
        Side::Buy => u32::MAX,
        Side::Sell => 1,
    }
}

/// Runs a block and checks the book after it.
pub(crate) fn run(book: &mut Book, env: &Env, instructions: &[Instruction]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    book.run_block(env, instructions, &mut outcomes);
    book.audit(env.mode).unwrap();
    outcomes
}

pub(crate) fn trades(outcomes: &[Outcome]) -> Vec<Trade> {
    let trade = |outcome: &Outcome| match outcome {
        Outcome::Trade(trade) => Some(*trade),
        Outcome::Closed(_) | Outcome::Decremented(..) => None,
    };
    outcomes.iter().filter_map(trade).collect()
}
