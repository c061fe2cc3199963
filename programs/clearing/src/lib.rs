//! Margin accounts: collateral, positions, what orders may lose, funding, liquidation. `docs/adr/0007-exchange.md` is the whole picture.
//!
//! An account never touches a book: what it wants of a market goes there as an [`Instruction`], and what became of it
//! comes back as an [`Outcome`].
//!
//! | key | value |
//! |---|---|
//! | `"v"` | [`Venue`]: the authority, the collateral asset, fee tiers, how many markets there are |
//! | `"n"` | the number of the next account: 4 bytes, little-endian |
//! | `"i" ‖ owner (32) ‖ sub` | the number of an owner's sub-account: 4 bytes, little-endian |
//! | `"a" ‖ account (4, big-endian)` | [`Account`] |
//! | `"w" ‖ account ‖ market (2, big-endian)` | [`OpenOrders`] of an account in a market |
//! | `"g" ‖ account ‖ address` | [`Agent`] |
//! | `"k"` | [`backstop::Backstops`] |
//! | `"m" ‖ market` | [`MarketParams`] |
//! | `"s" ‖ market` | [`MarketState`]: prices and indices, renewed when a block begins |
//! | `"b" ‖ market` | [`BookSummary`], which the exchange leaves there after matching |
//! | `"t"` | [`RiskTable`]: a row for each market, frozen for the block |
//! | `"o" ‖ market` | the outcomes of this block, an inbox: [`Outcomes`] |
//! | `"x" ‖ account ‖ height (8, big-endian) ‖ part (2)` | outcomes that a frozen account was not settled for |
//! | `"L" ‖ …` | what liquidation keeps: queues, plans, [`liquidation::BadDebt`] |
//! | the resident object `"L" ‖ market` | [`index::LiquidationIndex`] |
//! | `"l" ‖ 0 to 5`, `"f"`, `"p"`, `"z" ‖ market` | [`Lane`]: sums of money, and of lots, that are added to: 16 bytes |

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
mod admin;
mod admission;
mod agent;
mod audit;
pub mod backstop;
mod begin;
mod call;
mod collateral;
mod error;
mod event;
mod exposure;
mod funding;
mod genesis;
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
mod program;
mod reservation;
mod risk_table;
mod settle;
mod settlement;
mod state;
mod suspense;
mod venue;
mod volume;

pub use account::{Account, AccountStatus};
pub use admin::{create_market, declare_market};
pub use agent::{Actor, Agent, Role, authorise};
pub use audit::Count;
pub use call::ClearingCall;
pub use error::ClearingError;
pub use event::{
    AccountFrozen, AccountOpened, AgentRevoked, AgentSet, AuthoritySet, BackstopChanged,
    ClearingEvent, Deleveraged, Deposited, Donated, FundingPaid, Imbalance, InsurancePaid,
    LiquidationOrdered, LossShared, MarketFrozen, Moved, ParamsSet, PositionHandedOver,
    PositionSettled, Time, Withdrawn,
};
pub use exposure::{Exposure, LossBasis, OrderSums};
pub use funding::{Premiums, Worth, index_rise, rate as funding_rate};
pub use genesis::ClearingGenesis;
pub use ids::{AccountId, MarketId, OrderId, Side};
pub use instruction::{
    Instruction, Instructions, Place, SelfTrade, TimeInForce, Trigger, TriggerWhen, market_inbox,
};
pub use keys::{
    Lane, account_key, agent_key, backstops_key, book_summary_key, market_state_key,
    next_account_key, orders_key, owner_key, params_key, risk_table_key, suspense_key, venue_key,
};
pub use margin::{INDEX_ONE, Margin};
pub use mark::{Basis, BookSummary};
pub use market::{MarketInputs, MarketState, Payment};
pub use orders::{NewOrder, OpenOrder, OpenOrders, OrderRef};
pub use outcome::{CloseReason, Closed, Outcome, Outcomes, Trade, TradeKind, outcome_inbox};
pub use params::{
    FeeRates, FundingParams, LiquidationParams, MarginTier, MarkParams, MarketParams,
};
pub use program::Clearing;
pub use risk_table::{MarketStatus, ROW_BYTES, RiskRow, RiskTable};
pub use settle::{Fill, Settled};
pub use state::{
    add_to_lane, read_account, read_lane, read_orders, read_params, read_risk_table, read_venue,
    write_account, write_orders,
};
pub use venue::{Venue, vault};
pub use volume::Volume;
