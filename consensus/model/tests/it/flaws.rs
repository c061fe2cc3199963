//! The rules with something left out: the search finds two final blocks that contradict each other, and prints how.

use heddle_model::Agreement;
use heddle_model::Durability;
use heddle_model::Flaw;
use heddle_model::property;
use stateright::Checker;
use stateright::HasDiscoveries;
use stateright::Model;

const LEASE: Durability = Durability::Lease { length: 1 };

/// The shortest way to break the property, in steps.
fn shortest(model: Agreement, property: &'static str) -> Option<usize> {
    let found = HasDiscoveries::AnyOf([property].into());
    let checker = model.checker().finish_when(found).spawn_bfs().join();
    let path = checker.discovery(property)?.into_actions();
    println!("{:?}: {} steps break: {property}\n{path:?}", model.flaw, path.len());
    Some(path.len())
}

/// Any way over three views, where the shortest takes too long to find.
fn any(losses: u8, flaw: Flaw) -> Option<usize> {
    let model = Agreement { losses, flaw: Some(flaw), ..Agreement::of(3) };
    let found = HasDiscoveries::AnyOf([property::AGREEMENT].into());
    let checker = model.checker().finish_when(found).spawn_dfs().join();
    let path = checker.discovery(property::AGREEMENT)?.into_actions();
    println!("{:?}: {} steps, not the fewest\n{path:?}", model.flaw, path.len());
    Some(path.len())
}

/// Over two views, no record lost.
fn two_views(flaw: Flaw) -> Option<usize> {
    shortest(Agreement { flaw: Some(flaw), ..Agreement::of(2) }, property::AGREEMENT)
}

fn three_views(flaw: Flaw) -> Option<usize> {
    shortest(Agreement { flaw: Some(flaw), ..Agreement::of(3) }, property::AGREEMENT)
}

fn one_loss(flaw: Flaw, durability: Durability) -> Option<usize> {
    let flaw = Some(flaw);
    let model = Agreement { losses: 1, durability, flaw, ..Agreement::of(2) };
    shortest(model, property::AGREEMENT)
}

#[test]
fn r1_a_second_vote_in_a_view() {
    assert_eq!(two_views(Flaw::SecondVote), Some(10));
}

#[test]
fn r3_a_skipped_view_without_a_timeout_certificate() {
    assert_eq!(two_views(Flaw::VoteWithoutTimeoutCert), Some(8));
}

#[test]
fn r4_a_commit_vote_in_a_view_given_up() {
    assert_eq!(two_views(Flaw::CommitVoteAfterTimeout), Some(10));
}

#[test]
fn r4_a_commit_vote_without_its_certificate_in_the_record() {
    assert_eq!(two_views(Flaw::CommitVoteNotHeld), Some(10));
}

#[test]
fn r7_a_vote_before_its_record_is_durable() {
    assert_eq!(two_views(Flaw::VoteNotDurable), Some(11));
}

#[test]
fn r7_a_commit_vote_before_its_record_is_durable() {
    assert_eq!(two_views(Flaw::CommitVoteNotDurable), Some(11));
}

#[test]
fn r7_a_commit_vote_before_its_certificate_is_durable() {
    assert_eq!(two_views(Flaw::HighQcNotDurable), Some(11));
}

#[test]
fn r7_a_timeout_before_its_record_is_durable() {
    assert_eq!(two_views(Flaw::TimeoutNotDurable), Some(11));
}

#[test]
fn r8_a_high_qc_that_goes_back() {
    assert_eq!(two_views(Flaw::HighQcGoesBack), Some(11));
}

#[test]
fn r10_certified_is_taken_for_final() {
    assert_eq!(two_views(Flaw::FinalByVotes), Some(7));
}

#[test]
fn r10_2f_commit_votes_are_taken_for_2f_plus_1() {
    assert_eq!(two_views(Flaw::TooFewCommitVotes), Some(8));
}

#[test]
fn r3_a_vote_below_the_highest_qc_that_the_timeout_certificate_names() {
    assert_eq!(three_views(Flaw::VoteBelowHighestQc), Some(10));
}

#[test]
fn r5_a_timeout_that_names_an_older_certificate() {
    assert_eq!(three_views(Flaw::StaleTimeout), Some(10));
}

#[test]
fn r5_a_timeout_of_a_view_below_one_given_up() {
    assert!(any(0, Flaw::TimeoutGoesBack).is_some());
}

#[test]
fn r9_a_restart_with_a_new_record() {
    assert_eq!(one_loss(Flaw::RestartWithoutRecord, Durability::Strict), Some(9));
}

#[test]
fn r9_signing_from_m_plus_1_on() {
    assert_eq!(one_loss(Flaw::UnmuteAtFloor, Durability::Strict), Some(14));
}

#[test]
fn r9_2f_answers() {
    assert!(any(1, Flaw::TwoAnswers).is_some());
}

#[test]
fn r9_answers_from_before_the_loss() {
    assert!(any(1, Flaw::StaleAnswers).is_some());
}

#[test]
fn l1_signing_above_the_limit_before_it_is_synced() {
    assert_eq!(one_loss(Flaw::SignAboveLimit, LEASE), Some(12));
}

#[test]
fn l2_a_power_loss_that_nobody_notices() {
    assert_eq!(one_loss(Flaw::PowerLossUnnoticed, LEASE), Some(9));
}

#[test]
fn l3_signing_from_the_limit_on() {
    assert_eq!(one_loss(Flaw::UnmuteAtLimit, LEASE), Some(12));
}

/// Agreement holds, and nothing ever goes on: what recovery is asked for.
#[test]
fn r5_no_timeout_of_a_view_voted_in_is_a_standstill() {
    let model = Agreement { flaw: Some(Flaw::NoTimeoutAfterVote), ..Agreement::of(2) };
    assert_eq!(shortest(model, property::RECOVERY), Some(9));
    assert_eq!(two_views(Flaw::NoTimeoutAfterVote), None);
}

/// Not needed for agreement: who gave up the view does not commit-vote in it, so that its block is final for nobody.
#[test]
fn r1_a_vote_in_a_view_given_up_makes_nothing_final_over_two_views() {
    assert_eq!(two_views(Flaw::VoteAfterTimeout), None);
}
