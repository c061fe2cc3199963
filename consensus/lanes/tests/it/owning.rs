//! L1, L2, L8, L11 as an owner keeps them.

use std::sync::Arc;

use heddle_lanes::Action;
use heddle_lanes::Input;
use heddle_lanes::OwnLane;
use heddle_lanes::Status;
use heddle_lanes::limits;
use heddle_types::CheckedBatch;
use heddle_types::Hash32;

use crate::solo;
use crate::solo::Solo;
use crate::world;

#[test]
fn transactions_wait_for_company_and_then_stand_in_one_batch() {
    let mut solo = Solo::new(4);
    assert!(solo.submit(vec![world::transaction(1, 0)]).is_empty());
    assert!(solo.submit(vec![world::transaction(2, 0)]).is_empty());
    let batches = solo::stores(&solo.tick_at(limits::BATCH_DELAY_MS));
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].transactions().len(), 2);
    assert_eq!((batches[0].header().sequence, batches[0].header().parent), (1, world::ROOT));
}

#[test]
fn a_full_batch_does_not_wait() {
    let mut solo = Solo::new(4);
    let many = (0..30).map(|number| world::transaction(number, 10_000)).collect();
    let batches = solo::stores(&solo.submit(many));
    assert_eq!(batches.len(), 2);
    assert!(batches.iter().all(|b| b.header().bytes as usize >= limits::BATCH_BYTES_TARGET));
    assert_eq!(batches[1].header().parent, batches[0].digest());
    assert!(solo.core.status().queued_bytes > 0);
}

#[test]
fn a_batch_is_sent_once_it_and_all_before_it_are_durable() {
    let mut solo = Solo::new(4);
    let (first, second) = (solo.seal(1), solo.seal(2));
    assert_eq!(second.header().parent, first.digest());
    assert!(solo::sent(&solo.stored(&second)).is_empty());
    assert_eq!(solo::sent(&solo.stored(&first)), [1, 2]);
    assert!(solo::sent(&solo.stored(&first)).is_empty());
}

#[test]
fn a_restarted_owner_goes_on_where_its_store_ends() {
    let stored = solo::chain(0, 3, 1);
    let committee = world::committee(4, 0);
    let mut solo = Solo::recovered(&committee, OwnLane::Intact, stored.clone());
    let next = solo.seal(9);
    assert_eq!((next.header().sequence, next.header().parent), (4, stored[2].digest()));
}

#[test]
fn after_a_restart_what_may_not_have_left_is_sent_again() {
    let committee = world::committee(4, 0);
    let solo = Solo::recovered(&committee, OwnLane::Intact, solo::chain(0, 2, 1));
    let again = solo::sent_again(&solo.started);
    assert_eq!(again, [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]);
}

#[test]
fn an_owner_in_doubt_makes_no_batch_until_the_next_epoch() {
    let committee = world::committee(4, 0);
    let mut solo = Solo::recovered(&committee, OwnLane::InDoubt, vec![]);
    let returned = solo.submit(vec![world::transaction(1, 0)]);
    assert_eq!(returned, [Action::Returned(vec![world::transaction(1, 0)])]);
    let epoch = Input::Epoch { committee: world::committee(4, 1), root: Hash32([5; 32]) };
    solo.tell(epoch);
    assert_eq!(solo.seal(2).header().parent, Hash32([5; 32]));
}

#[test]
fn a_batch_of_the_own_lane_that_was_not_made_here_stops_it() {
    let mut solo = Solo::new(4);
    let foreign = world::batch(0, world::root(), 77);
    solo.check(vec![world::reference(&foreign)]);
    solo.submit(vec![world::transaction(5, 0)]);
    let fetched = heddle_lanes::Message::Fetched {
        digest: foreign.digest(),
        batches: vec![Arc::clone(&foreign)],
    };
    let actions = solo.hear(3, fetched);
    assert!(actions.contains(&Action::OwnKeyElsewhere { place: world::place(&foreign) }));
    assert!(actions.contains(&Action::Returned(vec![world::transaction(5, 0)])));
    let returned = solo.submit(vec![world::transaction(1, 0)]);
    assert!(matches!(returned[..], [Action::Returned(_)]));
}

