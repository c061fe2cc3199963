//! Many validators together: simulated, and as a cluster whose node is a stand-in, so that a misbehaving one can be had.
//! The real node runs in `node/cli`'s tests.

mod architecture;
mod cluster;
mod simulator;
