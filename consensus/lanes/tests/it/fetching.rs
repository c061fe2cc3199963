//! L9: who is asked for what, and what an answer may be.

use std::sync::Arc;

use heddle_lanes::Action;
use heddle_lanes::Fault;
use heddle_lanes::Fetch;
use heddle_lanes::Message;
use heddle_lanes::Place;
use heddle_lanes::limits;
use heddle_lanes::serve;
use heddle_types::BatchRef;
use heddle_types::CheckedBatch;
use heddle_types::Epoch;
use heddle_types::Hash32;

use crate::solo;
use crate::solo::Solo;
use crate::world;

fn fetch(batch: &CheckedBatch, above: u64) -> Fetch {
    Fetch { epoch: Epoch::ZERO, batch: world::reference(batch), above }
}

fn fetched(wanted: &CheckedBatch, batches: &[&Arc<CheckedBatch>]) -> Message {
    let batches = batches.iter().map(|batch| Arc::clone(batch)).collect();
    Message::Fetched { digest: wanted.digest(), batches }
}

#[test]
fn who_acknowledged_it_is_asked_first_then_who_is_further_the_proposer_the_owner_and_the_rest() {
    let mut solo = Solo::new(7);
    let chain = solo::chain(1, 5, 1);
    solo.ack(5, &chain[3]);
    solo.ack(4, &chain[4]);
    let other = solo::chain(1, 4, 50);
    solo.ack(6, &other[3]);
    let actions = solo.check(vec![world::reference(&chain[3])]);
    assert_eq!(solo::fetches(&actions), [(5, fetch(&chain[3], 0))]);
    // One, then two more, then four more.
    assert_eq!(solo.core.deadline().unwrap().as_micros(), limits::FETCH_TIMEOUT_MS * 1000);
    assert_eq!(solo::asked(&solo.tick_at(200)), [4, 3]);
    assert_eq!(solo::asked(&solo.tick_at(400)), [1, 2, 6]);
    // Then nobody for a while, and all again.
    assert_eq!(solo::asked(&solo.tick_at(600)), []);
    assert_eq!(solo::asked(&solo.tick_at(650)), [5, 4, 3, 1, 2, 6]);
}

#[test]
fn who_answers_that_it_has_it_not_is_followed_by_the_next_at_once() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 1, 1);
    assert_eq!(solo::asked(&solo.check(vec![world::reference(&chain[0])])), [3]);
    let nothing = fetched(&chain[0], &[]);
    assert_eq!(solo::asked(&solo.hear(3, nothing.clone())), [1, 2]);
    assert_eq!(solo::asked(&solo.hear(3, nothing.clone())), [], "asked once, answered once");
    assert_eq!(solo::asked(&solo.hear(1, nothing)), [], "the other may have it");
}

#[test]
fn an_answer_is_taken_down_to_what_is_here_and_the_rest_is_asked_for() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 4, 1);
    solo.keep(&chain[0]);
    let actions = solo.check(vec![world::reference(&chain[3])]);
    assert_eq!(solo::fetches(&actions), [(3, fetch(&chain[3], 0))]);
    let actions = solo.hear(3, fetched(&chain[3], &[&chain[3], &chain[2]]));
    assert_eq!(solo::stores(&actions), [chain[3].clone(), chain[2].clone()]);
    assert_eq!(solo::fetches(&actions), [(3, fetch(&chain[1], 0))]);
    let actions = solo.hear(3, fetched(&chain[1], &[&chain[1], &chain[0]]));
    assert_eq!(solo::stores(&actions), [chain[1].clone()]);
    assert_eq!(solo::asked(&actions), []);
}

#[test]
fn a_wrong_answer_is_a_fault_and_the_next_is_asked() {
    let chain = solo::chain(1, 3, 1);
    let other = solo::chain(2, 1, 9);
    let check = |batches: &[&Arc<CheckedBatch>], kept: usize| {
        let mut solo = Solo::new(4);
        solo.check(vec![world::reference(&chain[2])]);
        let actions = solo.hear(3, fetched(&chain[2], batches));
        assert_eq!(solo::faults(&actions), [(3, Fault::WrongBatch)]);
        assert_eq!(solo::stores(&actions).len(), kept);
        assert!(!solo::asked(&actions).is_empty());
    };
    check(&[&chain[1]], 0);
    check(&[&other[0]], 0);
    check(&[&chain[2], &chain[0]], 1);
    check(&[&chain[2], &chain[2]], 1);
}

#[test]
fn what_was_not_asked_for_is_nothing() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 1, 1);
    assert!(solo.hear(3, fetched(&chain[0], &[&chain[0]])).is_empty());
    solo.check(vec![world::reference(&chain[0])]);
    assert!(solo.hear(2, fetched(&chain[0], &[&chain[0]])).is_empty(), "not of 2");
    solo.keep(&chain[0]);
    assert!(solo.hear(3, fetched(&chain[0], &[&chain[0]])).is_empty(), "no longer");
}

