//! The list of validators, through blocks of signed transactions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod calls;
mod encodings;
mod genesis;
mod streams;
mod vote_keys;
mod world;
