//! What a Byzantine validator may try, one attempt a test, and what a crash must not lose.

use std::sync::Arc;

use heddle_hotstuff::Action;
use heddle_hotstuff::Input;
use heddle_hotstuff::Message;
use heddle_hotstuff::VotingState;
use heddle_types::BlockHeader;
use heddle_types::ChainId;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::Signature;
use heddle_types::UnixMillis;

use crate::solo::Said;
use crate::solo::Solo;
use crate::world;
use crate::world::view;

/// The header that a payload was asked for.
fn asked(said: &Said) -> Option<BlockHeader> {
    said.0.iter().find_map(|action| match action {
        Action::Build { header, .. } => Some(header.clone()),
        _ => None,
    })
}

/// Validator `me`, told that view 2 was given up above a block of view 1 of `time`.
fn in_view_3(me: u16, time: u64) -> (Solo, Arc<CheckedBlock>, Said) {
    let mut solo = Solo::of(me);
    let genesis = Arc::clone(&solo.world.genesis);
    let first = solo.world.block_at(&genesis, 1, time);
    solo.propose(&solo.world.propose(&first, solo.world.genesis_qc(), None));
    let others: Vec<u16> = (0..4).filter(|other| *other != me).collect();
    let tc = solo.world.tc(2, &[(others[0], 1), (others[1], 1), (others[2], 0)]);
    let qc = solo.world.qc(&others, &first);
    let said = solo.hear_certificates(qc, Some(tc));
    assert_eq!(solo.replica.status().view, view(3));
    (solo, first, said)
}

#[test]
fn a_forged_first_vote_is_no_evidence_and_the_good_one_counts() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let first = solo.world.block(&genesis, 1);
    let mut forged = solo.world.vote(1, &solo.world.block_at(&genesis, 1, world::WALL));
    forged.signature = Signature([0; 64]);
    solo.hear(1, Message::Vote(forged));
    assert!(solo.hear_vote(1, &first).0.is_empty());
    solo.hear_vote(2, &first);
    assert_eq!(solo.hear_vote(3, &first).commit_votes().len(), 1);
}

#[test]
fn votes_for_two_blocks_are_a_certificate_of_neither() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let first = solo.world.block(&genesis, 1);
    let other = solo.world.block_at(&genesis, 1, world::WALL);
    for (voter, block) in [(1, &first), (2, &first), (3, &other)] {
        assert!(solo.hear_vote(voter, block).0.is_empty());
    }
    assert_eq!(solo.replica.status().view, view(1));
}

#[test]
fn statements_of_another_epoch_or_chain_are_not_heard() {
    let change: [fn(&mut BlockHeader); 2] = [
        |header| header.epoch = header.epoch.next(),
        |header| header.chain = ChainId(Hash32([1; 32])),
    ];
    for change in change {
        let mut solo = Solo::new();
        let mut header = solo.world.block(&solo.world.genesis, 1).header().clone();
        change(&mut header);
        let block = Arc::new(CheckedBlock::build(header, vec![]));
        for voter in 1..4 {
            let said = [solo.hear_vote(voter, &block), solo.hear_commit_vote(voter, &block)];
            // Whoever is in another epoch is told where this node is, and nothing else.
            assert!(said.iter().flat_map(Said::names).all(|name| name == "certificates"));
        }
        let certificates = solo.world.qc(&[1, 2, 3], &block);
        assert!(solo.hear_certificates(certificates, None).commit_votes().is_empty());
        let mut heard = solo.certificates(solo.world.genesis_qc(), None);
        heard.commit = solo.world.commit_cert(&[1, 2, 3], &block);
        assert_eq!(solo.hear(1, Message::Certificates(Box::new(heard))).count("fetch"), 0);
        assert_eq!(solo.replica.status().view, view(1));
    }
}

