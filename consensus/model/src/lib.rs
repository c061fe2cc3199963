//! The rules of agreement as a model that is searched exhaustively: four validators, one of them Byzantine.
//!
//! The rules are R1 to R10 of `heddle-hotstuff`'s `safety.rs`, whose tests compare its functions with [`rules`], argument by
//! argument, and L1 to L3 of lease mode. `docs/consensus.md` says why the following leaves nothing out.
//!
//! * The network may lose, repeat, delay and reorder everything, so it is the set of what was ever signed. Receiving is no
//!   step: a validator knows what it needs for its next step, and nothing else.
//! * The Byzantine validator's signatures are always there: any two honest votes are a certificate, any two honest timeouts
//!   are one too. Every leader is taken to be Byzantine: a view has up to two blocks, its twins, on any certified block.
//! * The honest three are interchangeable, and so are twins.
//!
//! Each condition of the rules can be left out ([`Flaw`]), and then the search must find two final blocks that contradict
//! each other.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod agreement;
mod block;
mod canonical;
mod flaw;
mod forget;
mod oracle;
pub mod property;
mod recovery;
pub mod rules;
mod signed;
mod state;
mod step;
mod validator;

pub use agreement::Agreement;
pub use agreement::Durability;
pub use agreement::Memory;
pub use block::Block;
pub use block::VIEWS_MAX;
pub use block::View;
pub use flaw::Flaw;
pub use state::State;
pub use step::Step;
