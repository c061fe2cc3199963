//! One test at least for each numbered rule, and for each attack that it forbids.

use std::sync::Arc;

use heddle_hotstuff::Action;
use heddle_hotstuff::Input;
use heddle_hotstuff::Message;
use heddle_types::CheckedBlock;
use heddle_types::SafetyVote;
use heddle_types::StateRoot;
use heddle_types::UnixMillis;

use crate::solo::Solo;
use crate::world;
use crate::world::view;

#[test]
fn r1_a_second_vote_in_a_view_is_refused() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (_, said) = solo.extend(&genesis, 1, None);
    assert_eq!(said.votes().len(), 1);
    let other = solo.world.block_at(&genesis, 1, world::WALL);
    let said = solo.propose(&solo.world.propose(&other, solo.world.genesis_qc(), None));
    assert_eq!(said.names(), ["evidence"]);
}

#[test]
fn r1_a_second_vote_in_a_view_is_refused_after_a_restart() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    solo.extend(&genesis, 1, None);
    let mut solo = solo.restart(0);
    let other = solo.world.block_at(&genesis, 1, world::WALL);
    let said = solo.propose(&solo.world.propose(&other, solo.world.genesis_qc(), None));
    assert!(said.votes().is_empty());
}

#[test]
fn r1_a_view_given_up_is_not_voted_in() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    assert_eq!(solo.give_up().timeouts().len(), 1);
    let (_, said) = solo.extend(&genesis, 1, None);
    assert!(!said.is_signed());
}

#[test]
fn r1_a_view_below_the_record_is_not_voted_in() {
    let mut record = Solo::new().world.first_record();
    record.vote.view = view(3);
    let mut solo = Solo::recovered(0, Solo::new().world.recovered(Some(record)));
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, said) = solo.extend(&genesis, 1, None);
    assert!(said.votes().is_empty());
    let (_, said) = solo.extend(&first, 2, None);
    assert!(said.votes().is_empty());
}

#[test]
fn r2_a_block_beside_its_qc_is_refused() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let beside = solo.world.block_at(&genesis, 1, world::WALL);
    let block = solo.world.block(&beside, 2);
    let said = solo.propose(&solo.world.propose(&block, solo.qc(&first), None));
    assert!(said.votes().is_empty());
}

#[test]
fn r2_a_block_that_skips_a_height_or_goes_back_in_time_is_refused() {
    let change: [fn(&mut heddle_types::BlockHeader); 7] = [
        |header| header.height = header.height.next(),
        |header| header.time = UnixMillis::new(world::WALL - 1000),
        |header| header.executed.root = StateRoot(heddle_types::Hash32([1; 32])),
        |header| header.executed.height = header.height,
        |header| header.next_committee = Some(heddle_types::Hash32::ZERO),
        |header| header.epoch = header.epoch.next(),
        |header| header.version = 2,
    ];
    for change in change {
        let mut solo = Solo::new();
        let genesis = Arc::clone(&solo.world.genesis);
        let mut header = solo.world.block(&genesis, 1).header().clone();
        change(&mut header);
        let block = Arc::new(CheckedBlock::build(header, vec![]));
        let said = solo.propose(&solo.world.propose(&block, solo.world.genesis_qc(), None));
        assert!(!said.is_signed(), "{:?}", block.header());
    }
}

#[test]
fn r3_a_skipped_view_needs_its_certificate() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let (_, said) = solo.extend(&first, 3, None);
    assert!(said.votes().is_empty());
}

#[test]
fn r3_a_qc_below_the_highest_that_the_tc_names_is_not_built_on() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let (second, _) = solo.extend(&first, 2, None);
    solo.hear_certificates(solo.qc(&second), None);
    let tc = solo.world.tc(3, &[(1, 2), (2, 1), (3, 1)]);
    let fork = solo.world.block_at(&first, 5, world::WALL);
    let tc4 = solo.world.tc(4, &[(1, 2), (2, 1), (3, 1)]);
    solo.hear_certificates(solo.qc(&second), Some(tc));
    let said = solo.propose(&solo.world.propose(&fork, solo.qc(&first), Some(tc4.clone())));
    assert!(said.votes().is_empty());
    let mut solo = Solo::new();
    solo.extend(&genesis, 1, None);
    solo.extend(&first, 2, None);
    let good = solo.world.block_at(&second, 5, world::WALL);
    let said = solo.propose(&solo.world.propose(&good, solo.qc(&second), Some(tc4)));
    assert_eq!(said.votes().len(), 1);
}

