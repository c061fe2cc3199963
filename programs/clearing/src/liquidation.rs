//! Liquidation: the ladder on which an account stands that has lost its margin. `docs/adr/0007-exchange.md` has the order of its steps.
//!
//! Rules on plain amounts; what they are applied to, and when, is in the phases.

mod deleverage;
mod health;
mod price;
mod slice;
mod threshold;

#[cfg(test)]
mod tests;

pub use deleverage::{Counterparty, Deleveraging, Match, Owing, deleverage};
pub use health::{Health, Rung};
pub use price::{Closing, ClosingError, FillablePrice, Marked, Spread};
pub use slice::{RestoringRates, Slicing, largest, restoring_lots};
pub(crate) use threshold::INDEX_ONE;
pub use threshold::{LotWorth, MarketWorth, Threshold, share};
