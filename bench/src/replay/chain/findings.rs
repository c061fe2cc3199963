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