#[test]
fn r3_a_forged_timeout_certificate_is_refused() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let mut tc = solo.world.tc(2, &[(1, 1), (2, 1), (3, 1)]);
    tc.entries[1].high_qc_view = view(0);
    let (_, said) = solo.extend(&first, 3, Some(tc));
    assert!(said.votes().is_empty());
    let too_few = solo.world.tc(2, &[(1, 1), (2, 1)]);
    let (_, said) = solo.extend(&first, 3, Some(too_few));
    assert!(said.votes().is_empty());
}

#[test]
fn r4_holding_the_qc_of_a_view_is_a_commit_vote_with_the_qc_in_the_record() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    solo.hear_vote(1, &first);
    let said = solo.hear_vote(2, &first);
    assert_eq!(said.commit_votes().len(), 1);
    assert_eq!(solo.record.as_ref().unwrap().high_qc.data.view, view(1));
    assert_eq!(solo.record.as_ref().unwrap().commit_vote.block, first.hash());
    assert!(solo.hear_vote(3, &first).0.is_empty());
    assert!(solo.hear_certificates(solo.qc(&first), None).commit_votes().is_empty());
}

#[test]
fn r4_a_view_given_up_gets_no_commit_vote() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    assert_eq!(solo.give_up().timeouts().len(), 1);
    solo.hear_vote(1, &first);
    let said = solo.hear_vote(2, &first);
    assert_eq!(solo.replica.status().view, view(2), "the QC is there");
    assert!(said.commit_votes().is_empty());
}

#[test]
fn r4_a_view_given_up_gets_no_commit_vote_after_a_restart() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    solo.give_up();
    let mut solo = solo.restart(0);
    let said = solo.hear_certificates(solo.qc(&first), None);
    assert_eq!(solo.replica.status().view, view(2));
    assert!(said.commit_votes().is_empty());
}

#[test]
fn r5_a_timeout_names_the_newest_qc_and_the_way_into_its_view() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let (second, _) = solo.extend(&first, 2, None);
    let tc = solo.world.tc(2, &[(1, 1), (2, 1), (3, 0)]);
    solo.hear_certificates(solo.qc(&first), Some(tc.clone()));
    let said = solo.give_up();
    let timeout = said.timeouts().pop().unwrap();
    assert_eq!((timeout.data.view, timeout.data.high_qc_view), (view(3), view(1)));
    assert_eq!(timeout.entry_tc, Some(tc));
    assert_eq!(said.names(), ["store tc", "persist", "timeout"]);
    solo.hear_certificates(solo.qc(&second), None);
    let said = solo.give_up();
    let timeout = said.timeouts().pop().unwrap();
    assert_eq!((timeout.data.view, timeout.data.high_qc_view), (view(3), view(2)));
    assert_eq!(timeout.entry_tc, None);
    assert_eq!(solo.record.as_ref().unwrap().high_qc, timeout.high_qc);
}

#[test]
fn r5_a_view_below_the_record_is_not_given_up() {
    let mut record = Solo::new().world.first_record();
    record.vote.view = view(3);
    let mut solo = Solo::recovered(0, Solo::new().world.recovered(Some(record)));
    assert!(!solo.give_up().is_signed());
}

#[test]
fn r5_timeouts_without_the_way_into_their_view_are_not_joined() {
    let mut solo = Solo::new();
    let genesis_qc = solo.world.genesis_qc();
    for voter in [1, 2, 3] {
        let timeout = solo.world.timeout(voter, 5, genesis_qc.clone(), None);
        assert!(solo.hear_timeout(timeout).0.is_empty());
    }
    assert_eq!(solo.replica.status().view, view(1));
}

#[test]
fn r5_who_joins_a_timeout_enters_its_view_first() {
    let mut solo = Solo::new();
    let tc = solo.world.tc(4, &[(1, 0), (2, 0), (3, 0)]);
    let genesis_qc = solo.world.genesis_qc();
    let timeout =
        |solo: &Solo, voter| solo.world.timeout(voter, 5, genesis_qc.clone(), Some(tc.clone()));
    let first = timeout(&solo, 1);
    assert!(solo.hear_timeout(first).timeouts().is_empty());
    assert_eq!(solo.replica.status().view, view(5));
    let second = timeout(&solo, 2);
    let said = solo.hear_timeout(second);
    assert_eq!(said.timeouts()[0].data.view, view(5));
    assert_eq!(said.timeouts()[0].entry_tc.as_ref(), Some(&tc));
    // Its own is the third: a quorum.
    assert_eq!(solo.replica.status().view, view(6));
}

