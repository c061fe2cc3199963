//! L4, L5, L7 and L12: what may be voted for, and what is handed out.

use std::sync::Arc;

use heddle_lanes::Action;
use heddle_lanes::CutFault;
use heddle_lanes::Input;
use heddle_lanes::Place;
use heddle_lanes::Verdict;
use heddle_lanes::limits;
use heddle_types::BatchRef;
use heddle_types::CheckedBatch;
use heddle_types::Hash32;

use crate::solo;
use crate::solo::Solo;
use crate::world;

/// One that has three batches of lanes 1 and 2.
fn filled() -> (Solo, Vec<Arc<CheckedBatch>>, Vec<Arc<CheckedBatch>>) {
    let mut solo = Solo::new(4);
    let (one, two) = (solo::chain(1, 3, 1), solo::chain(2, 3, 100));
    one.iter().chain(&two).for_each(|batch| drop(solo.keep(batch)));
    (solo, one, two)
}

fn invalid(fault: CutFault) -> Option<Verdict> {
    Some(Verdict::Invalid(fault))
}

#[test]
fn a_cut_is_available_once_all_that_it_adds_is_durable() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 2, 1);
    let cut = vec![world::reference(&chain[1])];
    assert_eq!(solo.verdict(cut.clone()), Some(Verdict::Missing));
    assert_eq!(solo::verdict(&solo.push(&chain[0])), None, "missing is said once");
    assert_eq!(solo::verdict(&solo.push(&chain[1])), None);
    assert_eq!(solo::verdict(&solo.stored(&chain[1])), None);
    assert_eq!(solo::verdict(&solo.stored(&chain[0])), Some(Verdict::Available));
    assert_eq!(solo::verdict(&solo.stored(&chain[0])), None, "said once");
    assert_eq!(solo.verdict(cut), Some(Verdict::Available), "but to every question");
}

#[test]
fn an_empty_cut_needs_nothing() {
    assert_eq!(Solo::new(4).verdict(vec![]), Some(Verdict::Available));
}

#[test]
fn lanes_must_exist_and_ascend() {
    let (mut solo, one, two) = filled();
    let (one, two) = (world::reference(&one[0]), world::reference(&two[0]));
    let nowhere = BatchRef { lane: world::index(4), sequence: 1, digest: one.digest };
    let fault = CutFault::UnknownLane { lane: world::index(4) };
    assert_eq!(solo.verdict(vec![one.clone(), nowhere]), invalid(fault));
    let lane = world::index(1);
    assert_eq!(solo.verdict(vec![two.clone(), one.clone()]), invalid(CutFault::Order { lane }));
    assert_eq!(solo.verdict(vec![one.clone(), one.clone()]), invalid(CutFault::Order { lane }));
    assert_eq!(solo.verdict(vec![one, two]), Some(Verdict::Available));
}

#[test]
fn a_cut_never_goes_back_nor_stands_still() {
    let (mut solo, one, _) = filled();
    let lane = world::index(1);
    let ancestors = vec![vec![world::reference(&one[1])]];
    let mut check = |position: usize| {
        let cut = vec![world::reference(&one[position])];
        solo::verdict(&solo.tell(Input::Check(solo::proposed_at(1, 2, ancestors.clone(), cut))))
    };
    assert_eq!(check(0), invalid(CutFault::Back { lane, sequence: 1, base: 2 }));
    assert_eq!(check(1), invalid(CutFault::Back { lane, sequence: 2, base: 2 }));
    assert_eq!(check(2), Some(Verdict::Available));
}

#[test]
fn a_cut_must_extend_what_its_ancestors_named() {
    let (mut solo, one, _) = filled();
    let elsewhere = Place { sequence: 1, digest: Hash32([9; 32]) };
    let ancestors = vec![vec![elsewhere.in_lane(world::index(1))]];
    let cut = vec![world::reference(&one[2])];
    let fault = CutFault::OffChain { lane: world::index(1) };
    let actions = solo.tell(Input::Check(solo::proposed_at(1, 2, ancestors, cut.clone())));
    assert_eq!(solo::verdict(&actions), invalid(fault));

    // What is final by now stands against a block on another ancestor, too.
    solo.finalise(1, vec![world::reference(&one[0])]);
    let other = vec![vec![world::root().in_lane(world::index(1))]];
    let actions = solo.tell(Input::Check(solo::proposed_at(2, 2, other, cut)));
    assert_eq!(solo::verdict(&actions), invalid(fault));
}

