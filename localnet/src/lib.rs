//! Many validators on one machine: the seeded simulator, and the local cluster of real processes.

pub mod cluster;
pub mod simulator;
