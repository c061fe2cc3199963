//! The executor's rules, each by a test, and random blocks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod deposits;
mod execution;
mod open;
mod phases;
mod random;
mod rig;
mod rules;
mod simulation;
mod skips;
