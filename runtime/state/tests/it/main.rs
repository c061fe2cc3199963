//! The state tree against a naive reference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod chunks;
mod decoding;
mod history;
mod proofs;
mod reference;
mod roots;
mod scans;
