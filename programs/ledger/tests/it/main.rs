//! The ledger, through blocks of signed transactions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod assets;
mod encodings;
mod genesis;
mod transfers;
mod world;
