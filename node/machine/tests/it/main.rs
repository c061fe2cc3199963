//! The machine, told things by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod chain;
mod follower;
mod forwarding;
mod order;
mod reserved;
