//! DESIGN section 5: declared first in block order, then open in block order.

use std::sync::Arc;

use heddle_executor::testing::TestChain;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::CheckedTransaction;
use heddle_types::Nonce;
use heddle_types::Outcome;
use heddle_types::TxFailure;

use crate::rig::Op;
use crate::rig::cell;
use crate::rig::chain;
use crate::rig::honest;
use crate::rig::script;
use crate::rig::tx;
use crate::rig::value;

/// Key `n` writes `mark` to cell 1, after showing what was there.
fn mark(
    chain: &TestChain,
    (n, lane, sequence): (u8, u8, u64),
    mark: u8,
    access: Access,
) -> Arc<CheckedTransaction> {
    let call = honest(&[Op::Show(1), Op::Write(1, vec![mark])]);
    tx(chain, n, call, |body| {
        body.nonce = Nonce::Lane { lane, sequence };
        body.access = access;
    })
}

#[test]
fn an_open_transaction_runs_after_the_declared_ones_and_its_receipt_stays_in_place() {
    let mut chain = chain();
    let open = mark(&chain, (1, 0, 0), 1, Access::Open);
    let declared = mark(&chain, (2, 0, 0), 2, Access::DERIVED);
    let outcome = chain.run(&[Arc::clone(&open), Arc::clone(&declared)]);
    assert_eq!(outcome.receipts[0].id, open.id());
    assert_eq!(outcome.receipts[0].events[0].data.to_vec(), vec![2]);
    assert_eq!(outcome.receipts[1].events[0].data.to_vec(), Vec::<u8>::new());
    assert_eq!(value(&chain, &cell(1)), Some(vec![1]));
}

#[test]
fn after_an_open_transaction_the_later_ones_of_its_lane_run_in_the_open_part() {
    let mut chain = chain();
    let block = [
        mark(&chain, (1, 0, 0), 1, Access::DERIVED),
        mark(&chain, (1, 0, 1), 2, Access::Open),
        mark(&chain, (1, 0, 2), 3, Access::DERIVED),
        mark(&chain, (1, 5, 0), 4, Access::DERIVED),
        mark(&chain, (2, 0, 0), 5, Access::DERIVED),
    ];
    let outcome = chain.run(&block);
    let seen: Vec<_> = outcome.receipts.iter().map(|r| r.events[0].data.to_vec()).collect();
    // In the order 1, 4, 5, then 2, 3.
    assert_eq!(seen, vec![vec![], vec![5], vec![2], vec![1], vec![4]]);
    assert_eq!(value(&chain, &cell(1)), Some(vec![3]));
}

#[test]
fn a_declared_transaction_in_the_open_part_is_still_checked_strictly() {
    let mut chain = chain();
    let open = mark(&chain, (1, 0, 0), 1, Access::Open);
    let strict = tx(&chain, 1, script(&[], &[Op::Read(9)]), |body| {
        body.nonce = Nonce::Lane { lane: 0, sequence: 1 };
    });
    let outcome = chain.run(&[open, strict]);
    let expected = Outcome::Failed(TxFailure::UndeclaredAccess(cell(9).into()));
    assert_eq!(outcome.receipts[1].outcome, expected);
}

#[test]
fn an_open_transaction_declares_nothing_and_pays_more() {
    let mut chain = chain();
    let call = || script(&[], &[Op::Write(1, vec![1]), Op::Read(2), Op::Add(3, 1)]);
    let open = tx(&chain, 1, call(), |body| body.access = Access::Open);
    let declared = tx(&chain, 2, call(), |_| {});
    let outcome = chain.run(&[open, declared]);
    assert_eq!(outcome.receipts[0].outcome, Outcome::Ok);
    assert!(outcome.receipts[0].fee_paid > outcome.receipts[1].fee_paid.checked_mul(2).unwrap());
    assert_ne!(outcome.receipts[1].outcome, Outcome::Ok);
    assert_ne!(outcome.receipts[0].deposit_paid, Amount::ZERO);
}
