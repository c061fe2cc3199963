//! Clearing as those see it who build on it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod admission;
mod cases;
mod liquidation_cases;
mod margin;
mod settlement;
mod sufficiency;
mod world;