#[test]
fn a_vote_within_a_timeout_is_heard_if_it_is_of_this_epoch() {
    let mut solo = Solo::new();
    let first = solo.world.block(&solo.world.genesis, 1);
    let mut header = solo.world.block_at(&solo.world.genesis, 1, world::WALL).header().clone();
    let here = CheckedBlock::build(header.clone(), vec![]);
    header.epoch = header.epoch.next();
    let elsewhere = CheckedBlock::build(header, vec![]);
    solo.hear_vote(1, &first);
    for (block, evidence) in [(elsewhere, 0), (here, 1)] {
        let mut timeout = solo.world.timeout(1, 1, solo.world.genesis_qc(), None);
        timeout.own_vote = Some(solo.world.vote(1, &block));
        let said = solo.hear(1, Message::Timeout(Box::new(timeout)));
        assert_eq!(
            said.count("evidence"),
            evidence,
            "honest validators vote in view 1 of each epoch"
        );
    }
}

#[test]
fn a_proposal_that_its_leader_did_not_sign_is_refused() {
    let mut solo = Solo::new();
    let block = solo.world.block(&solo.world.genesis, 1);
    let mut forged = (*solo.world.propose(&block, solo.world.genesis_qc(), None)).clone();
    forged.signature = Signature([0; 64]);
    assert!(solo.propose(&Arc::new(forged)).0.is_empty());
}

#[test]
fn a_proposal_of_who_does_not_lead_the_view_is_refused() {
    let mut solo = Solo::new();
    let header = solo.world.block(&solo.world.genesis, 1).header().clone();
    let block = CheckedBlock::build(BlockHeader { proposer: world::index(2), ..header }, vec![]);
    let said = solo.propose(&solo.world.propose(&Arc::new(block), solo.world.genesis_qc(), None));
    assert!(said.0.is_empty());
}

#[test]
fn a_forged_certificate_beside_a_good_one_of_its_view_is_refused() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    solo.hear_certificates(solo.qc(&first), None);
    let other = solo.world.block_at(&genesis, 1, world::WALL);
    let fork = solo.world.block(&other, 2);
    let forged = solo.world.qc(&[1], &other);
    assert!(solo.propose(&solo.world.propose(&fork, forged, None)).0.is_empty());
    assert!(solo.input(Input::Fetched(other)).votes().is_empty());
}

#[test]
fn a_forged_commit_certificate_makes_nothing_final() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let mut heard = solo.certificates(solo.qc(&first), None);
    heard.commit = solo.world.commit_cert(&[1, 2], &first);
    assert_eq!(solo.hear(1, Message::Certificates(Box::new(heard))).count("commit"), 0);
}

#[test]
fn votes_are_no_commit_votes_in_a_certificate() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let qc = solo.qc(&first);
    let mut heard = solo.certificates(qc.clone(), None);
    let QuorumCert { data, voters, proof } = qc;
    heard.commit = CommitCert { data, voters, proof };
    assert_eq!(solo.hear(1, Message::Certificates(Box::new(heard))).count("commit"), 0);
}

#[test]
fn one_signature_twice_is_one() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let qc = solo.world.qc(&[1, 1, 2], &first);
    solo.hear_certificates(qc, Some(solo.world.tc(1, &[(2, 0), (2, 0), (3, 0)])));
    assert_eq!(solo.replica.status().view, view(1));
}

#[test]
fn a_timeout_with_a_forged_certificate_counts_for_nothing() {
    let (mut solo, first, _) = in_view_3(0, world::WALL);
    let second = solo.world.block(&first, 2);
    for voter in [1, 2, 3] {
        let forged = solo.world.qc(&[1, 2], &second);
        let timeout = solo.world.timeout(voter, 3, forged, None);
        assert!(solo.hear_timeout(timeout).0.is_empty());
    }
}

#[test]
fn timeouts_of_the_last_view_do_not_count_in_the_next() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let (first, _) = solo.extend(&genesis, 1, None);
    let timeout = solo.world.timeout(1, 1, solo.world.genesis_qc(), None);
    solo.hear_timeout(timeout);
    solo.hear_certificates(solo.qc(&first), None);
    let timeout = solo.world.timeout(2, 2, solo.qc(&first), None);
    assert!(solo.hear_timeout(timeout).timeouts().is_empty());
}

#[test]
fn a_timeout_certificate_leads_nowhere_without_the_qc_that_it_names() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let first = solo.world.block(&genesis, 1);
    let tc = solo.world.tc(2, &[(1, 1), (2, 0), (3, 0)]);
    solo.hear_certificates(solo.world.genesis_qc(), Some(tc.clone()));
    assert_eq!(solo.replica.status().view, view(1));
    solo.hear_certificates(solo.qc(&first), Some(tc));
    assert_eq!(solo.replica.status().view, view(3));
}

