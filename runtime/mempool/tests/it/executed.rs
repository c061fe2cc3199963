//! What leaves the pool, and as what it is reported.

use std::sync::Arc;

use heddle_mempool::AccountView;
use heddle_mempool::Admission;
use heddle_mempool::Config;
use heddle_mempool::DropReason;
use heddle_mempool::Dropped;
use heddle_mempool::Mempool;
use heddle_mempool::Origin;
use heddle_mempool::PayloadLimits;
use heddle_mempool::Refusal;
use heddle_types::Amount;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::TransactionBody;

use crate::fixture::*;

fn until(sender: u8, sequence: u64, height: u64) -> Arc<CheckedTransaction> {
    signed(TransactionBody { valid_until: Height::new(height), ..body(sender, sequence) })
}

fn dropped(tx: &CheckedTransaction, reason: DropReason) -> Dropped {
    Dropped { id: tx.id(), reason }
}

#[test]
fn an_included_transaction_leaves_and_the_next_one_stays() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1)]);
    let left = pool.on_executed(Height::new(1), [&*tx(0, 0)]);
    assert_eq!(left, [dropped(&tx(0, 0), DropReason::Included)]);
    assert!(!pool.contains(&tx(0, 0).id()));
    assert_eq!(pool.get(&tx(0, 1).id()), Some(&tx(0, 1)));
    assert_eq!((pool.len(), pool.bytes()), (1, tx(0, 1).bytes()));
}

#[test]
fn a_transaction_whose_nonce_another_one_used_leaves() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1)]);
    let other = signed(TransactionBody { max_fee: Amount::from_units(99), ..body(0, 0) });
    let left = pool.on_executed(Height::new(1), [&*other]);
    assert_eq!(left, [dropped(&tx(0, 0), DropReason::NonceUsed)]);
    assert!(pool.contains(&tx(0, 1).id()));
}

#[test]
fn an_expired_transaction_leaves_after_its_last_height_and_not_before() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[until(0, 0, 3)]);
    assert_eq!(pool.on_executed(Height::new(2), []), []);
    let left = pool.on_executed(Height::new(3), []);
    assert_eq!(left, [dropped(&until(0, 0, 3), DropReason::Expired)]);
    assert!(pool.is_empty());
}

#[test]
fn one_included_at_its_last_height_counts_as_included() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[until(0, 0, 3)]);
    let left = pool.on_executed(Height::new(3), [&*until(0, 0, 3)]);
    assert_eq!(left, [dropped(&until(0, 0, 3), DropReason::Included)]);
}

#[test]
fn what_follows_an_expired_one_waits_for_another_in_its_place() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[until(0, 0, 3), tx(0, 1)]);
    pool.on_executed(Height::new(3), []);
    assert_eq!(pool.payload(PayloadLimits::BLOCK, Height::new(4), &[]), []);
    assert_eq!(pool.pending_next(&address(0), 0, 0), 0);
    admit_all(&mut pool, Origin::Local, &[tx(0, 0)]);
    let payload = pool.payload(PayloadLimits::BLOCK, Height::new(4), &[]);
    assert_eq!(ids(&payload), ids(&[tx(0, 0), tx(0, 1)]));
}

#[test]
fn one_that_waits_too_long_for_an_earlier_one_leaves_and_may_come_again() {
    let config = Config { gap_heights_max: 5, ..Config::new(CHAIN) };
    let mut pool = Mempool::new(config, Height::ZERO);
    admit_all(&mut pool, Origin::Forwarded, &[tx(0, 1), tx(1, 1), tx(1, 0)]);
    assert_eq!(pool.on_executed(Height::new(5), []), []);
    let left = pool.on_executed(Height::new(6), []);
    assert_eq!(left, [dropped(&tx(0, 1), DropReason::Gapped)]);
    admit_all(&mut pool, Origin::Forwarded, &[tx(0, 1)]);
    assert_eq!(pool.len(), 3);
}

#[test]
fn a_nonce_just_used_is_refused_though_the_account_was_read_before() {
    let mut pool = pool();
    pool.on_executed(Height::new(1), [&*tx(0, 0)]);
    let stale = AccountView { next_sequence: 0, ..RICH };
    let refusal = pool.admit(tx(0, 0), &stale, TERMS, Origin::Local).unwrap_err();
    assert_eq!(refusal, Refusal::NonceUsed { sequence: 0, expected: 1 });
    assert_eq!(pool.admit(tx(0, 1), &stale, TERMS, Origin::Local), Ok(Admission::Admitted));
}

#[test]
fn an_account_read_ahead_of_the_pool_drops_nothing_and_admits_the_next() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0)]);
    let ahead = AccountView { next_sequence: 1, ..RICH };
    assert_eq!(pool.admit(tx(0, 1), &ahead, TERMS, Origin::Local), Ok(Admission::Admitted));
    let left = pool.on_executed(Height::new(1), [&*tx(0, 0)]);
    assert_eq!(left, [dropped(&tx(0, 0), DropReason::Included)]);
    let payload = pool.payload(PayloadLimits::BLOCK, Height::new(2), &[]);
    assert_eq!(ids(&payload), ids(&[tx(0, 1)]));
}