#[test]
fn a_digest_named_at_another_number_than_its_batchs_is_never_there() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 2, 1);
    let named = BatchRef { sequence: 3, ..world::reference(&chain[1]) };
    solo.check(vec![named]);
    let actions = solo.hear(3, fetched(&chain[1], &[&chain[1]]));
    assert_eq!(solo::faults(&actions), [(3, Fault::WrongBatch)]);
    assert_eq!(solo.core.status().batches, 0);
}

#[test]
fn nothing_beyond_the_window_is_fetched_for_a_cut_that_is_not_final() {
    let mut solo = Solo::new(4);
    let far = |sequence| Place { sequence, digest: Hash32([3; 32]) }.in_lane(world::index(1));
    let ancestors = vec![vec![far(limits::LANE_BATCHES_MAX)]];
    let beyond = vec![far(limits::LANE_BATCHES_MAX + 1)];
    let proposed = solo::proposed_at(1, 2, ancestors.clone(), beyond.clone());
    let actions = solo.tell(heddle_lanes::Input::Check(proposed));
    assert_eq!(solo::asked(&actions), []);
    // But for final ones it is.
    solo.finalise(1, ancestors[0].clone());
    assert_eq!(solo::asked(&solo.finalise(2, beyond)), [1]);
}

#[test]
fn branches_of_a_forked_lane_take_their_room_and_no_more() {
    let mut solo = Solo::new(4);
    for branch in 0..70 {
        let transactions = (0..25).map(|n| world::transaction(branch * 100 + n, 10_000)).collect();
        let batch = world::batch_of(1, world::root(), transactions);
        let mut proposed = solo::proposed(vec![world::reference(&batch)]);
        proposed.block.0.0[1] = u8::try_from(branch).unwrap();
        solo.tell(heddle_lanes::Input::Check(proposed));
        solo.hear(3, fetched(&batch, &[&batch]));
    }
    let bytes = solo.core.status().bytes;
    assert!(bytes <= limits::FETCHED_LANE_BYTES_MAX, "{bytes}");
    assert!(bytes > limits::FETCHED_LANE_BYTES_MAX - 600_000, "{bytes}");
}

#[test]
fn only_the_first_few_final_cuts_are_fetched_for() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 10, 1);
    let asked: Vec<usize> = (1..=10)
        .map(|height| {
            let cut = vec![world::reference(&chain[height - 1])];
            solo::asked(&solo.finalise(height as u64, cut)).len()
        })
        .collect();
    assert_eq!(asked, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(solo.core.status().backlog, 10);
}

#[test]
fn a_request_is_served_from_the_store_if_it_asks_for_something() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 1, 1);
    let asks = |above, sequence| {
        let batch = BatchRef { sequence, ..world::reference(&chain[0]) };
        Fetch { epoch: Epoch::ZERO, batch, above }
    };
    let good = asks(0, 64);
    let actions = solo.hear(2, Message::Fetch(good.clone()));
    assert_eq!(actions, [Action::Serve { to: world::index(2), fetch: good }]);
    for wrong in [asks(0, 65), asks(1, 1), asks(2, 1)] {
        let actions = solo.hear(2, Message::Fetch(wrong));
        assert_eq!(solo::faults(&actions), [(2, Fault::WrongRange)]);
    }
    let mut nowhere = asks(0, 1);
    nowhere.batch.lane = world::index(50);
    let actions = solo.hear(2, Message::Fetch(nowhere));
    assert_eq!(solo::faults(&actions), [(2, Fault::UnknownLane)]);
}

#[test]
fn an_answer_is_a_chain_from_what_was_asked_for_within_its_bounds() {
    let chain = solo::chain(1, 5, 1);
    let answer = |fetch: &Fetch| -> Vec<u64> {
        serve(fetch, |digest| {
            let batch = chain.iter().find(|batch| batch.digest() == *digest)?;
            Some((batch.header().clone(), batch.header().sequence))
        })
    };
    assert_eq!(answer(&fetch(&chain[4], 2)), [5, 4, 3]);
    assert_eq!(answer(&fetch(&chain[4], 0)), [5, 4, 3, 2, 1]);
    let mut moved = fetch(&chain[4], 2);
    moved.batch.sequence = 6;
    assert_eq!(answer(&moved), Vec::<u64>::new());
    let mut other = fetch(&chain[4], 2);
    other.epoch = Epoch::new(1);
    assert_eq!(answer(&other), Vec::<u64>::new());
    let unknown = solo::chain(1, 1, 99);
    assert_eq!(answer(&fetch(&unknown[0], 0)), Vec::<u64>::new());

    let (mut parent, mut large) = (world::root(), vec![]);
    for number in 0..12 {
        let transactions = (0..25).map(|n| world::transaction(number * 100 + n, 10_000)).collect();
        large.push(world::batch_of(1, parent, transactions));
        parent = world::place(&large[large.len() - 1]);
    }
    let bytes: Vec<usize> = serve(&fetch(&large[11], 0), |digest| {
        let batch = large.iter().find(|batch| batch.digest() == *digest)?;
        Some((batch.header().clone(), batch.header().bytes as usize))
    });
    let sum: usize = bytes.iter().sum();
    assert!(sum <= limits::FETCHED_BYTES_MAX && bytes.len() == 8, "{bytes:?}");
}
