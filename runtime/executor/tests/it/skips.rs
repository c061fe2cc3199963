//! DESIGN section 5: skipped is not failed.

use std::sync::Arc;

use heddle_executor::SkipReason;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_executor::testing::sign;
use heddle_types::AccessTrace;
use heddle_types::ChainId;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;

use crate::rig::Op;
use crate::rig::chain;
use crate::rig::honest;
use crate::rig::tx;

fn forged(chain: &TestChain) -> Arc<CheckedTransaction> {
    let body = chain.body(&key(1), vec![honest(&[Op::Emit(1)])]);
    Arc::new(CheckedTransaction::check(Transaction::sign(body, &key(2))).unwrap())
}

/// Runs one transaction and expects it to leave nothing but its reason.
fn check_skipped(change: impl FnOnce(&mut TransactionBody), reason: SkipReason) {
    let chain = chain();
    let tx = tx(&chain, 1, honest(&[Op::Emit(1)]), change);
    check_one_skipped(chain, tx, reason);
}

fn check_one_skipped(mut chain: TestChain, tx: Arc<CheckedTransaction>, reason: SkipReason) {
    chain.run(&[]);
    let before = chain.state.clone();
    chain.height = Height::new(1);
    let outcome = chain.run(&[tx]);
    assert_eq!(outcome.skipped, vec![(0, reason)]);
    assert!(outcome.transaction_ids.is_empty());
    assert!(outcome.receipts.is_empty());
    assert_eq!(chain.state, before);
}

#[test]
fn a_bad_signature_is_skipped() {
    let chain = chain();
    let tx = forged(&chain);
    check_one_skipped(chain, tx, SkipReason::BadSignature);
}

#[test]
fn another_chain_is_skipped() {
    check_skipped(|body| body.chain = ChainId::ZERO, SkipReason::WrongChain);
}

#[test]
fn a_height_past_valid_until_is_skipped() {
    check_skipped(|body| body.valid_until = Height::new(0), SkipReason::Expired);
}

#[test]
fn valid_until_is_the_last_height_that_includes() {
    let mut chain = chain();
    let last = chain.height;
    let tx = tx(&chain, 1, honest(&[]), |body| body.valid_until = last);
    assert_eq!(chain.run(&[tx]).receipts.len(), 1);
}

#[test]
fn a_window_nonce_is_not_accepted_yet() {
    check_skipped(|body| body.nonce = Nonce::Window { millis: 1 }, SkipReason::NonceKind);
}

#[test]
fn a_gap_in_a_lane_is_skipped() {
    check_skipped(
        |body| body.nonce = Nonce::Lane { lane: 0, sequence: 1 },
        SkipReason::WrongNonce { expected: 0 },
    );
}

#[test]
fn the_largest_sequence_is_never_used() {
    check_skipped(
        |body| body.nonce = Nonce::Lane { lane: 0, sequence: u64::MAX },
        SkipReason::WrongNonce { expected: 0 },
    );
}

#[test]
fn a_used_nonce_is_skipped_in_a_later_block() {
    let mut chain = chain();
    let first = tx(&chain, 1, honest(&[]), |_| {});
    chain.run(&[Arc::clone(&first)]);
    let outcome = chain.run(&[first]);
    assert_eq!(outcome.skipped, vec![(0, SkipReason::WrongNonce { expected: 1 })]);
}

#[test]
fn the_same_transaction_twice_in_a_block_has_one_receipt() {
    let mut chain = chain();
    let one = tx(&chain, 1, honest(&[]), |_| {});
    let outcome = chain.run(&[Arc::clone(&one), Arc::clone(&one)]);
    assert_eq!(outcome.transaction_ids, vec![one.id()]);
    assert_eq!(outcome.receipts.len(), 1);
    assert_eq!(outcome.skipped, vec![(1, SkipReason::Duplicate)]);
}

#[test]
fn lanes_are_sequential_each_for_itself() {
    let mut chain = chain();
    let at = |lane, sequence| {
        tx(&chain, 1, honest(&[]), |body| body.nonce = Nonce::Lane { lane, sequence })
    };
    let block = [at(0, 0), at(7, 0), at(7, 1), at(0, 2), at(0, 1)];
    let outcome = chain.run(&block);
    assert_eq!(outcome.skipped, vec![(3, SkipReason::WrongNonce { expected: 1 })]);
    assert_eq!(chain.next_sequence(&address(&key(1)), 0), 2);
    assert_eq!(chain.next_sequence(&address(&key(1)), 7), 2);
    assert_eq!(chain.next_sequence(&address(&key(1)), 1), 0);
}

#[test]
fn a_skipped_item_does_not_count_for_the_index_of_a_receipt() {
    let mut chain = chain();
    let good = tx(&chain, 2, honest(&[Op::Append(1, b"a".to_vec())]), |_| {});
    let outcome = chain.run(&[forged(&chain), Arc::clone(&good)]);
    assert_eq!(outcome.transaction_ids, vec![good.id()]);
    assert_eq!(outcome.receipts[0].id, good.id());
    assert_eq!(AccessTrace::from(&outcome.traces[0]).appends, vec![crate::rig::cell(1)]);
}

#[test]
fn a_nonce_is_used_whether_the_calls_succeed_or_fail() {
    let mut chain = chain();
    let failing = tx(&chain, 1, honest(&[Op::Refuse(5)]), |_| {});
    let next = sign(
        TransactionBody {
            nonce: Nonce::Lane { lane: 0, sequence: 1 },
            ..chain.body(&key(1), vec![honest(&[])])
        },
        &key(1),
    );
    let outcome = chain.run(&[failing, next]);
    assert_eq!(outcome.receipts.len(), 2);
    assert_eq!(chain.next_sequence(&address(&key(1)), 0), 2);
}