#[test]
fn a_proposal_left_behind_gives_way_to_the_next() {
    let mut solo = Solo::new();
    let genesis = Arc::clone(&solo.world.genesis);
    let first = solo.world.block(&genesis, 1);
    solo.extend(&first, 2, None);
    let tc = solo.world.tc(2, &[(1, 1), (2, 1), (3, 0)]);
    let (third, _) = solo.extend(&first, 3, Some(tc));
    let said = solo.input(Input::Fetched(first));
    assert_eq!(said.votes().iter().map(|vote| vote.data.block).collect::<Vec<_>>(), [third.hash()]);
}

#[test]
fn blocks_are_not_final_by_the_certificate_of_another() {
    let mut solo = Solo::new();
    let first = solo.world.block(&solo.world.genesis, 1);
    let other = solo.world.block_at(&solo.world.genesis, 1, world::WALL);
    let cert = solo.world.commit_cert(&[1, 2, 3], &other);
    assert_eq!(solo.input(Input::Synced { blocks: vec![first], cert }).count("commit"), 0);
}

#[test]
fn the_higher_of_two_commit_certificates_is_caught_up_with() {
    let mut solo = Solo::new();
    let mut chain = vec![Arc::clone(&solo.world.genesis)];
    for view in 1..30 {
        let block = solo.world.block(chain.last().unwrap(), view);
        chain.push(block);
    }
    for height in [29, 20] {
        let mut heard = solo.certificates(solo.world.genesis_qc(), None);
        heard.commit = solo.world.commit_cert(&[1, 2, 3], &chain[height]);
        solo.hear(2, Message::Certificates(Box::new(heard)));
    }
    solo.now_ms += 2_000;
    let said = solo.input(Input::Tick);
    let action = Action::CatchUp { peer: world::index(2), height: Height::new(29) };
    assert!(said.0.contains(&action), "{:?}", said.names());
}

#[test]
fn r6_a_leader_that_gave_up_its_view_asks_for_no_block() {
    let record = SafetyRecord { timeout: view(1), ..Solo::new().world.first_record() };
    let solo = Solo::recovered(1, Solo::new().world.recovered(Some(record)));
    assert_eq!(solo.first.count("build"), 0);
}

#[test]
fn a_leader_proposes_no_block_but_the_one_it_asked_for() {
    let mut solo = Solo::of(1);
    let header = asked(&solo.first).unwrap();
    let time = UnixMillis::new(header.time.get() + 1);
    let other = CheckedBlock::build(BlockHeader { time, ..header }, vec![]);
    assert_eq!(solo.input(Input::Built(Arc::new(other))).count("proposal"), 0);
}

#[test]
fn after_a_view_given_up_an_idle_leader_proposes_at_once_and_above_its_parents_time() {
    let time = world::WALL + 400;
    let (_, first, said) = in_view_3(3, time);
    let header = asked(&said).unwrap();
    assert_eq!((header.view, header.parent), (view(3), first.hash()));
    assert_eq!(header.time, UnixMillis::new(time + 1));
}

#[test]
fn r5_a_view_entered_by_a_timeout_certificate_is_given_up_again_after_a_restart() {
    let (mut solo, first, _) = in_view_3(0, world::WALL);
    let tc = solo.give_up().timeouts()[0].entry_tc.clone();
    let mut recovered = solo.world.recovered(solo.record.clone());
    recovered.high_tc.clone_from(&tc);
    recovered.blocks = vec![first];
    let mut solo = Solo::recovered(0, recovered);
    assert_eq!(solo.replica.status().view, view(3));
    let said = solo.give_up().timeouts();
    assert_eq!((said[0].data.view, &said[0].entry_tc), (view(3), &tc));
}

#[test]
fn a_record_of_another_chain_is_none() {
    let world = Solo::new().world;
    let record = SafetyRecord { chain: ChainId(Hash32([1; 32])), ..world.first_record() };
    let solo = Solo::recovered(0, world.recovered(Some(record)));
    assert_eq!(solo.replica.status().voting, VotingState::Muted);
}
