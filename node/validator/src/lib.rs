//! The real driver: threads, clock, sockets, disk, RPC server, metrics.

pub mod exit;
pub mod home;
pub mod node;
pub mod rpc;
