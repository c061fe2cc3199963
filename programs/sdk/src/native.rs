//! What the runtime knows of state by itself: nonces, native balances, and the accounts of fees and deposits.
//!
//! The ledger program keeps all balances, the native ones included, by the layout that is fixed here, so that the
//! executor can debit fees without knowing the ledger.

use std::sync::LazyLock;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;

use crate::number;

static FEE_COLLECTOR: LazyLock<Address> = LazyLock::new(|| Address::of_program("fees"));
static DEPOSIT_HOLDER: LazyLock<Address> = LazyLock::new(|| Address::of_program("deposits"));

/// First byte of a balance's key.
pub const BALANCE_TAG: u8 = b'b';
/// First byte of a nonce lane's key.
pub const NONCE_TAG: u8 = b'n';

const _: () = assert!(1 + 32 + AssetId::LEN <= heddle_types::limits::KEY_BYTES_MAX);

/// The account that fees are credited to, once a block.
pub fn fee_collector() -> Address {
    *FEE_COLLECTOR
}

/// The account that holds all deposits, so that the sum of all balances is the supply.
pub fn deposit_holder() -> Address {
    *DEPOSIT_HOLDER
}

/// Where the ledger keeps how much of `asset` is `address`'s: `"b" ‖ address ‖ asset`.
pub fn balance_key(address: &Address, asset: &AssetId) -> StateKey {
    StateKey::new(ProgramId::LEDGER, &[&[BALANCE_TAG], address.as_bytes(), asset.as_bytes()])
        .expect("45 bytes fit a key, as asserted above")
}

/// Where the ledger keeps a native balance.
pub fn native_balance_key(address: &Address) -> StateKey {
    balance_key(address, &AssetId::HDL)
}

/// Where the system program keeps the next sequence of a lane: `"n" ‖ address ‖ lane`.
pub fn nonce_key(address: &Address, lane: u8) -> StateKey {
    StateKey::new(ProgramId::SYSTEM, &[&[NONCE_TAG], address.as_bytes(), &[lane]])
        .expect("34 bytes fit a key, as asserted above")
}

/// The lane of a nonce's key bytes; none for other keys of the system program or other addresses.
pub fn lane_of(key: &StateKey, address: &Address) -> Option<u8> {
    if key.program() != ProgramId::SYSTEM {
        return None;
    }
    match key.bytes().strip_prefix(&[NONCE_TAG])?.strip_prefix(address.as_bytes())? {
        [lane] => Some(*lane),
        _ => None,
    }
}

/// The value of a nonce lane: its next sequence, 8 bytes, little-endian.
pub const fn encode_sequence(next: u64) -> [u8; 8] {
    next.to_le_bytes()
}

/// The next sequence that a lane's entry says; 0 for a lane that was never used.
///
/// # Panics
/// When the entry is not 8 bytes. Nothing but the executor writes these keys, so state is then corrupt.
pub fn next_sequence(entry: Option<&Entry>) -> u64 {
    entry.map_or(0, |entry| {
        let bytes = entry.value.as_bytes().try_into();
        u64::from_le_bytes(bytes.expect("a nonce lane's value is 8 bytes"))
    })
}

/// The amount that a balance's bytes are: 16 bytes, little-endian; none when they are no amount.
pub fn decode_amount(bytes: &[u8]) -> Option<Amount> {
    Amount::new(u128::try_from(number::decode_number(bytes)?).ok()?)
}

/// The value of a balance.
pub const fn encode_amount(amount: Amount) -> [u8; number::NUMBER_LEN] {
    number::encode_number(amount.signed())
}

/// What the keys of all nonce lanes of `address` begin with, in program [`ProgramId::SYSTEM`].
pub fn nonce_prefix(address: &Address) -> Vec<u8> {
    [&[NONCE_TAG], address.as_bytes().as_slice()].concat()
}
