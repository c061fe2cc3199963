//! What goes into a block.

use std::sync::Arc;

use heddle_mempool::Config;
use heddle_mempool::Mempool;
use heddle_mempool::Origin;
use heddle_mempool::PayloadLimits;
use heddle_types::Amount;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::TransactionBody;
use heddle_types::TxId;

use crate::fixture::*;

fn payload(pool: &Mempool, ancestors: &[Arc<CheckedBlock>]) -> Vec<TxId> {
    ids(&pool.payload(PayloadLimits::BLOCK, Height::new(9), ancestors))
}

#[test]
fn first_admitted_is_first_ordered() {
    let mut pool = pool();
    let txs = [tx(3, 0), tx(1, 0), tx(2, 0)];
    admit_all(&mut pool, Origin::Local, &txs);
    assert_eq!(payload(&pool, &[]), ids(&txs));
}

#[test]
fn a_sender_with_many_does_not_delay_one_with_few() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &(0..100).map(|s| tx(0, s)).collect::<Vec<_>>());
    admit_all(&mut pool, Origin::Local, &[tx(1, 0), tx(1, 1)]);
    let first = ids(&[tx(0, 0), tx(1, 0), tx(0, 1), tx(1, 1), tx(0, 2)]);
    assert_eq!(payload(&pool, &[])[..5], first);
}

#[test]
fn a_newcomer_joins_the_present_turn_and_not_an_old_one() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &(0..20).map(|s| tx(0, s)).collect::<Vec<_>>());
    admit_all(&mut pool, Origin::Local, &(0..20).map(|s| tx(1, s)).collect::<Vec<_>>());
    let executed: Vec<_> = (0..10).flat_map(|s| [tx(0, s), tx(1, s)]).collect();
    pool.on_executed(Height::new(1), executed.iter().map(|tx| &**tx));
    admit_all(&mut pool, Origin::Local, &(0..3).map(|s| tx(2, s)).collect::<Vec<_>>());
    let order = ids(&[tx(2, 0), tx(0, 10), tx(1, 10), tx(2, 1), tx(0, 11), tx(1, 11), tx(2, 2)]);
    assert_eq!(payload(&pool, &[])[..7], order);
}

#[test]
fn what_ancestors_hold_is_left_out_and_its_lane_goes_on() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1), tx(0, 2), tx(1, 0)]);
    let ancestors = [block(1, &[tx(0, 0)]), block(2, &[tx(0, 1)])];
    assert_eq!(payload(&pool, &ancestors), ids(&[tx(1, 0), tx(0, 2)]));
    assert_eq!(payload(&pool, &ancestors[..1]), ids(&[tx(1, 0), tx(0, 1), tx(0, 2)]));
}

#[test]
fn a_payload_whose_block_never_became_final_is_built_again() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1)]);
    let first = pool.payload(PayloadLimits::BLOCK, Height::new(1), &[]);
    assert_eq!(payload(&pool, &[block(1, &first)]), []);
    assert_eq!(payload(&pool, &[]), ids(&first));
}

#[test]
fn an_ancestor_that_used_a_nonce_with_another_transaction_counts() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1)]);
    let other = signed(TransactionBody { max_fee: Amount::from_units(77), ..body(0, 0) });
    assert_eq!(payload(&pool, &[block(1, &[other])]), ids(&[tx(0, 1)]));
}

#[test]
fn an_ancestor_fills_the_hole_that_a_forwarded_one_waits_for() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Forwarded, &[tx(0, 1)]);
    assert_eq!(payload(&pool, &[]), []);
    assert_eq!(payload(&pool, &[block(1, &[tx(0, 0)])]), ids(&[tx(0, 1)]));
}

#[test]
fn what_an_ancestor_holds_but_execution_will_skip_uses_no_nonce() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1)]);
    let gapped = block(1, &[tx(0, 1)]);
    let expired = TransactionBody { valid_until: Height::ZERO, ..body(0, 0) };
    let expired = block(1, &[signed(expired)]);
    let both = ids(&[tx(0, 0), tx(0, 1)]);
    assert_eq!(payload(&pool, &[gapped]), both);
    assert_eq!(payload(&pool, &[expired]), both);
}

#[test]
fn expired_ones_are_left_out_with_what_follows_them() {
    let mut pool = pool();
    let short = signed(TransactionBody { valid_until: Height::new(8), ..body(0, 0) });
    admit_all(&mut pool, Origin::Local, &[short, tx(0, 1), tx(1, 0)]);
    assert_eq!(payload(&pool, &[]), ids(&[tx(1, 0)]));
}

#[test]
fn limits_on_count_and_bytes_hold_exactly() {
    let mut pool = pool();
    let txs: Vec<_> = (0..10).map(|s| tx(0, s)).collect();
    admit_all(&mut pool, Origin::Local, &txs);
    let size = txs[0].bytes();
    let len = |limits| pool.payload(limits, Height::new(1), &[]).len();
    assert_eq!(len(PayloadLimits::new(4, usize::MAX)), 4);
    assert_eq!(len(PayloadLimits::new(100, 3 * size)), 3);
    assert_eq!(len(PayloadLimits::new(100, 4 * size - 1)), 3);
    assert_eq!(len(PayloadLimits::BLOCK), 10);
}

/// 100,000 pending of 10,000 senders; run with `--nocapture` to see the time.
#[test]
fn a_payload_of_thousands_out_of_a_hundred_thousand_is_complete() {
    let mut pool = Mempool::new(Config::new(CHAIN), Height::ZERO);
    let txs: Vec<Arc<CheckedTransaction>> = (0..100_000_u32)
        .map(|i| {
            let mut sender = [1; 32];
            sender[..4].copy_from_slice(&(i % 10_000).to_le_bytes());
            let sender = heddle_types::Address(sender);
            signed(TransactionBody { sender, ..body(0, u64::from(i / 10_000)) })
        })
        .collect();
    #[expect(clippy::disallowed_types, reason = "the test reports a time, no result depends on it")]
    let clock = std::time::Instant::now;
    let start = clock();
    admit_all(&mut pool, Origin::Local, &txs);
    let admitted = start.elapsed();
    let start = clock();
    let payload = pool.payload(PayloadLimits::new(5000, usize::MAX), Height::new(1), &[]);
    let built = start.elapsed();
    let start = clock();
    let left = pool.on_executed(Height::new(1), payload.iter().map(|tx| &**tx));
    let executed = start.elapsed();
    assert_eq!(ids(&payload), ids(&txs[..5000]));
    assert_eq!(left.len(), 5000);
    println!(
        "admit {} ns, payload {} ns, executed {} ns a transaction",
        admitted.as_nanos() / 100_000,
        built.as_nanos() / 5000,
        executed.as_nanos() / 5000,
    );
}
