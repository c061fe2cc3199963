//! The real driver: threads, clock, sockets, disk, RPC server, metrics.

pub mod exit;
pub mod home;
pub mod node;
pub mod rpc;
mod run;

pub use run::{
    EvidenceItem, EvidenceReport, RunOptions, SnapshotReport, VerifyOptions, VerifyReport,
    export_evidence, restore, run, snapshot, verify,
};
