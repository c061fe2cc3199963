//! One running node: the threads around the machine.
//!
//! ```text
//!  network -----> checks (workers) ----+
//!  RPC ---------> checks (workers) ----+--> driver (one thread: the machine, store, safety file)
//!                                      |        |                     |
//!                                      |        v                     v
//!                                      +-- execution (one thread)   network
//! ```
//!
//! The driver's thread alone decides. Everything that takes long and decides nothing is elsewhere: signatures on the
//! workers, execution and hashing on the execution thread, bytes on the network's runtime. What waits for the driver, the workers
//! and the thread that reads the store waits in turns, see `turns`.

mod accounts;
mod addresses;
mod backend;
mod beginning;
mod behind;
mod blocks;
mod check_queues;
mod checks;
mod clock;
mod committees;
mod dev;
mod driver;
mod events;
mod evidence;
mod execution;
mod execution_metrics;
mod executions;
mod executor;
mod export;
mod fatal;
mod faucet;
mod follow;
mod housekeeping;
mod inbox;
mod join;
mod known;
mod markets;
mod metrics;
mod network;
mod open;
mod peers;
mod pending;
mod proofs;
mod public;
mod receipts;
mod refusal;
mod run;
mod serve;
mod shared;
mod snapshots;
mod store;
mod told;
mod transactions;
mod turns;
mod validators;
mod verify;
mod whole;

pub(crate) use export::export_evidence;
pub use open::{initialise, programs};
pub(crate) use run::{Ended, Role, run};
pub(crate) use snapshots::{restore, snapshot};
pub(crate) use verify::verify;
