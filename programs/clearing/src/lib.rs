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

mod account;
mod admission;
pub mod backstop;
mod error;
mod exposure;
mod funding;
mod ids;
pub mod index;
mod instruction;
mod keys;
pub mod limits;
pub mod liquidation;
pub mod loss;
mod margin;
mod mark;
mod market;
mod orders;
mod outcome;
mod params;
mod reservation;
mod risk_table;
mod settle;
mod volume;

pub use account::{Account, AccountStatus};
pub use error::ClearingError;
pub use exposure::{Exposure, LossBasis, OrderSums};
pub use funding::{Premiums, Worth, index_rise, rate as funding_rate};
pub use ids::{AccountId, MarketId, OrderId, Side};
pub use instruction::{
    Instruction, Instructions, Place, SelfTrade, TimeInForce, Trigger, TriggerWhen, market_inbox,
};
pub use keys::{
    Lane, account_key, agent_key, book_summary_key, market_state_key, next_account_key, orders_key,
    owner_key, params_key, risk_table_key, suspense_key, venue_key,
};
pub use margin::{INDEX_ONE, Margin};
pub use mark::{Basis, BookSummary};
pub use market::MarketState;
pub use orders::{NewOrder, OpenOrder, OpenOrders, OrderRef};
pub use outcome::{CloseReason, Closed, Outcome, Outcomes, Trade, TradeKind, outcome_inbox};
pub use params::{
    FeeRates, FundingParams, LiquidationParams, MarginTier, MarkParams, MarketParams,
};
pub use risk_table::{MarketStatus, ROW_BYTES, RiskRow, RiskTable};
pub use settle::{Fill, Settled};
pub use volume::Volume;
