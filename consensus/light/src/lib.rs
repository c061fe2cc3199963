//! A light client: from a checkpoint that its owner trusts it follows the chain of committees, and believes a state that a
//! quorum of the newest one certified. It executes nothing and keeps no blocks.
//!
//! ```text
//! checkpoint --EpochEnd--> committee --EpochEnd--> committee       who decides (rules E2 to E4 of docs/consensus.md)
//!                                         |
//!                               FinalHeader: a commit certificate  what is final (R10)
//!                                         |
//!                               executed root --Proof--> entry     what stands at a key
//! ```
//!
//! Assumed, beyond what a node assumes: of no committee since the checkpoint's, more than a third of the power has ever
//! signed two histories, also after its epoch ended. So a checkpoint must be younger than the time for which those who leave a
//! committee can be held to what they signed; how young it is, is the owner's business.

mod checkpoint;
mod client;
mod error;
mod final_header;

pub use checkpoint::Checkpoint;
pub use client::LightClient;
pub use error::LightError;
pub use final_header::FinalHeader;
pub use final_header::limits;
