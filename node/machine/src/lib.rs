//! The whole node as one state machine that never does IO.
//!
//! [`Machine`] joins the agreement core, catch-up and the mempool. It is told things ([`Input`]) and answers with an
//! ordered list of things to do ([`Action`]). Two drivers carry them out: `node/validator` with real sockets, disks,
//! threads and clocks, and the simulator in `localnet` with simulated ones. Executing a block is an action; the machine
//! knows neither programs nor state.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod in_flight;
mod io;
mod machine;

pub use io::{Action, Candidate, Input, Status, Ticket};
pub use machine::{Machine, MachineConfig};
