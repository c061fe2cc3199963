//! The core against peers that answer, lie, stall and lose.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test's helpers cannot do fails the test"
)]

mod blocks;
mod chain;
mod network;
mod ranges;
mod schedules;
mod snapshots;
