//! Reserved block space: what must get through does, whatever else there is.

use std::sync::Arc;

use heddle_mempool::Admission;
use heddle_mempool::Config;
use heddle_mempool::Mempool;
use heddle_mempool::Origin;
use heddle_mempool::PayloadLimits;
use heddle_mempool::Refusal;
use heddle_mempool::Room;
use heddle_types::Address;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Nonce;
use heddle_types::TransactionBody;
use heddle_types::TxId;

use crate::fixture::*;

/// What a payload holds in these tests, a quarter of it reserved.
const FITS: usize = 400;
const LIMITS: PayloadLimits = PayloadLimits::new(FITS, usize::MAX);

/// Transaction `sequence` of lane `lane` of the sender with this number.
fn of(sender: u32, lane: u8, sequence: u64) -> Arc<CheckedTransaction> {
    let mut address = [1; 32];
    address[..4].copy_from_slice(&sender.to_le_bytes());
    let nonce = Nonce::Lane { lane, sequence };
    signed(TransactionBody { sender: Address(address), nonce, ..body(0, 0) })
}

fn reserve(pool: &mut Mempool, tx: &Arc<CheckedTransaction>) -> Result<Admission, Refusal> {
    pool.admit(Arc::clone(tx), &RICH, RESERVED, Origin::Local)
}

fn reserve_all(pool: &mut Mempool, txs: &[Arc<CheckedTransaction>]) {
    for tx in txs {
        assert_eq!(reserve(pool, tx), Ok(Admission::Admitted));
    }
}

fn payload(pool: &Mempool) -> Vec<TxId> {
    ids(&pool.payload(LIMITS, Height::new(1), &[]))
}

/// The flood: 400 senders in turn.
fn ordinary(n: u32) -> Arc<CheckedTransaction> {
    of(n % 400, 0, u64::from(n / 400))
}

/// Ordinary transactions, 100 times as many as fit a block.
fn flooded() -> (Mempool, Vec<Arc<CheckedTransaction>>) {
    let mut pool = pool();
    let flood: Vec<_> = (0..40_000).map(ordinary).collect();
    admit_all(&mut pool, Origin::Local, &flood);
    (pool, flood)
}

#[test]
fn with_100_times_what_fits_waiting_the_next_payload_has_all_that_is_reserved() {
    let (mut pool, flood) = flooded();
    assert_eq!(payload(&pool), ids(&flood[..FITS]));
    let cancels: Vec<_> = (0..100).map(|n| of(10_000 + n, 0, 0)).collect();
    reserve_all(&mut pool, &cancels);
    let expected = [ids(&cancels), ids(&flood[..FITS - 100])].concat();
    assert_eq!(payload(&pool), expected, "the others are as they were, in what is left");
}

#[test]
fn block_after_block_under_overload_none_that_is_reserved_waits() {
    let (mut pool, mut flood) = flooded();
    for height in 1..=50 {
        // Traders who send orders and cancels all the time, the latter in a lane of their own.
        let cancels: Vec<_> = (0..100).map(|n| of(n, 1, height - 1)).collect();
        reserve_all(&mut pool, &cancels);
        let block = pool.payload(LIMITS, Height::new(height), &[]);
        assert_eq!(block.len(), FITS);
        assert_eq!(ids(&block[..100]), ids(&cancels), "at height {height}");
        assert_eq!(ids(&block[100..]), ids(&flood[..300]), "at height {height}");
        pool.on_executed(Height::new(height), block.iter().map(|tx| &**tx));
        flood.drain(..300);
        let sent = 40_000 + 300 * u32::try_from(height - 1).unwrap();
        let more: Vec<_> = (sent..sent + 300).map(ordinary).collect();
        admit_all(&mut pool, Origin::Local, &more);
        flood.extend(more);
    }
}

#[test]
fn neither_kind_takes_the_others_room() {
    let mut config = Config::new(CHAIN);
    config.ordinary = Room { txs_max: 3, ..config.ordinary };
    config.reserved = Room { txs_max: 2, ..config.reserved };
    let mut pool = Mempool::new(config, Height::ZERO);
    let ordinary: Vec<_> = (0..3).map(|n| of(n, 0, 0)).collect();
    admit_all(&mut pool, Origin::Local, &ordinary);
    assert_eq!(admit(&mut pool, &of(3, 0, 0), Origin::Local), Err(Refusal::PoolFull));
    reserve_all(&mut pool, &[of(4, 0, 0), of(5, 0, 0)]);
    assert_eq!(reserve(&mut pool, &of(6, 0, 0)), Err(Refusal::PoolFull));
    pool.on_executed(Height::new(1), [&*ordinary[0]]);
    assert_eq!(reserve(&mut pool, &of(6, 0, 0)), Err(Refusal::PoolFull));
    admit_all(&mut pool, Origin::Local, &[of(3, 0, 0)]);
}

