//! Prices from publishers: one number a feed and block, which no third of them can move.
//!
//! Publishers sign what they see: a price, how uncertain it is, and when. Each block begins by making of what is fresh one [`Snapshot`] a
//! feed, which all of the block reads: its transactions, its later phases, and the begin items of programs with higher numbers (not
//! the planning of those, which is earlier).
//!
//! | key | value |
//! |---|---|
//! | `"c"` | [`Config`]: the authority, and how many feeds there are |
//! | `"f" ‖ feed (2, big-endian)` | [`Feed`] |
//! | `"p" ‖ feed ‖ publisher (32)` | [`Post`]: the newest of that publisher. A key for each, so that none waits for another |
//! | `"s" ‖ feed` | [`Snapshot`], once there was one |
//! | `"h" ‖ feed` | [`PriceHistory`]: what the time-weighted average is made of |
//!
//! Rules, where a *liar* posts what it wants and everyone else is honest:
//! * **R1** A post counts if its publisher is one of the feed's, it is not older than the feed allows nor from the future, and its
//!   confidence is within the feed's bound.
//! * **R2** A snapshot is made of posts of more than two thirds of the feed's weight. With less, the last one stays, with its time, and
//!   goes stale.
//! * **R3** Price: the weighted median, so that liars of up to a third of the weight, fewer than half of what counts, leave it between
//!   the lowest and the highest honest price. Confidence: the weighted median of how far each publisher says that the price may
//!   be from it, its distance and its own confidence. Time: the weighted median. The same holds for both.
//! * **R4** A publisher's posts have ever later times, none more than half a second after the block's.

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

mod admin;
mod aggregate;
mod begin;
mod call;
mod error;
mod event;
mod feed;
mod genesis;
mod keys;
pub mod limits;
mod median;
mod post;
mod program;
mod publish;
mod quality;
mod snapshot;
mod state;
mod ticks;
mod twap;

pub use aggregate::{Aggregate, Vote, aggregate};
pub use call::{OracleCall, publish_call};
pub use error::OracleError;
pub use event::{FeedCreated, OracleEvent, PriceSnapshot, PublishersChanged};
pub use feed::{Config, Feed, FeedId, Publisher};
pub use genesis::OracleGenesis;
pub use keys::{config_key, feed_key, history_key, post_key, snapshot_key};
pub use median::{Middle, Weighted, middle};
pub use post::{FeedPost, Post};
pub use program::Oracle;
pub use quality::{PriceLimit, Quality, QualityLimits, quality};
pub use snapshot::{Snapshot, read_snapshot};
pub use ticks::TickScale;
pub use twap::{PriceHistory, PriceMark};
