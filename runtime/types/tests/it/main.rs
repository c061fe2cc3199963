//! The nouns: their bytes, what is refused, what is signed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod batches;
mod blocks;
mod certificates;
mod committee;
mod decoding;
mod ed25519;
mod epoch_end;
mod fixture;
mod golden;
mod possessions;
mod protocol;
mod roundtrip;
mod schemes;
mod snapshot;
mod text;
mod transaction;