#[test]
fn an_owner_signs_no_further_than_others_take_it() {
    let mut solo = Solo::new(4);
    let made: Vec<Arc<CheckedBatch>> =
        (0..limits::LANE_BATCHES_MAX).map(|number| solo.seal(number)).collect();
    solo.submit(vec![world::transaction(100, 0)]);
    assert!(solo::stores(&solo.tick_at(solo.now + 1000)).is_empty());
    assert!(solo.core.deadline().is_none_or(|at| at.as_micros() > solo.now * 1000));

    made.iter().for_each(|batch| drop(solo.stored(batch)));
    let actions = solo.finalise(1, vec![world::reference(&made[0])]);
    assert_eq!(solo::stores(&actions)[0].header().sequence, limits::LANE_BATCHES_MAX + 1);
}

#[test]
fn an_owner_signs_no_more_bytes_than_others_take() {
    let mut solo = Solo::new(4);
    let mut signed = 0;
    for round in 0..100 {
        let many = (0..13).map(|n| world::transaction(round * 100 + n, 10_000)).collect();
        let batches = solo::stores(&solo.submit(many));
        signed += batches.iter().map(|batch| batch.header().bytes as usize).sum::<usize>();
    }
    assert!(signed <= limits::LANE_BYTES_MAX, "{signed}");
    assert!(signed > limits::LANE_BYTES_MAX - 3 * limits::BATCH_BYTES_TARGET, "{signed}");
}

#[test]
fn what_the_queue_has_no_room_for_is_handed_back() {
    let mut solo = Solo::new(4);
    for number in 0..limits::LANE_BATCHES_MAX {
        solo.seal(number);
    }
    let mut big: Vec<_> = (0..500).map(|number| world::transaction(number, 10_000)).collect();
    // One that there was room for, behind those that there was none for.
    big.push(world::transaction(500, 0));
    let actions = solo.submit(big.clone());
    let [Action::Returned(returned)] = &actions[..] else { panic!("{actions:?}") };
    let Status { queued_bytes, .. } = solo.core.status();
    assert!(queued_bytes <= limits::QUEUE_BYTES_MAX);
    assert_eq!(queued_bytes, (big.len() - returned.len()) * big[0].bytes());
    assert_eq!(returned[..], big[big.len() - returned.len()..]);
}

#[test]
fn whose_acknowledgement_stands_still_is_sent_the_next_batches_again_ever_more_rarely() {
    let mut solo = Solo::new(4);
    for number in 0..6 {
        let batch = solo.seal(number);
        solo.stored(&batch);
        (1..3).for_each(|peer| drop(solo.ack(peer, &batch)));
        if number == 0 {
            solo.ack(3, &batch);
        }
    }
    let first = solo.now - 25 + limits::PUSH_AGAIN_MS;
    let mut times = vec![];
    for now in first - 100..first + 8000 {
        let again = solo::sent_again(&solo.tick_at(now));
        if !again.is_empty() {
            assert_eq!(again, [(3, 2), (3, 3), (3, 4), (3, 5)]);
            times.push(now);
        }
    }
    let waits: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [1000, 2000, 4000]);
}

#[test]
fn when_an_epoch_ends_what_is_not_final_returns() {
    let mut solo = Solo::new(4);
    let (first, second) = (solo.seal(1), solo.seal(2));
    [&first, &second].into_iter().for_each(|batch| drop(solo.stored(batch)));
    let other = solo::chain(1, 1, 50);
    solo.keep(&other[0]);
    solo.finalise(1, vec![world::reference(&first)]);
    solo.submit(vec![world::transaction(3, 0)]);

    let root = Hash32([5; 32]);
    let actions = solo.tell(Input::Epoch { committee: world::committee(4, 1), root });

    let returned = vec![world::transaction(3, 0), world::transaction(2, 0)];
    let lost = vec![world::reference(&second), world::reference(&other[0])];
    assert_eq!(actions, [Action::Discard(lost), Action::Returned(returned)]);
    assert_eq!(solo.durable(1), heddle_lanes::Place { sequence: 0, digest: root });
    // What is of the old epoch is nothing now.
    assert!(solo.push(&solo::chain(1, 1, 60)[0]).is_empty());
    assert!(solo.cut().is_empty());
}

#[test]
#[should_panic(expected = "delivered first")]
fn an_epoch_does_not_begin_before_the_last_one_is_delivered() {
    let mut solo = Solo::new(4);
    solo.finalise(1, vec![world::reference(&solo::chain(1, 1, 1)[0])]);
    solo.tell(Input::Epoch { committee: world::committee(4, 1), root: Hash32([5; 32]) });
}
