//! What things cost.

use heddle_sdk::fees;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::TransactionBody;

fn body(calls: usize, data: usize, access: Access) -> TransactionBody {
    let call = Call { program: ProgramId::LEDGER, data: vec![0; data].into() };
    TransactionBody {
        version: TransactionBody::VERSION,
        chain: ChainId::ZERO,
        sender: Address([1; 32]),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: 0 },
        valid_until: Height::ZERO,
        max_fee: Amount::ZERO,
        access,
        calls: vec![call; calls],
    }
}

fn check(calls: usize, data: usize, keys: usize, expected: u64) {
    let declared = body(calls, data, Access::DERIVED);
    assert_eq!(fees::required_fee(&declared, keys, 0), Amount::from_units(expected));
}

#[test]
fn a_declared_fee_is_base_calls_keys_and_bytes() {
    check(1, 0, 2, 9_000);
    check(1, 61, 3, 10_110);
    check(2, 61, 4, 14_220);
    check(1, 0, 1024, 520_000);
}

#[test]
fn a_call_that_counts_for_more_pays_for_them() {
    let fee = |access, more| fees::required_fee(&body(1, 0, access), 2, more).get();
    assert_eq!(fee(Access::DERIVED, 4) - fee(Access::DERIVED, 0), 4 * 3_000);
    assert_eq!(fee(Access::Open, 4) - fee(Access::Open, 0), 2 * 4 * 3_000);
}

#[test]
fn an_open_transaction_pays_twice_for_sixteen_keys_a_call() {
    let open = |calls| fees::required_fee(&body(calls, 61, Access::Open), 999, 0);
    assert_eq!(open(1), Amount::from_units(2 * (5_000 + 3_000 + 16 * 500 + 610)));
    assert_eq!(open(2), Amount::from_units(2 * (5_000 + 2 * (3_000 + 16 * 500 + 610))));
}

#[test]
fn a_deposit_counts_key_value_and_overhead() {
    let balance = native::native_balance_key(&Address([1; 32]));
    let expected = (128 + 45 + 16) * fees::DEPOSIT_PER_BYTE;
    assert_eq!(fees::deposit_price_of(&balance, 16), Amount::from_units(expected));
}
