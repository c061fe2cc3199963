//! What a node keeps on disk: blocks, certificates, outcomes and state in RocksDB, and the safety file.
//!
//! Calls block until what they store is durable. Nothing here decides anything: a write that failed, a checksum that does
//! not match or a root that is not reproduced is an error for the caller to stop on, never papered over. Wrong data is never
//! answered: RocksDB's checksums cover every stored byte, blocks are compared with their hash, receipts with their root,
//! and the state with the root of the height that it claims.

mod applier;
mod create;
mod epochs;
mod error;
mod evidence;
mod outcome;
mod prune;
mod read;
mod recovery;
mod safety_file;
mod schema;
mod snapshot;
mod storage;
mod tables;

pub use epochs::Candidates;
pub use error::StorageError;
pub use evidence::EvidenceRow;
pub use outcome::{FinalRecord, Outcome, PhaseEvents, TxLocation};
pub use prune::KEPT_MIN;
pub use recovery::{RECENT_MAX, Recovery};
pub use safety_file::{
    LEASE_VIEWS, MuteReason, Remembered, SafetyError, SafetyFile, SafetyMode, SafetyState,
    lease_to_take,
};
pub use snapshot::{Snapshot, SnapshotFiles, SnapshotOf, SnapshotSummary};
pub use snapshot::{restore_snapshot, take_snapshot};
pub use storage::{LastFinal, Storage};