#[test]
fn a_cut_adds_no_more_than_execution_is_built_for() {
    let lane = world::index(1);
    let mut solo = Solo::new(4);
    let far = Place { sequence: limits::CUT_LANE_BATCHES_MAX + 1, digest: Hash32([1; 32]) };
    let cut = vec![far.in_lane(lane)];
    assert_eq!(solo.verdict(cut), invalid(CutFault::TooMuch { lane }));

    let (mut parent, mut chain) = (world::root(), vec![]);
    for number in 0..8 {
        let transactions = (0..1300).map(|_| world::transaction(number, 0)).collect();
        chain.push(world::batch_of(1, parent, transactions));
        parent = world::place(&chain[chain.len() - 1]);
    }
    chain.iter().for_each(|batch| drop(solo.keep(batch)));
    assert_eq!(solo.verdict(vec![world::reference(&chain[6])]), Some(Verdict::Available));
    let all = vec![world::reference(&chain[7])];
    assert_eq!(solo.verdict(all), invalid(CutFault::TooMuch { lane }));
}

#[test]
fn only_the_newest_cuts_are_waited_for() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 1, 1);
    for block in 0..=u8::try_from(limits::CHECKS_MAX).unwrap() {
        let cut = vec![world::reference(&chain[0])];
        solo.tell(Input::Check(solo::proposed_at(block, 1, vec![], cut)));
    }
    let verdicts = solo.keep(&chain[0]);
    let of = |action: &&Action| matches!(action, Action::Verdict { .. });
    assert_eq!(verdicts.iter().filter(of).count(), limits::CHECKS_MAX);
}

#[test]
fn what_was_proposed_for_a_final_height_is_forgotten() {
    let mut solo = Solo::new(4);
    let chain = solo::chain(1, 1, 1);
    solo.check(vec![world::reference(&chain[0])]);
    solo.finalise(1, vec![]);
    assert_eq!(solo::verdict(&solo.keep(&chain[0])), None);
    assert!(solo.check(vec![]).is_empty(), "too late");
}

#[test]
fn final_cuts_are_handed_out_in_order_however_their_batches_come() {
    let mut solo = Solo::new(4);
    let (one, two) = (solo::chain(1, 1, 1), solo::chain(2, 1, 10));
    assert!(solo::deliveries(&solo.finalise(1, vec![world::reference(&one[0])])).is_empty());
    assert!(solo::deliveries(&solo.finalise(2, vec![world::reference(&two[0])])).is_empty());
    assert!(solo::deliveries(&solo.finalise(5, vec![])).is_empty());
    assert!(solo::deliveries(&solo.keep(&two[0])).is_empty());
    assert_eq!(solo.core.status().backlog, 3);
    assert!(solo::deliveries(&solo.push(&one[0])).is_empty(), "not before it is durable");
    let all = solo::deliveries(&solo.stored(&one[0]));
    assert_eq!(all, [(1, vec![one[0].digest()]), (2, vec![two[0].digest()]), (5, vec![])]);
}

#[test]
fn lanes_take_turns_in_being_first_in_a_block() {
    let order = |height: u64| {
        let (mut solo, one, two) = filled();
        let three = solo::chain(3, 1, 200);
        solo.keep(&three[0]);
        let cut = [&one[1], &two[0], &three[0]].map(|batch| world::reference(batch)).to_vec();
        let delivered = solo::deliveries(&solo.finalise(height, cut)).remove(0).1;
        let name = |digest: &Hash32| {
            let all = one.iter().chain(&two).chain(&three);
            let header = all.map(|b| b.header()).find(|h| h.digest() == *digest).unwrap();
            (header.lane.get(), header.sequence)
        };
        delivered.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(order(4), [(1, 1), (1, 2), (2, 1), (3, 1)]);
    assert_eq!(order(6), [(2, 1), (3, 1), (1, 1), (1, 2)]);
    assert_eq!(order(7), [(3, 1), (1, 1), (1, 2), (2, 1)]);
}

#[test]
#[should_panic(expected = "final heights ascend")]
fn a_height_is_final_once() {
    let mut solo = Solo::new(4);
    solo.finalise(1, vec![]);
    solo.finalise(1, vec![]);
}

#[test]
fn final_cuts_that_contradict_each_other_stop_the_node() {
    let (mut solo, one, _) = filled();
    let lane = world::index(1);
    solo.finalise(1, vec![world::reference(&one[1])]);
    let actions = solo.finalise(2, vec![world::reference(&one[0])]);
    let fault = CutFault::Back { lane, sequence: 1, base: 2 };
    assert_eq!(actions, [Action::Broken { height: world::height(2), fault }]);
    assert!(solo.check(vec![]).is_empty(), "and it does nothing more");
    assert_eq!(solo.core.deadline(), None);
}
