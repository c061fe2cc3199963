//! Clearing as those see it who build on it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod admission;
mod blocks;
mod cases;
mod chain;
mod collateral;
mod conservation;
mod encodings;
mod liquidation_cases;
mod liquidation_chain;
mod liquidation_programs;
mod liquidation_world;
mod margin;
mod settlement;
mod sufficiency;
mod world;
