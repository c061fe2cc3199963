//! L2, L3, L6, L8 and forks, as those keep them who follow a lane.

use heddle_lanes::Action;
use heddle_lanes::Fault;
use heddle_lanes::Message;
use heddle_lanes::OwnLane;
use heddle_lanes::Place;
use heddle_lanes::limits;
use heddle_types::Hash32;

use crate::solo;
use crate::solo::Solo;
use crate::world;

#[test]
fn what_is_acknowledged_is_durable_and_so_is_all_before_it() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 3, 1);
    assert!(solo::acks(&solo.push(&chain[0])).is_empty());
    assert!(solo::acks(&solo.keep(&chain[2])).is_empty());
    assert!(solo::acks(&solo.keep(&chain[1])).is_empty());
    assert_eq!(solo::acks(&solo.stored(&chain[0])), [world::reference(&chain[2])]);
}

#[test]
fn acknowledgements_are_repeated_while_something_is_not_final() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 1, 1);
    solo.keep(&chain[0]);
    assert_eq!(solo.core.deadline().unwrap().as_micros(), limits::ACK_REPEAT_MS * 1000);
    let cut = vec![world::reference(&chain[0])];
    assert_eq!(solo::acks(&solo.tick_at(limits::ACK_REPEAT_MS)), cut);
    solo.finalise(1, cut);
    assert_eq!(solo.core.deadline(), None);
}

#[test]
fn the_own_lane_is_not_acknowledged() {
    let mut solo = Solo::new(4);
    let own = solo.seal(1);
    assert!(solo::acks(&solo.stored(&own)).is_empty());
}

#[test]
fn only_the_owner_sends_its_batches_unasked() {
    let mut solo = Solo::new(4);
    let batch = solo::chain(1, 1, 1).remove(0);
    let actions = solo.hear(2, Message::Batch(batch));
    assert_eq!(solo::faults(&actions), [(2, Fault::NotOwner)]);
    assert_eq!(solo.core.status().batches, 0);
}

#[test]
fn of_two_batches_at_one_place_the_first_is_followed_and_both_are_evidence() {
    let mut solo = Solo::new(4);
    let (first, second) = (solo::chain(1, 1, 1).remove(0), solo::chain(1, 1, 2).remove(0));
    solo.keep(&first);
    let actions = solo.push(&second);
    assert!(solo::stores(&actions).is_empty());
    let [Action::Evidence(fork), Action::Broadcast(Message::Fork(told))] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(fork.headers(), [first.signed(), second.signed()]);
    assert_eq!(fork, told);
    assert_eq!(solo.durable(1), world::place(&first));
    assert!(solo.push(&second).is_empty(), "said once");
}

#[test]
fn another_batch_at_a_delivered_place_is_evidence_too() {
    let mut solo = Solo::new(4);
    let (first, second) = (solo::chain(1, 1, 1).remove(0), solo::chain(1, 1, 2).remove(0));
    solo.keep(&first);
    solo.finalise(1, vec![world::reference(&first)]);
    assert_eq!(solo::evidence(&solo.push(&second)), [1]);
    assert!(solo.push(&first).is_empty(), "an old one again is nothing");
}

#[test]
fn another_batch_at_the_place_of_one_that_was_given_up_is_evidence_too() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 2, 1);
    let nowhere = Place { sequence: 1, digest: Hash32([9; 32]) };
    let junk = world::batch(1, nowhere, 9);
    solo.keep(&junk);
    solo.finalise(1, vec![world::reference(&chain[0])]);
    let actions = solo.keep(&chain[0]);
    assert!(actions.contains(&Action::Discard(vec![world::reference(&junk)])), "{actions:?}");
    let actions = solo.keep(&chain[1]);
    assert_eq!(solo::evidence(&actions), [1]);
    assert_eq!(solo.durable(1), world::place(&chain[1]));
}

#[test]
fn a_batch_on_another_one_than_is_here_is_refused() {
    let mut solo = Solo::new(4);
    let nowhere = Place { sequence: 0, digest: Hash32([9; 32]) };
    let wrong = world::batch(1, nowhere, 1);
    assert_eq!(solo::faults(&solo.push(&wrong)), [(1, Fault::OffChain)]);
    let chain = solo::chain(1, 1, 1);
    solo.keep(&chain[0]);
    let nowhere = Place { sequence: 1, digest: Hash32([9; 32]) };
    assert_eq!(solo::faults(&solo.push(&world::batch(1, nowhere, 2))), [(1, Fault::OffChain)]);
    assert_eq!(solo.core.status().batches, 1);
}

#[test]
fn a_final_cut_overrides_the_branch_that_was_followed() {
    let mut solo = Solo::new(4);
    let (ours, theirs) = (solo::chain(1, 3, 1), solo::chain(1, 3, 10));
    ours.iter().for_each(|batch| drop(solo.keep(batch)));
    solo.finalise(1, vec![world::reference(&theirs[1])]);
    let batches = vec![theirs[1].clone(), theirs[0].clone()];
    let fetched = Message::Fetched { digest: theirs[1].digest(), batches };
    solo.hear(1, fetched);
    solo.stored(&theirs[1]);
    let actions = solo.stored(&theirs[0]);

    let digests = vec![theirs[0].digest(), theirs[1].digest()];
    assert_eq!(solo::deliveries(&actions), [(1, digests)]);
    let lost: Vec<_> = ours.iter().map(|batch| world::reference(batch)).collect();
    assert!(actions.contains(&Action::Discard(lost)), "{actions:?}");
    assert_eq!(solo.durable(1), world::place(&theirs[1]));
    assert_eq!(solo.core.status().batches, 0);
    // The owner's next on that branch is followed again.
    assert_eq!(solo::acks(&solo.keep(&theirs[2])), [world::reference(&theirs[2])]);
}

