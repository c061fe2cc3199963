//! Liquidation: the ladder on which an account stands that has lost its margin. `docs/adr/0007-exchange.md` has the order of its steps.
//!
//! Rules on plain amounts; what they are applied to, and when, is in the phases.

mod deleverage;
mod health;
mod keys;
mod phases;
mod price;
mod records;
mod slice;
mod threshold;
mod transfer;

#[cfg(test)]
mod tests;

pub use deleverage::{Counterparty, Deleveraging, Match, Owing, deleverage};
pub use health::{Health, Rung};
pub use keys::{BadDebt, index_of, touched_inbox};
pub use phases::{complete_risk, plan_begin, plan_find, plan_fold, plan_risk, run, touch};
pub(crate) use phases::{failed, load};
pub use price::{Closing, ClosingError, FillablePrice, Marked, Spread, insurance_fee};
pub use records::Touched;
pub use slice::{RestoringRates, Slicing, largest, restoring_lots};
pub use threshold::{LotWorth, MarketWorth, Threshold, share};
pub use transfer::{Exchange, Which};
