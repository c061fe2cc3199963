//! What is sent on, and how often.

use heddle_mempool::Origin;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::TxId;

use crate::fixture::*;

fn at(pool: &mut heddle_mempool::Mempool, ms: u64) -> Vec<TxId> {
    ids(&pool.to_forward(Instant::from_micros(ms * 1000), usize::MAX))
}

#[test]
fn a_local_transaction_is_forwarded_at_once_and_again_at_doubling_intervals() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0)]);
    let id = tx(0, 0).id();
    assert_eq!(pool.forward_deadline(), Some(Instant::START));
    assert_eq!(at(&mut pool, 5000), [id]);
    assert_eq!(pool.forward_deadline(), Some(Instant::from_micros(6_000_000)));
    assert_eq!(at(&mut pool, 5999), []);
    assert_eq!(at(&mut pool, 6000), [id]);
    assert_eq!(at(&mut pool, 7999), []);
    assert_eq!(at(&mut pool, 8000), [id]);
    // 4, 8, 16 seconds, and no more than that.
    let mut due = 12_000;
    for wait in [8000, 16_000, 16_000, 16_000] {
        assert_eq!(at(&mut pool, due - 1), []);
        assert_eq!(at(&mut pool, due), [id]);
        due += wait;
    }
}

#[test]
fn a_forwarded_transaction_is_not_forwarded_again() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Forwarded, &[tx(0, 0)]);
    assert_eq!(pool.forward_deadline(), None);
    assert_eq!(at(&mut pool, 5000), []);
}

#[test]
fn a_forwarded_transaction_that_a_user_then_sends_here_is_answered_for() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Forwarded, &[tx(0, 0)]);
    admit(&mut pool, &tx(0, 0), Origin::Local).unwrap();
    admit(&mut pool, &tx(0, 0), Origin::Local).unwrap();
    assert_eq!(at(&mut pool, 1), [tx(0, 0).id()]);
}

#[test]
fn forwarding_stops_when_the_transaction_leaves() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1)]);
    assert_eq!(at(&mut pool, 0).len(), 2);
    pool.on_executed(Height::new(1), [&*tx(0, 0)]);
    assert_eq!(at(&mut pool, 1000), [tx(0, 1).id()]);
    pool.on_executed(Height::new(2), [&*tx(0, 1)]);
    assert_eq!(pool.forward_deadline(), None);
}

#[test]
fn batches_are_bounded_by_bytes_and_keep_each_lane_in_order() {
    let mut pool = pool();
    let txs: Vec<_> = (0..300).map(|sequence| tx(0, sequence)).collect();
    admit_all(&mut pool, Origin::Local, &txs);
    let mut forwarded = Vec::new();
    let mut batches = 0;
    loop {
        let batch = pool.to_forward(Instant::START, 16 * 1024);
        if batch.is_empty() {
            break;
        }
        assert!(batch.iter().map(|tx| tx.bytes()).sum::<usize>() <= 16 * 1024);
        forwarded.extend(ids(&batch));
        batches += 1;
    }
    assert!(batches > 2);
    assert_eq!(forwarded, ids(&txs));
}
