//! Many validators together: simulated, and as a cluster whose node is a stand-in, so that a misbehaving one can be had.
//! The real node runs in `node/cli`'s tests.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod architecture;
mod byzantine;
mod cluster;
mod simulator;
