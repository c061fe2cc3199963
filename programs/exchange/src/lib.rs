//! Markets: orders, books, matching, auctions, circuit breakers.
//!
//! `docs/adr/0007-exchange.md` says which object knows what; a trader's view is `docs/guide/trading.md`.
//!
//! | key | value |
//! |---|---|
//! | `"g"` | the authority's address |
//! | `"n"` | how many markets there are: 2 bytes, little-endian |
//! | `"m" ‖ market (2, big-endian)` | [`Market`] |
//! | `"s" ‖ market` | [`Session`] |
//! | `"i" ‖ market` | the market's inbox: [`heddle_clearing::Instructions`] of this block |
//! | object `"book" ‖ market` | the [`Book`] |

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

mod accounts;
mod admission;
mod band;
mod book;
mod call;
mod error;
mod event;
mod genesis;
mod keys;
pub mod limits;
mod listing;
mod market;
mod markets;
mod matching;
mod program;
pub mod query;
mod window;

pub use book::{
    Band, Book, BrokenInvariant, Corrupt, Env, Level, Matching, Summary, Uncrossing,
    limits as book_limits,
};
pub use call::{Action, Batch, BatchMode, ExchangeCall, NewMarket};
pub use error::ExchangeError;
pub use event::{ActionResult, BatchResult, Closings, ExchangeEvent, ModeChanged, Trades};
pub use genesis::ExchangeGenesis;
pub use keys::{authority_key, book_key, count_key, market_key, session_key};
pub use listing::{Market, MarketName, ParseNameError};
pub use market::{Breaker, InvalidRules, MarketMode, MarketRules, ModeChange, Session};
pub use program::Exchange;
