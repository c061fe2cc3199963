//! What a replay counts and compares.

use std::collections::BTreeMap;

use heddle_clearing::Closed;
use heddle_clearing::Outcome;
use heddle_clearing::Trade;

use super::follow::Executed;
use crate::orderflow::Check;

/// What was counted and compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) rounds: u64,
    /// Times that the market stopped, all orders were cancelled, and all levels placed anew when it went on.
    pub(super) interruptions: u64,
    pub(super) blocks: u64,
    pub(super) sent: u64,
    pub(super) failed: u64,
    /// Deeds that were sent because something came out otherwise than expected.
    pub(super) corrections: u64,
    /// Refused actions by code.
    pub(super) refused: BTreeMap<u16, u64>,
    /// Trades of the chain.
    pub(super) fills: u64,
    /// Of these and those that should have been, the ones that differ.
    pub(super) fills_differing: u64,
    /// Orders that the market closed otherwise than they should have been.
    pub(super) closings_differing: u64,
    /// Best prices of the chain against the recorded ones.
    pub(super) check: Check,
    /// Best prices that no order can have.
    pub(super) too_small: u64,
    /// Whether the chain's best levels were those of the recorded book, after each round.
    pub(super) books: u64,
    pub(super) books_equal: u64,
}

impl Findings {
    /// A block's trades and closings on the chain against those here.
    pub(super) fn compare(&mut self, block: &Executed, outcomes: &[Outcome]) {
        let trades: Vec<Trade> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Trade(trade) => Some(*trade),
                Outcome::Closed(_) | Outcome::Decremented(..) => None,
            })
            .collect();
        let closed: Vec<Closed> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Closed(closed) => Some(*closed),
                Outcome::Trade(_) | Outcome::Decremented(..) => None,
            })
            .collect();
        self.fills += block.trades.len() as u64;
        self.fills_differing += differing(&block.trades, &trades);
        self.closings_differing += differing(&block.closed, &closed);
    }
}

/// Places at which two lists differ.
fn differing<T: PartialEq>(one: &[T], other: &[T]) -> u64 {
    let pairs = one.iter().zip(other).filter(|(one, other)| one != other).count();
    (pairs + one.len().abs_diff(other.len())) as u64
}

#[cfg(test)]
mod tests {
    use heddle_clearing::AccountId;
    use heddle_clearing::CloseReason;
    use heddle_clearing::OrderId;
    use heddle_clearing::Side;
    use heddle_clearing::TradeKind;
    use heddle_num::Lots;
    use heddle_num::Ticks;

    use super::*;

    const fn id(account: u32) -> OrderId {
        OrderId { account: AccountId::new(account), number: 0 }
    }

    const fn trade(lots: u64) -> Trade {
        Trade {
            maker: id(1),
            taker: id(2),
            taker_side: Side::Buy,
            price: Ticks::new(100),
            lots: Lots::new(lots),
            kind: TradeKind::Continuous,
        }
    }

    const fn closed(account: u32) -> Closed {
        Closed { id: id(account), lots: Lots::new(1), reason: CloseReason::Unfilled }
    }

    /// Fills, and places at which trades and closings differ.
    #[track_caller]
    fn check(trades: &[u64], here: &[Outcome], expected: (u64, u64, u64)) {
        let trades = trades.iter().map(|lots| trade(*lots)).collect();
        let block = Executed { trades, closed: vec![closed(7)], ..Executed::default() };
        let mut found = Findings::default();
        found.compare(&block, here);
        assert_eq!((found.fills, found.fills_differing, found.closings_differing), expected);
    }

    #[test]
    fn trades_and_closings_are_compared_place_by_place() {
        let (first, second) = (Outcome::Trade(trade(5)), Outcome::Trade(trade(6)));
        let (ours, other) = (Outcome::Closed(closed(7)), Outcome::Closed(closed(8)));
        check(&[5, 6], &[first, ours, second], (2, 0, 0));
        check(&[5, 6], &[second, ours, first], (2, 2, 0));
        check(&[5, 6], &[first, ours], (2, 1, 0));
        check(&[5], &[first, second, ours], (1, 1, 0));
        check(&[], &[first, other], (0, 1, 1));
        check(&[5], &[first], (1, 0, 1));
    }
}
