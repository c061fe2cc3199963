//! Assets and transfers.
//!
//! The native asset HDL exists from genesis, is never minted or burnt, and pays for fees and deposits. Anyone may create
//! another asset and name the authority that alone may mint it, and burn what it holds itself.
//!
//! | key | value |
//! |---|---|
//! | `"b" ‖ address (32) ‖ asset (12)` | the balance: 16 bytes, little-endian |
//! | `"a" ‖ asset` | [`AssetInfo`] |
//! | `"s" ‖ asset` | the asset's supply, 16 bytes, little-endian; not for HDL, whose supply never changes |
//!
//! A credit is an `Add`, so that any number of transfers to one account commute. A debit is a `Write`. No balance can
//! overflow: an asset's supply is at most `Amount::MAX`, and so is any sum of its balances.
//!
//! **Balances of zero.** A debit that leaves nothing of another asset deletes the balance, and its deposit goes back. A native
//! balance stays at zero, with its deposit: the fee is debited before the calls and the unused part returns after them, and
//! neither should have to create or delete the very key that pays for both.

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
mod error;
mod event;
mod genesis;
mod keys;
mod program;
mod supply;

pub use call::{LedgerCall, transfer_call};
pub use error::LedgerError;
pub use event::{Creation, Issue, LedgerEvent, Transfer};
pub use genesis::{GenesisAsset, LedgerGenesis};
pub use heddle_sdk::native::{balance_key, decode_amount, native_balance_key, nonce_key};
pub use keys::{AssetInfo, asset_key, balance_prefix, parse_balance_key, supply_key};
pub use program::{Ledger, credit, debit, release};
pub use supply::{CorruptBalance, supply};
