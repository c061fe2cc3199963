//! Execution of ordered blocks.
//!
//! [`Sequential`] is the specification: whatever executes blocks must give its result, byte for byte. The module
//! `sequential` is written to be read first; the others are its parts.
//!
//! This crate does no IO and never sees a program crate: programs come in through [`heddle_sdk::Programs`], state through
//! [`heddle_types::StateView`], and everything that a block does goes out in a [`BlockOutcome`]. The state root is computed
//! elsewhere, from the outcome's changes.
//!
//! [`testing`] is the harness for programs' tests.

#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm
)]

mod advice;
mod block;
mod block_state;
mod declare;
mod effects;
mod execution;
pub mod measuring;
mod overlay;
mod panics;
mod parallel;
mod phases;
mod plan;
mod residents;
mod sequential;
mod simulate;
pub mod testing;
mod transaction;

pub use advice::advice;
pub use block::{BlockInput, BlockOutcome, Executor, SkipReason};
pub use declare::{block_space, declared_access, declared_by, required_fee};
pub use execution::{BlockExecution, Clock, ExecutionMode, HotKey, Stage, StageTime};
pub use execution::{HOT_KEYS_MAX, SPANS_MAX};
pub use heddle_engine::{Choice, Config, Reason};
pub use parallel::Parallel;
pub use sequential::Sequential;
pub use simulate::{Simulation, simulate};
