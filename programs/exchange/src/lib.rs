//! Being built: docs/adr/0007-exchange.md.

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

mod book;

pub use book::{
    Band, Book, BrokenInvariant, Corrupt, Env, Level, Matching, Summary, Uncrossing,
    limits as book_limits,
};
