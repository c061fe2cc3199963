//! The real driver: threads, clock, sockets, disk, RPC server, metrics.

pub mod rpc;
