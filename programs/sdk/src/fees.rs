//! What things cost, in base units of the native asset (10^9 of them are one HDL).
//!
//! The fee is known before execution, from the envelope and the declared keys alone: what a wallet is told is what is
//! charged, and a block's cost does not depend on how its transactions turn out. Work inside the calls is not priced
//! one by one but bounded: each call buys [`WORK_PER_CALL`] units, far more than a sane call needs. One that needs more
//! counts for several ([`Declaration::count`](crate::Declaration::count)). A transaction that uses more fails with
//! `OutOfMeter`.

use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::StateKey;
use heddle_types::TransactionBody;
use heddle_types::Value;

/// Every transaction: two signature checks, ordering, a receipt kept. About half of what a transfer pays.
pub const BASE: u64 = 5_000;
/// Each call, for [`WORK_PER_CALL`].
pub const PER_CALL: u64 = 3_000;
/// Each declared key, the envelope's two included: planning it, a look-up, its share of a tree update.
pub const PER_KEY: u64 = 500;
/// Each byte of call data: it is sent to, and kept by, every validator.
pub const PER_DATA_BYTE: u64 = 10;
/// An open transaction pays this many times the declared price: it runs after the others and may run more than once.
pub const OPEN_FACTOR: u64 = 2;
/// Keys that an open transaction pays for with each call, since it declares none.
pub const OPEN_KEYS_PER_CALL: u64 = 16;

/// Units of work that each call of a transaction adds to what all of them may use. A unit is about 10 ns.
pub const WORK_PER_CALL: u64 = 20_000;
/// Units of work that one phase item may use.
pub const WORK_PER_ITEM: u64 = 2_000_000;
/// Units for each read, write, delete, append or event.
pub const WORK_PER_ACCESS: u64 = 20;
/// Units for each add.
pub const WORK_PER_ADD: u64 = 10;
/// Bytes written, appended or emitted for each further unit.
pub const BYTES_PER_WORK: usize = 32;

/// Deposit for each byte of a key, its value and [`KEY_OVERHEAD_BYTES`].
pub const DEPOSIT_PER_BYTE: u64 = 10_000;
/// What a key takes on every validator besides its own bytes: its place in the tree in memory and the store's index.
pub const KEY_OVERHEAD_BYTES: usize = 128;

/// The fee of a transaction whose declaration, the envelope's own two keys included, has `keys` keys, and whose calls count
/// for `more_calls` than they are. `keys` does not count for an open transaction.
///
/// A transaction whose maximum fee is lower is refused at admission (`feeTooLow`) and, should it stand in a block, fails with
/// `InsufficientFee` and pays its maximum fee.
pub fn required_fee(body: &TransactionBody, keys: usize, more_calls: u32) -> Amount {
    let count = |n: usize| Amount::from_units(u64::try_from(n).unwrap_or(u64::MAX));
    let data: usize = body.calls.iter().map(|call| call.data.len()).sum();
    let (keys, factor) = match body.access {
        Access::Declared { .. } => (count(keys).get(), 1),
        Access::Open => {
            (u128::from(OPEN_KEYS_PER_CALL) * count(body.calls.len()).get(), OPEN_FACTOR)
        }
    };
    // Counts are bounded by a transaction's size and prices are small, so no product comes near 2^120.
    let parts = u128::from(BASE)
        + u128::from(PER_CALL) * (count(body.calls.len()).get() + u128::from(more_calls))
        + u128::from(PER_KEY) * keys
        + u128::from(PER_DATA_BYTE) * count(data).get();
    Amount::new(parts * u128::from(factor)).unwrap_or(Amount::MAX)
}

/// The deposit for `key` with `value`.
pub fn deposit_price(key: &StateKey, value: &Value) -> Amount {
    deposit_price_of(key, value.as_bytes().len())
}

/// The deposit for `key` with a value of `value_len` bytes.
pub fn deposit_price_of(key: &StateKey, value_len: usize) -> Amount {
    let bytes = KEY_OVERHEAD_BYTES + key.bytes().len() + value_len;
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    Amount::from_units(DEPOSIT_PER_BYTE).checked_mul(bytes).unwrap_or(Amount::MAX)
}