#[test]
fn r5_a_timeout_that_lies_about_its_qc_counts_for_nothing() {
    let mut solo = Solo::new();
    for voter in [1, 2, 3] {
        let mut timeout = solo.world.timeout(voter, 1, solo.world.genesis_qc(), None);
        timeout.signature = heddle_types::Signature([3; 64]);
        assert!(solo.hear_timeout(timeout).0.is_empty());
    }
    assert_eq!(solo.replica.status().view, view(1));
}

#[test]
fn r6_a_view_is_proposed_in_once() {
    let mut solo = Solo::of(1);
    let build = solo.first.0.iter().find_map(|action| match action {
        Action::Build { header, .. } => Some(header.clone()),
        _ => None,
    });
    let header = build.expect("leads view 1");
    let block = Arc::new(CheckedBlock::build(header.clone(), vec![]));
    let said = solo.input(Input::Built(Arc::clone(&block)));
    let order = ["store", "persist", "certificates", "proposal", "vote"];
    assert_eq!(said.names(), order, "proposal and vote share a record");
    let proposal = SafetyVote { view: view(1), block: block.hash() };
    assert_eq!(solo.record.as_ref().unwrap().proposal, proposal);
    let other = CheckedBlock::build(header, vec![world::transaction(1)]);
    assert!(solo.input(Input::Built(Arc::new(other))).0.is_empty());
    let mut again = solo.restart(1);
    assert_eq!(again.first.count("build"), 0);
    assert_eq!(again.input(Input::WorkPending(true)).count("build"), 0);
}

#[test]
fn r7_a_vote_leaves_after_its_block_and_its_record() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (block, said) = solo.extend(&genesis, 1, None);
    assert_eq!(said.names(), ["store", "persist", "vote"]);
    assert_eq!(
        solo.record.as_ref().unwrap().vote,
        SafetyVote { view: view(1), block: block.hash() }
    );
}

#[test]
fn r7_a_commit_by_the_own_signature_waits_for_the_record() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    solo.hear_commit_vote(1, &first);
    solo.hear_commit_vote(2, &first);
    let said = solo.hear_certificates(solo.qc(&first), None);
    assert_eq!(said.names()[..3], ["persist", "commit vote", "commit"]);
}

#[test]
fn r8_an_older_qc_changes_nothing() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let (second, _) = solo.extend(&first, 2, None);
    solo.hear_certificates(solo.qc(&second), None);
    solo.hear_certificates(solo.qc(&first), None);
    assert_eq!(solo.replica.status().high_qc, second.hash().0);
}

#[test]
fn r10_two_certified_blocks_in_a_row_are_not_final_without_commit_votes() {
    let mut solo = Solo::new();
    let mut tip = Arc::clone(&solo.world.genesis);
    for view in 1..4 {
        let (block, said) = solo.extend(&tip, view, None);
        assert_eq!(said.count("commit"), 0);
        tip = block;
    }
}

#[test]
fn r10_only_a_quorum_of_good_commit_votes_is_final_and_its_ancestors_follow_once() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let (second, _) = solo.extend(&first, 2, None);
    assert_eq!(solo.hear_commit_vote(1, &second).count("commit"), 0);
    let mut forged = solo.world.commit_vote(2, &second);
    forged.signature = heddle_types::Signature([0; 64]);
    assert_eq!(solo.hear(2, Message::CommitVote(forged)).count("commit"), 0);
    assert_eq!(solo.hear_commit_vote(3, &second).count("commit"), 0, "2f good ones");
    let said = solo.hear_commit_vote(2, &second);
    let Some(Action::Commit { blocks, .. }) = said.0.first() else { panic!("{said:?}") };
    assert_eq!(blocks[..], [first.clone(), second]);
    for voter in 1..4 {
        assert_eq!(solo.hear_commit_vote(voter, &first).count("commit"), 0);
    }
}
