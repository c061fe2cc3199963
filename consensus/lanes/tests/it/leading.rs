//! L10: what a leader names.

use std::sync::Arc;

use heddle_lanes::limits;
use heddle_types::BatchRef;
use heddle_types::CheckedBatch;

use crate::solo;
use crate::solo::Solo;
use crate::world;

/// One that has `len` batches of each other lane, acknowledged by `peers`.
fn filled(nodes: u16, len: u64, peers: &[u16]) -> (Solo, Vec<Vec<Arc<CheckedBatch>>>) {
    let mut solo = Solo::new(nodes);
    let chains: Vec<_> =
        (0..nodes).map(|lane| solo::chain(lane, len, u64::from(lane) * 1000)).collect();
    for batch in chains[1..].iter().flatten() {
        solo.keep(batch);
        for peer in peers.iter().filter(|peer| **peer != batch.header().lane.get()) {
            solo.ack(*peer, batch);
        }
    }
    (solo, chains)
}

fn ends(chains: &[Vec<Arc<CheckedBatch>>], position: usize) -> Vec<BatchRef> {
    chains.iter().map(|chain| world::reference(&chain[position])).collect()
}

#[test]
fn with_one_faulty_of_four_two_holders_are_enough_the_owner_and_the_leader_included() {
    let (solo, chains) = filled(4, 2, &[]);
    assert_eq!(solo.cut(), ends(&chains[1..], 1));
}

#[test]
fn with_two_faulty_of_seven_a_third_holder_is_needed() {
    let (mut solo, chains) = filled(7, 2, &[]);
    assert_eq!(solo.cut(), []);
    solo.ack(2, &chains[1][0]);
    assert_eq!(solo.cut(), [world::reference(&chains[1][0])]);
    solo.ack(3, &chains[4][1]);
    assert_eq!(solo.cut(), [world::reference(&chains[1][0]), world::reference(&chains[4][1])]);
    // Acknowledging something else is no help.
    let other = solo::chain(5, 1, 7);
    solo.ack(3, &other[0]);
    assert_eq!(solo.cut().len(), 2);
}

#[test]
fn who_acknowledged_only_a_later_batch_counts_for_the_earlier_one() {
    let (mut solo, chains) = filled(10, 2, &[]);
    solo.ack(2, &chains[1][1]);
    assert_eq!(solo.cut(), [], "the owner, the leader and one more: four are needed");
    solo.ack(3, &chains[1][0]);
    assert_eq!(solo.cut(), [world::reference(&chains[1][0])]);
}

#[test]
fn acknowledgements_that_come_before_the_batch_count_once_it_is_here() {
    let mut solo = Solo::new(7);
    let chain = solo::chain(1, 2, 1);
    solo.ack(2, &chain[0]);
    solo.ack(2, &chain[1]);
    assert_eq!(solo.cut(), []);
    solo.keep(&chain[0]);
    assert_eq!(solo.cut(), [world::reference(&chain[0])]);
    solo.keep(&chain[1]);
    assert_eq!(solo.cut(), [world::reference(&chain[1])]);
}

#[test]
fn a_leader_names_nothing_that_is_not_durable_with_it() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 2, 1);
    solo.keep(&chain[0]);
    solo.push(&chain[1]);
    (2..4).for_each(|peer| drop(solo.ack(peer, &chain[1])));
    assert_eq!(solo.cut(), [world::reference(&chain[0])]);
}

#[test]
fn the_own_lane_needs_another_holder() {
    let mut solo = Solo::new(4);
    let own = solo.seal(1);
    solo.stored(&own);
    assert_eq!(solo.cut(), []);
    solo.ack(2, &own);
    assert_eq!(solo.cut(), [world::reference(&own)]);
}

#[test]
fn a_cut_goes_on_where_its_ancestors_ended() {
    let (solo, chains) = filled(4, 3, &[2]);
    let cut = |ancestors: &[Vec<BatchRef>]| solo.core.cut(ancestors, world::height(3));
    let first = vec![world::reference(&chains[1][1])];
    assert_eq!(cut(std::slice::from_ref(&first)), ends(&chains[1..], 2));
    let second = ends(&chains[1..], 2);
    assert_eq!(cut(&[first, second]), []);
    // An ancestor followed another branch of lane 1: it stays as it is.
    let elsewhere = vec![world::reference(&solo::chain(1, 1, 9)[0])];
    assert_eq!(cut(&[elsewhere]), ends(&chains[2..], 2));
}

#[test]
fn a_lane_that_forks_is_named_no_further() {
    let (mut solo, chains) = filled(4, 2, &[2]);
    solo.push(&solo::chain(1, 1, 9).remove(0));
    assert_eq!(solo.cut(), ends(&chains[2..], 1));
    // What others name of it is still followed.
    assert_eq!(solo.verdict(ends(&chains[1..2], 0)), Some(heddle_lanes::Verdict::Available));
}

#[test]
fn a_cut_takes_one_batch_of_each_lane_in_turn_until_it_is_full() {
    let mut solo = Solo::new(4);
    let mut chains = vec![];
    for (lane, len) in [(1, 5), (2, 1), (3, 5)] {
        let (mut parent, mut chain) = (world::root(), vec![]);
        for number in 0..len {
            let transactions = (0..1300).map(|_| world::transaction(number, 0)).collect();
            chain.push(world::batch_of(lane, parent, transactions));
            parent = world::place(&chain[chain.len() - 1]);
        }
        chain.iter().for_each(|batch| drop(solo.keep(batch)));
        chains.push(chain);
    }
    // Seven batches of 1,300 transactions: one of each lane, then two more of those that have them.
    let named = |height| solo.core.cut(&[], world::height(height));
    let expected = [&chains[0][2], &chains[1][0], &chains[2][2]].map(|b| world::reference(b));
    assert_eq!(named(1), expected);
    assert_eq!(named(3), expected);
    assert!((7 * 1300..8 * 1300).contains(&limits::CUT_TXS_MAX));
    let cut = named(1);
    assert_eq!(solo.verdict(cut), Some(heddle_lanes::Verdict::Available));
}
