//! The oracle, through blocks of signed transactions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod admin;
mod cases;
mod encodings;
mod posts;
mod snapshots;
mod streams;
mod world;
