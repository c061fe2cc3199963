//! Fetching what others already have: single blocks that the agreement core misses, ranges of final blocks when this node is
//! behind, and the state of a height when it has none.
//!
//! The core decides whom to ask for what and when to ask another; it moves no bytes, reads no clock and believes nobody: a
//! single block is accepted by its hash, a range by a commit certificate that the agreement core verifies. Peers that lie, stall or
//! have less than was asked cost a retry with another and are avoided for a while.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod blocks;
mod catchup;
mod chunk;
mod io;
pub mod limits;
mod peers;
mod ranges;
mod request;
mod retry;
mod serve;
mod snapshot;

pub use catchup::CatchUp;
pub use io::{Action, Fault, Input};
pub use request::{Request, RequestId, Response};
pub use serve::{Stored, Tail, serve_range};
pub use snapshot::{ChunkAnswer, Offer, SnapshotAction, SnapshotInput};
pub use snapshot::{SnapshotName, SnapshotSession};