#[test]
fn a_sender_with_all_the_orders_that_it_may_have_can_still_cancel() {
    let mut pool = pool();
    let orders: Vec<_> = (0..1024).map(|sequence| of(0, 0, sequence)).collect();
    admit_all(&mut pool, Origin::Local, &orders);
    assert_eq!(admit(&mut pool, &of(0, 1, 0), Origin::Local), Err(Refusal::SenderLimit));
    let cancels: Vec<_> = (0..256).map(|sequence| of(0, 1, sequence)).collect();
    reserve_all(&mut pool, &cancels);
    assert_eq!(reserve(&mut pool, &of(0, 1, 256)), Err(Refusal::SenderLimit));
    let expected = [ids(&cancels[..6]), ids(&orders[..394])].concat();
    assert_eq!(payload(&pool), expected, "its share of the share, and then its turns");
}

#[test]
fn a_flood_of_reserved_ones_does_not_delay_a_senders_first() {
    let mut pool = pool();
    for sequence in 0..256 {
        reserve_all(&mut pool, &(0..90).map(|n| of(n, 0, sequence)).collect::<Vec<_>>());
    }
    let mut flood = pool.payload(LIMITS, Height::new(1), &[]);
    for height in 2..20 {
        pool.on_executed(Height::new(height - 1), flood.iter().map(|tx| &**tx));
        let newcomer = of(1000, 0, height - 2);
        reserve_all(&mut pool, std::slice::from_ref(&newcomer));
        flood = pool.payload(LIMITS, Height::new(height), &[]);
        let place = flood.iter().position(|tx| tx.id() == newcomer.id());
        assert!(place.is_some_and(|place| place < 100), "{place:?} at height {height}");
    }
}

#[test]
fn a_sender_has_a_bounded_part_of_the_share_and_its_turns_in_the_rest() {
    let mut pool = pool();
    let many: Vec<_> = (0..50).map(|sequence| of(0, 0, sequence)).collect();
    reserve_all(&mut pool, &many);
    let others: Vec<_> = (1..4).map(|n| of(n, 0, 0)).collect();
    admit_all(&mut pool, Origin::Local, &others);
    // A quarter of 400, a sixteenth of that.
    let expected = [ids(&many[..6]), ids(&others), ids(&many[6..])].concat();
    assert_eq!(payload(&pool), expected);
}

#[test]
fn within_a_lane_order_comes_first() {
    let mut pool = pool();
    let (order, cancel) = (of(0, 0, 0), of(0, 0, 1));
    admit_all(&mut pool, Origin::Local, &[of(1, 0, 0), order.clone()]);
    reserve_all(&mut pool, std::slice::from_ref(&cancel));
    assert_eq!(payload(&pool), ids(&[of(1, 0, 0), order.clone(), cancel.clone()]));
    let other_lane = of(0, 1, 0);
    reserve_all(&mut pool, std::slice::from_ref(&other_lane));
    assert_eq!(payload(&pool), ids(&[other_lane, of(1, 0, 0), order, cancel]));
}

#[test]
fn the_share_that_nobody_takes_is_everybodys() {
    let mut pool = pool();
    let ordinary: Vec<_> = (0..500).map(|n| of(n, 0, 0)).collect();
    admit_all(&mut pool, Origin::Local, &ordinary);
    assert_eq!(payload(&pool), ids(&ordinary[..FITS]));
}

#[test]
fn the_share_has_bytes_too() {
    let mut pool = pool();
    let size = of(0, 0, 0).bytes();
    let reserved: Vec<_> = (0..8).map(|n| of(n, 0, 0)).collect();
    let ordinary: Vec<_> = (10..18).map(|n| of(n, 0, 0)).collect();
    admit_all(&mut pool, Origin::Local, &ordinary);
    reserve_all(&mut pool, &reserved);
    let limits = PayloadLimits::new(1000, 8 * size);
    let expected = [ids(&reserved[..2]), ids(&ordinary[..6])].concat();
    assert_eq!(ids(&pool.payload(limits, Height::new(1), &[])), expected);
}

#[test]
fn reserved_ones_are_forwarded_first_and_by_themselves() {
    let (mut pool, flood) = flooded();
    let cancels: Vec<_> = (0..20).map(|n| of(n, 1, 0)).collect();
    reserve_all(&mut pool, &cancels);
    assert_eq!(pool.forward_deadline(), Some(Instant::START));
    let size = cancels[0].bytes();
    let mut forwarded = Vec::new();
    let mut batch = pool.to_forward(Instant::START, usize::MAX);
    assert_eq!(ids(&batch), ids(&cancels));
    batch = pool.to_forward(Instant::START, 1000 * size);
    while !batch.is_empty() {
        forwarded.extend(ids(&batch));
        batch = pool.to_forward(Instant::START, 1000 * size);
    }
    assert_eq!(forwarded, ids(&flood));
}
