//! The executor's rules, each by a test, and random blocks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod books;
mod deposits;
mod execution;
mod open;
mod parallel;
mod phases;
mod random;
mod residents;
mod rig;
mod rules;
mod simulation;
mod skips;
mod space;
