//! The agreement core: two-chain HotStuff with timeout certificates and broadcast votes (Jolteon, arXiv 2106.10362).
//!
//! It never does IO: a driver tells it [`Input`]s with what its clocks say, carries out the [`Action`]s in order, and
//! comes back at [`Replica::deadline`].
//!
//! ```text
//! leader -> all   Proposal     a block on a certified parent                      1 delay
//! all    -> all   Vote         2f+1 make a QC: the next leader proposes           2 delays
//! all    -> all   CommitVote   2f+1 make it and its ancestors final               3 delays
//! anyone -> all   Timeout      f+1 are joined, 2f+1 make a TC: the next view begins
//! ```
//!
//! Deviations from the paper: votes are broadcast, so that every validator forms certificates itself; finality is by
//! explicit commit votes and nothing else; a timeout proves how its view was entered. The safety rules R1 to R10 are in
//! `safety.rs`, one page; `docs/consensus.md` argues for them, and `heddle-model` searches them. Who leads a view is in
//! `leaders.rs`. A replica lives for one epoch, and ends it by the rules E1 to E4 (`epoch.rs`). Leases are not here.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod context;
mod epoch;
mod fetches;
mod io;
mod leaders;
pub mod limits;
mod mute;
mod outbox;
mod own;
mod pacemaker;
mod presence;
mod rates;
mod replica;
mod roots;
mod safety;
mod timeouts;
mod tree;
mod votes;

pub use io::{
    Action, Certificates, CheckedProposal, Evidence, Executed, Input, Message, Now, Recovered,
    Status, UnmuteAnswer, VotingState,
};
pub use leaders::Turn;
pub use pacemaker::PacemakerConfig;
pub use replica::{Config, Replica};
