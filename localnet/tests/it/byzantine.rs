//! Simulated runs with validators that do not keep to the rules.

use heddle_localnet::simulator::Behaviour;
use heddle_localnet::simulator::Plan;
use heddle_localnet::simulator::run;

use crate::simulator;
use crate::simulator::seeds;

/// One behaviour under many seeds, with faults around it.
fn check(behaviour: Behaviour) {
    simulator::check(seeds() / 40, |seed| Plan::byzantine(seed, &[behaviour]));
}

#[test]
fn who_signs_two_blocks_a_view_is_accused_by_all_who_hear_both() {
    check(Behaviour::Equivocator);
    let caught = |seed| run(&Plan::byzantine(seed, &[Behaviour::Equivocator])).unwrap();
    let caught: u64 = (0..5).map(|seed| caught(seed).equivocations).sum();
    assert!(caught > 50, "{caught}");
}

#[test]
fn who_withholds_costs_its_views_and_nothing_else() {
    check(Behaviour::Withholder);
}

#[test]
fn what_is_certified_is_not_left_behind_by_a_forking_leader() {
    check(Behaviour::ForkingLeader);
}

#[test]
fn votes_in_views_given_up_make_nothing_final() {
    check(Behaviour::StaleVoter);
}

#[test]
fn nobody_is_accused_of_what_another_said_in_its_name() {
    check(Behaviour::Impersonator);
}

#[test]
fn what_is_said_again_changes_nothing() {
    check(Behaviour::Replayer);
}

#[test]
fn no_block_with_a_wrong_root_is_certified() {
    check(Behaviour::InvalidRoot);
}

#[test]
fn a_payload_that_is_too_large_or_ordered_already_does_no_harm() {
    check(Behaviour::OversizePayload);
}

#[test]
fn split_votes_stop_nobody() {
    check(Behaviour::VoteSplitter);
}

#[test]
fn one_who_gives_up_at_once_takes_nobody_along() {
    check(Behaviour::TimeoutSpammer);
}

#[test]
fn who_lies_to_one_that_catches_up_is_left_for_another() {
    check(Behaviour::LyingPeer);
}

#[test]
fn a_wrong_clock_stops_nobody() {
    check(Behaviour::ClockLiar);
}

#[test]
fn any_two_of_seven_together_do_no_more_harm() {
    simulator::check(seeds() / 20, |seed| Plan::any_byzantine(seed * 5 + 4));
}
