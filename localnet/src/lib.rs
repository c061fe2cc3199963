//! Many validators on one machine: the seeded simulator, and the local cluster of real processes with its price feed.

pub mod chaos;
pub mod cluster;
pub mod feed;
pub mod simulator;
