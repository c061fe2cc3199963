//! Margin accounts: collateral, positions, what orders may lose, funding, liquidation. `docs/adr/0007-exchange.md` is the whole picture.
//!
//! An account never touches a book: what it wants of a market goes there as an [`Instruction`], and what became of it
//! comes back as an [`Outcome`].

#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects
)]

pub mod backstop;
mod ids;
pub mod index;
mod instruction;
pub mod limits;
pub mod liquidation;
pub mod loss;
mod outcome;

pub use ids::{AccountId, MarketId, OrderId, Side};
pub use instruction::{
    Instruction, Instructions, Place, SelfTrade, TimeInForce, Trigger, TriggerWhen, market_inbox,
};
pub use outcome::{CloseReason, Closed, Outcome, Outcomes, Trade, TradeKind, outcome_inbox};
