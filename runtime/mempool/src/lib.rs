//! The pool of transactions that one node admitted and no final block holds yet.
//!
//! Pure and synchronous: it is told what state says and what was executed, and answers. Nothing leaves the pool by being
//! proposed; a transaction leaves when an executed final block held it, used its nonce, or passed its last height. So a
//! payload whose block never became final is simply built again.
//!
//! What takes reserved block space ([`heddle_types::BlockSpace`]) has room of its own at every place where there could be too
//! little: in the pool, in what is forwarded, and a share of each payload. It is a promise of an honest leader, not a rule of the
//! chain: a block that breaks it is valid.
//!
//! It must never hold more than its bounds, forget an admitted transaction without a [`Dropped`], or say
//! [`Refusal::never`] of one that some block may still hold.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod checks;
mod config;
mod forward;
mod lane;
mod order;
mod payload;
mod pool;
mod refusal;
mod space;

pub use config::{Config, PayloadLimits, Room, Share};
pub use pool::{AccountView, DropReason, Dropped, Mempool, Origin, Terms};
pub use refusal::{Admission, Refusal};
