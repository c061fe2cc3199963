//! Lanes of batches, and the cuts through them that blocks name.
//!
//! Every validator streams what it admitted as a chain of signed batches, its lane. Who has a batch durably says so; a
//! leader's block names, lane by lane, how far it goes: a cut. A validator votes for a cut when it has everything that the
//! cut adds, durably. What a final cut adds is delivered, in one order everywhere, exactly once.
//!
//! ```text
//! owner    -> all     Batch     the next of its lane, once it is durable with the owner
//! all      -> all     Acks      "lane L is durable here up to number s, whose digest is d"
//! leader   -> all     a block with a cut, through agreement; voters hold their vote until Verdict::Available
//! whoever lacks       Fetch     from those who acknowledged it, then from all
//! whoever sees it     Fork      two batches at one place of a lane: nobody names the lane further in this epoch
//! ```
//!
//! The core never does IO and reads no clock: it is told [`Input`]s and answers with ordered [`Action`]s, and is called again at
//! [`Lanes::deadline`]. It must never send a batch or an acknowledgement of what is not durable, never sign two batches at one
//! place, and never hold more than [`limits`] allow, whatever others send. The rules L1 to L12 and why they are enough are in
//! `docs/adr/0008`.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod acks;
mod checks;
mod cut;
mod finals;
mod fork;
mod io;
mod lane;
mod lanes;
pub mod limits;
mod message;
mod own;
mod place;
mod propose;
mod raw;
mod serve;
mod wants;

pub use cut::CutFault;
pub use fork::Fork;
pub use io::{Action, Fault, Input, OwnLane, Proposed, Recovered, Status, Verdict};
pub use lanes::{Config, Lanes};
pub use message::{Acks, Fetch, Message};
pub use place::{Place, Positions};
pub use raw::{MessageError, RawMessage, encode};
pub use serve::serve;
