//! The seeded simulator, and the local cluster of real validator processes.

pub mod cluster;
