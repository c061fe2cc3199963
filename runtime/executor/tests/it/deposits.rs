//! DESIGN section 5: creating a key takes a deposit by its bytes, returned to its payer on deletion.

use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_sdk::fees;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::Outcome;
use heddle_types::Receipt;
use heddle_types::TxFailure;

use crate::rig::HDL;
use crate::rig::Op;
use crate::rig::assert_conserved;
use crate::rig::cell;
use crate::rig::chain;
use crate::rig::entry;
use crate::rig::honest;
use crate::rig::native;
use crate::rig::script;
use crate::rig::tx;
use crate::rig::value;

const SUPPLY: u128 = 400 * HDL as u128;

/// Runs a block with one call of each of these keys, and checks that everything is conserved.
fn run(chain: &mut TestChain, calls: &[(u8, Call)]) -> Vec<Receipt> {
    let block: Vec<_> = calls.iter().map(|(n, call)| tx(chain, *n, call.clone(), |_| {})).collect();
    let outcome = chain.run(&block);
    assert_conserved(chain, SUPPLY);
    outcome.receipts
}

fn price(value_len: usize) -> Amount {
    fees::deposit_price_of(&cell(1), value_len)
}

fn depositor(chain: &TestChain) -> Option<(Address, Amount)> {
    entry(chain, &cell(1))?.deposit.map(|deposit| (deposit.payer, deposit.amount))
}

/// What key `n` has spent so far, of the 100 HDL it began with.
fn spent(chain: &TestChain, n: u8) -> u128 {
    u128::from(100 * HDL) - native(chain, n)
}

fn write(len: usize) -> Call {
    honest(&[Op::Write(1, vec![1; len])])
}

fn delete() -> Call {
    honest(&[Op::Delete(1)])
}

fn add(delta: i64) -> Call {
    honest(&[Op::Add(1, delta)])
}

#[test]
fn creating_a_key_takes_a_deposit_by_its_bytes() {
    let mut chain = chain();
    let receipts = run(&mut chain, &[(1, write(40))]);
    let bytes = (fees::KEY_OVERHEAD_BYTES + 2 + 40) as u64;
    assert_eq!(receipts[0].deposit_paid, Amount::from_units(bytes * fees::DEPOSIT_PER_BYTE));
    assert_eq!(depositor(&chain), Some((address(&key(1)), price(40))));
    assert_eq!(spent(&chain, 1), receipts[0].fee_paid.get() + price(40).get());
}

#[test]
fn deleting_a_key_returns_its_deposit_to_who_paid_it() {
    let mut chain = chain();
    let created = run(&mut chain, &[(1, write(40))]);
    let deleted = run(&mut chain, &[(2, delete())]);
    assert_eq!(deleted[0].deposit_paid, Amount::ZERO);
    assert_eq!(spent(&chain, 1), created[0].fee_paid.get());
    assert_eq!(spent(&chain, 2), deleted[0].fee_paid.get());
}

#[test]
fn a_deposit_returns_when_the_block_ends_not_before() {
    let mut chain = chain();
    run(&mut chain, &[(1, write(40))]);
    let before = native(&chain, 1);
    let receipts = run(&mut chain, &[(2, delete()), (1, honest(&[Op::ShowPayer]))]);
    let seen = heddle_ledger::decode_amount(&receipts[1].events[0].data).unwrap();
    assert_eq!(seen.get(), before - TestChain::MAX_FEE.get());
    assert_eq!(native(&chain, 1), before + price(40).get() - receipts[1].fee_paid.get());
}

#[test]
fn a_key_created_and_deleted_in_one_transaction_takes_no_deposit() {
    let mut chain = chain();
    let receipts = run(&mut chain, &[(1, honest(&[Op::Write(1, vec![1]), Op::Delete(1)]))]);
    assert_eq!(receipts[0].deposit_paid, Amount::ZERO);
    assert_eq!(spent(&chain, 1), receipts[0].fee_paid.get());
}

#[test]
fn a_key_created_and_deleted_in_one_block_returns_its_deposit() {
    let mut chain = chain();
    let receipts = run(&mut chain, &[(1, write(9)), (2, delete())]);
    assert_eq!(receipts[0].deposit_paid, price(9));
    assert_eq!(spent(&chain, 1), receipts[0].fee_paid.get());
    assert_eq!(entry(&chain, &cell(1)), None);
}

#[test]
fn a_value_that_outgrows_its_deposit_is_paid_anew_by_who_made_it_grow() {
    let mut chain = chain();
    let created = run(&mut chain, &[(1, write(10))]);
    let grown = run(&mut chain, &[(2, write(20))]);
    assert_eq!(grown[0].deposit_paid, price(20));
    assert_eq!(depositor(&chain), Some((address(&key(2)), price(20))));
    assert_eq!(spent(&chain, 1), created[0].fee_paid.get());
}

