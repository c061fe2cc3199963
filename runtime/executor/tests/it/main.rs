//! The executor's rules, each by a test, and random blocks.

mod deposits;
mod open;
mod phases;
mod random;
mod rig;
mod rules;
mod simulation;
mod skips;
