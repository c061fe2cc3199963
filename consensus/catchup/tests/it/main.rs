//! The core against peers that answer, lie, stall and lose.

mod blocks;
mod chain;
mod network;
mod ranges;
mod schedules;
