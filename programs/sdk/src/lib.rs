//! The contract between the runtime and native programs.
//!
//! A program is a [`Program`]: it says from a call's bytes which keys the call will touch, it executes calls, and it may
//! take part in the block's [`Phase`]s. Everything that it touches goes through a [`Workspace`], which checks access
//! strictly, meters work, and keeps effects back until the whole transaction, or the whole phase item, has succeeded.
//!
//! What is too large to be read and written whole by every item, such as an order book, is a [`resident`] object.
//!
//! What the runtime itself knows of state is in [`native`]: where nonces and native balances are, and which accounts
//! hold fees and deposits. Prices are in [`fees`].
//!
//! This crate does no IO and holds no state. The harness that runs blocks of calls against state in memory is
//! `heddle_executor::testing`, because it needs the executor.

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

mod base;
mod context;
pub mod fees;
mod genesis;
pub mod limits;
pub mod native;
mod number;
mod opened;
mod phase;
mod program;
mod registry;
pub mod resident;
mod slot;
mod workspace;

pub use heddle_types::BlockSpace;

pub use base::{Base, BlockStart, Blocked};
pub use context::{BlockInfo, CallContext, CallInfo};
pub use genesis::{EntryFault, GenesisView, NO_SECTION, SectionError, genesis_state};
pub use number::{NUMBER_LEN, add_to_value, decode_number, encode_number};
pub use phase::{InboxEntry, Inboxes, Phase, PhaseContext, PhaseView, WorkItem};
pub use program::{CallError, Declaration, Described, ErrorText, Program, SetFull};
pub use registry::{FailureText, Programs, UNKNOWN_PROGRAM};
pub use resident::{RESIDENT_TAG, Resident, ResidentKey};
pub use workspace::{Abort, Appended, Change, Permission, Scratch, Stopped, Workspace};