#[test]
fn a_value_that_shrinks_or_grows_back_costs_nothing() {
    let mut chain = chain();
    run(&mut chain, &[(1, write(20))]);
    let receipts = run(&mut chain, &[(2, write(5)), (3, write(20))]);
    assert_eq!(receipts[0].deposit_paid, Amount::ZERO);
    assert_eq!(receipts[1].deposit_paid, Amount::ZERO);
    assert_eq!(depositor(&chain), Some((address(&key(1)), price(20))));
}

#[test]
fn of_several_adds_that_may_create_the_first_keeps_its_deposit() {
    let mut chain = chain();
    let receipts = run(&mut chain, &[(3, add(1)), (1, add(2)), (2, add(3))]);
    let kept: Vec<_> = receipts.iter().map(|receipt| receipt.deposit_paid).collect();
    assert_eq!(kept, vec![price(16), Amount::ZERO, Amount::ZERO]);
    assert_eq!(depositor(&chain), Some((address(&key(3)), price(16))));
    assert_eq!(spent(&chain, 1), receipts[1].fee_paid.get());
    assert_eq!(value(&chain, &cell(1)), Some(6_i128.to_le_bytes().to_vec()));
}

#[test]
fn an_add_that_may_create_must_be_able_to_pay_the_deposit() {
    let mut chain = chain();
    chain.fund(&key(1), 1_000_000);
    chain.fund(&key(2), 199 * HDL + HDL - 1_000_000);
    let tx = tx(&chain, 1, add(1), |body| body.max_fee = Amount::from_units(900_000));
    let receipt = chain.run(&[tx]).receipts.remove(0);
    assert_eq!(receipt.outcome, Outcome::Failed(TxFailure::InsufficientFee));
    assert_eq!(receipt.deposit_paid, Amount::ZERO);
    assert_eq!(native(&chain, 1), 1_000_000 - receipt.fee_paid.get());
    assert_eq!(entry(&chain, &cell(1)), None);
    assert_conserved(&chain, SUPPLY);
}

#[test]
fn the_unused_part_of_the_maximum_fee_can_pay_a_deposit() {
    let mut chain = chain();
    chain.fund(&key(1), 5_000_000);
    chain.fund(&key(2), 200 * HDL - 5_000_000);
    let tx = tx(&chain, 1, add(1), |body| body.max_fee = Amount::from_units(5_000_000));
    let receipt = chain.run(&[tx]).receipts.remove(0);
    assert_eq!(receipt.outcome, Outcome::Ok);
    assert_conserved(&chain, SUPPLY);
}

#[test]
fn an_add_to_a_key_that_was_there_when_the_block_began_reserves_nothing() {
    let mut chain = chain();
    run(&mut chain, &[(1, add(1))]);
    let receipts = run(&mut chain, &[(2, add(1))]);
    assert_eq!(receipts[0].deposit_paid, Amount::ZERO);
    assert_eq!(spent(&chain, 2), receipts[0].fee_paid.get());
}

#[test]
fn an_add_after_a_deletion_in_the_block_lets_the_old_deposit_stand() {
    let mut chain = chain();
    let created = run(&mut chain, &[(1, add(1))]);
    let receipts = run(&mut chain, &[(2, delete()), (3, add(5)), (4, add(6))]);
    assert!(receipts.iter().all(|receipt| receipt.deposit_paid == Amount::ZERO));
    assert_eq!(depositor(&chain), Some((address(&key(1)), price(16))));
    assert_eq!(spent(&chain, 1), created[0].fee_paid.get() + price(16).get());
    assert_eq!(value(&chain, &cell(1)), Some(11_i128.to_le_bytes().to_vec()));
}

#[test]
fn a_write_after_a_deletion_in_the_block_pays_itself() {
    let mut chain = chain();
    let created = run(&mut chain, &[(1, write(3))]);
    let receipts = run(&mut chain, &[(2, delete()), (3, write(3))]);
    assert_eq!(receipts[1].deposit_paid, price(3));
    assert_eq!(depositor(&chain), Some((address(&key(3)), price(3))));
    assert_eq!(spent(&chain, 1), created[0].fee_paid.get());
}

#[test]
fn a_failed_transaction_puts_nothing_down() {
    let mut chain = chain();
    let receipts = run(&mut chain, &[(1, honest(&[Op::Write(1, vec![1]), Op::Refuse(1)]))]);
    assert_eq!(receipts[0].deposit_paid, Amount::ZERO);
    assert_eq!(spent(&chain, 1), receipts[0].fee_paid.get());
}

#[test]
fn an_add_to_what_is_no_number_leaves_it_as_it_is() {
    let mut chain = chain();
    run(&mut chain, &[(1, write(3))]);
    let receipts = run(&mut chain, &[(2, add(7))]);
    assert_eq!(receipts[0].outcome, Outcome::Ok);
    assert_eq!(value(&chain, &cell(1)), Some(vec![1; 3]));
}

#[test]
fn nonce_keys_carry_no_deposit() {
    let mut chain = chain();
    run(&mut chain, &[(1, script(&[(1, AccessMode::Read)], &[]))]);
    let nonce = heddle_sdk::native::nonce_key(&address(&key(1)), 0);
    assert_eq!(entry(&chain, &nonce).unwrap().deposit, None);
}