#[test]
fn what_is_above_a_final_batch_is_kept_and_what_is_beside_it_is_not() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 4, 1);
    chain.iter().for_each(|batch| drop(solo.keep(batch)));
    let actions = solo.finalise(1, vec![world::reference(&chain[1])]);
    assert!(!actions.iter().any(|action| matches!(action, Action::Discard(_))));
    assert_eq!((solo.durable(1), solo.core.status().batches), (world::place(&chain[3]), 2));
}

#[test]
fn an_owner_that_runs_ahead_fills_its_window_and_no_more() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, limits::LANE_BATCHES_MAX + 2, 1);
    chain.iter().for_each(|batch| drop(solo.keep(batch)));
    assert_eq!(solo.durable(1).sequence, limits::LANE_BATCHES_MAX);
    solo.finalise(1, vec![world::reference(&chain[0])]);
    chain[limits::LANE_BATCHES_MAX as usize..].iter().for_each(|batch| drop(solo.keep(batch)));
    assert_eq!(solo.durable(1).sequence, limits::LANE_BATCHES_MAX + 1);
}

#[test]
fn an_owner_of_large_batches_is_bounded_by_their_bytes() {
    let mut solo = Solo::new(4);
    let mut parent = world::root();
    for number in 0..40 {
        let transactions = (0..25).map(|n| world::transaction(number * 100 + n, 10_000)).collect();
        let batch = world::batch_of(1, parent, transactions);
        parent = world::place(&batch);
        solo.push(&batch);
    }
    let bytes = solo.core.status().bytes;
    assert!(bytes <= limits::LANE_BYTES_MAX, "{bytes}");
    assert!(bytes > limits::LANE_BYTES_MAX - 300_000, "{bytes}");
}

#[test]
fn acknowledgements_far_ahead_are_not_remembered() {
    let mut solo = Solo::new(4);
    for sequence in 1..1000 {
        let place = Place { sequence, digest: Hash32([1; 32]) };
        solo.ack_place(2, place.in_lane(world::index(1)));
    }
    assert_eq!(solo.core.status().entries as u64, limits::ACKS_AHEAD_MAX);
    let nowhere = Place { sequence: 1, digest: Hash32([1; 32]) }.in_lane(world::index(4));
    assert_eq!(solo::faults(&solo.ack_place(2, nowhere)), [(2, Fault::UnknownLane)]);
}

#[test]
fn acknowledgements_of_what_was_delivered_are_forgotten() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 2, 1);
    chain.iter().for_each(|batch| drop(solo.keep(batch)));
    solo.ack(2, &chain[0]);
    solo.ack(2, &chain[1]);
    assert_eq!(solo.core.status().entries, 4, "the owner's and the other's");
    solo.finalise(1, vec![world::reference(&chain[0])]);
    assert_eq!(solo.core.status().entries, 3, "two are left, and a header");
}

#[test]
fn who_acknowledged_something_else_is_shown_the_header_of_what_is_here() {
    let mut solo = Solo::new(4);
    let (ours, theirs) = (solo::chain(1, 2, 1), solo::chain(1, 2, 10));
    ours.iter().for_each(|batch| drop(solo.keep(batch)));
    let actions = solo.ack(2, &theirs[0]);
    let header = Message::Header(Box::new(ours[0].signed().clone()));
    assert_eq!(actions, [Action::Send { to: world::index(2), message: header }]);
    assert!(solo.ack(2, &theirs[0]).is_empty(), "not for every one");
    assert_eq!(solo.ack(3, &theirs[1]).len(), 1);

    let mut other = Solo::new(4);
    theirs.iter().for_each(|batch| drop(other.keep(batch)));
    let header = Message::Header(Box::new(ours[0].signed().clone()));
    assert_eq!(solo::evidence(&other.hear(0, header.clone())), Vec::<u16>::new(), "of itself");
    assert_eq!(solo::evidence(&other.hear(3, header)), [1]);
}

#[test]
fn a_fork_that_others_prove_is_passed_on_once() {
    let (first, second) = (solo::chain(1, 1, 1).remove(0), solo::chain(1, 1, 2).remove(0));
    let mut knows = Solo::new(4);
    knows.push(&first);
    let actions = knows.push(&second);
    let Some(Action::Broadcast(fork)) = actions.last() else { panic!("{actions:?}") };

    let mut solo = Solo::new(4);
    let told = solo.hear(2, fork.clone());
    assert_eq!(solo::evidence(&told), [1]);
    assert_eq!(told[1], Action::Broadcast(fork.clone()));
    assert!(solo.hear(3, fork.clone()).is_empty());
}

#[test]
fn a_restart_follows_the_longest_branch_and_remembers_the_fork() {
    let (short, long) = (solo::chain(1, 1, 1), solo::chain(1, 2, 10));
    let stored = [&short[..], &long[..]].concat();
    let solo = Solo::recovered(&world::committee(4, 0), OwnLane::Intact, stored);
    assert_eq!(solo.durable(1), world::place(&long[1]));
    assert_eq!(solo::evidence(&solo.started), [1]);
    assert_eq!(solo::acks(&solo.started), [world::reference(&long[1])]);
}

#[test]
fn stored_batches_of_another_epoch_are_given_up_at_the_start() {
    let old = solo::chain(1, 1, 1);
    let solo = Solo::recovered(&world::committee(4, 1), OwnLane::Intact, old.clone());
    assert_eq!(solo.started, [Action::Discard(vec![world::reference(&old[0])])]);
}
