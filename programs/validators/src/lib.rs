//! Who the validators are to be: a list that transactions change, from which each epoch's committee is made.
//!
//! The list is what the chain is asked for after every block: if its keys and powers are not those of the committee, a block closes the
//! epoch and the list is the next committee. So a change takes effect some blocks after its transaction, for all nodes in the same block.
//!
//! | key | value |
//! |---|---|
//! | `"c"` | [`Config`]: the authority |
//! | `"m"` | [`Members`]: all of them. They change rarely, are wanted together, and fit a value |
//!
//! Rules:
//! * **R1** The authority admits members and sets their power. A member leaves by the authority's call or its operator's; keys and addresses
//!   are its operator's, and the authority may rotate a key too, for an operator that is lost.
//! * **R2** A key enters with a [proof](Claim) that its holder agreed to serve this operator on this chain. Nobody can make
//!   another's key a member, nor one that nobody holds. A vote key enters with its own proof besides, and with its validator's word.
//! * **R3** The members are always a committee: one at least, [`limits::MEMBERS_MAX`] at most, each with power, less than 2^62 together, no
//!   key twice, and with vote keys all of them or none.
//! * **R4** Members keep their order: who joins is last, a rotated key takes its predecessor's place.
//!
//! Without a section of the genesis there is neither key: the genesis' validators stay.

#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects
)]

mod call;
mod change;
mod error;
mod event;
mod genesis;
mod keys;
pub mod limits;
mod member;
mod members;
mod possession;
mod program;
mod query;
mod state;

pub use call::{Join, Rotate, ValidatorsCall};
pub use error::ValidatorsError;
pub use event::{AddressChanged, KeyRotated, PowerChanged, ValidatorsEvent};
pub use genesis::{GenesisMember, ValidatorsGenesis, genesis_members};
pub use keys::{config_key, members_key};
pub use member::{Config, Member};
pub use members::Members;
pub use possession::Claim;
pub use program::Validators;
pub use query::{authority, changed_members, members};
