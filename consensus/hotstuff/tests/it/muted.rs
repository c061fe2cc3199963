//! R9: a validator that lost its record, and who answers it.

use std::sync::Arc;

use heddle_hotstuff::Config;
use heddle_hotstuff::Input;
use heddle_hotstuff::Message;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Replica;
use heddle_hotstuff::UnmuteAnswer;
use heddle_hotstuff::VotingState;
use heddle_hotstuff::limits;
use heddle_types::CheckedBlock;
use heddle_types::Committee;
use heddle_types::Domain;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::LeaseLimit;
use heddle_types::QuorumCert;
use heddle_types::VoteData;
use heddle_types::encode;

use crate::cluster::Cluster;
use crate::cluster::Network;
use crate::scheme;
use crate::solo::Solo;
use crate::world;
use crate::world::World;
use crate::world::view;
use crate::world::weaken;

/// Ten blocks in ten views.
fn chain(solo: &Solo) -> Vec<Arc<CheckedBlock>> {
    let mut chain = vec![Arc::clone(&solo.world.genesis)];
    for view in 1..11 {
        let block = solo.world.block(chain.last().unwrap(), view);
        chain.push(block);
    }
    chain
}

fn answer(solo: &Solo, voter: u16, at: u64, high_qc: QuorumCert) -> UnmuteAnswer {
    answer_to([9; 32], solo, voter, at, high_qc)
}

/// An answer to the question with this nonce.
fn answer_to(
    nonce: [u8; 32],
    solo: &Solo,
    voter: u16,
    at: u64,
    high_qc: QuorumCert,
) -> UnmuteAnswer {
    let committee = &solo.world.committee;
    let parts = [
        committee.chain().as_bytes().to_vec(),
        encode(&committee.epoch()),
        nonce.to_vec(),
        encode(&view(at)),
        encode(&world::index(0)),
    ];
    let message = Hash32::of(Domain::UNMUTE, &[&parts.concat()]);
    UnmuteAnswer {
        nonce,
        view: view(at),
        voter: world::index(voter),
        signature: scheme::sign(&scheme::key(voter), &message),
        certificates: solo.certificates(high_qc, None),
    }
}

fn hear(solo: &mut Solo, answer: UnmuteAnswer) {
    let from = answer.voter.get();
    solo.hear(from, Message::UnmuteAnswer(Box::new(answer)));
}

fn is_muted(solo: &Solo) -> bool {
    solo.replica.status().voting == VotingState::Muted
}

/// Muted, and told by `voters` that they are in view 4.
fn told(voters: &[u16]) -> (Solo, Vec<Arc<CheckedBlock>>) {
    let mut solo = Solo::muted();
    let chain = chain(&solo);
    for voter in voters {
        let answer = answer(&solo, *voter, 4, solo.qc(&chain[3]));
        hear(&mut solo, answer);
    }
    (solo, chain)
}

#[test]
fn r9_it_signs_nothing_but_asks_again_and_again() {
    let mut solo = Solo::muted();
    assert_eq!(solo.first.names(), ["voting", "certificates", "unmute request"]);
    let chain = chain(&solo);
    for block in &chain[1..] {
        let parent = chain[usize::try_from(block.header().height.get()).unwrap() - 1].clone();
        let said = solo.propose(&solo.world.propose(block, solo.qc(&parent), None));
        assert!(!said.is_signed());
    }
    let said = solo.give_up();
    assert!(!said.is_signed());
    assert_eq!(said.count("unmute request"), 1);
    assert!(
        solo.hear(1, Message::UnmuteRequest { epoch: Epoch::ZERO, nonce: [1; 32] }).0.is_empty()
    );
}

#[test]
fn r9_2f_answers_are_not_enough() {
    let (mut solo, chain) = told(&[1, 2]);
    solo.hear_certificates(solo.qc(&chain[9]), None);
    assert!(is_muted(&solo));
}

#[test]
fn r9_one_answer_given_three_times_counts_once() {
    let (mut solo, chain) = told(&[1, 1, 1]);
    solo.hear_certificates(solo.qc(&chain[9]), None);
    assert!(is_muted(&solo));
}

#[test]
fn r9_a_qc_of_the_view_after_the_highest_answer_is_not_enough() {
    let (mut solo, chain) = told(&[1, 2, 3]);
    assert!(is_muted(&solo));
    solo.hear_certificates(solo.qc(&chain[5]), None);
    assert!(is_muted(&solo), "unmuting at m+1 is an attack");
    let said = solo.hear_certificates(solo.qc(&chain[6]), None);
    assert!(!is_muted(&solo));
    assert_eq!(said.names()[..3], ["persist", "voting", "commit vote"]);
    let record = solo.record.as_ref().unwrap();
    assert_eq!((record.vote.view, record.timeout), (view(5), view(5)));
}

#[test]
fn r9_the_highest_answer_counts() {
    let mut solo = Solo::muted();
    let chain = chain(&solo);
    for (voter, at) in [(1, 6), (2, 3), (3, 4)] {
        let answer = answer(&solo, voter, at, solo.qc(&chain[5]));
        hear(&mut solo, answer);
    }
    solo.hear_certificates(solo.qc(&chain[7]), None);
    assert!(is_muted(&solo));
    solo.hear_certificates(solo.qc(&chain[8]), None);
    assert!(!is_muted(&solo));
}

#[test]
fn r9_answers_after_a_quorum_do_not_move_the_view_that_must_be_passed() {
    let (mut solo, chain) = told(&[1, 2, 3]);
    for at in [5, 6] {
        // As in an idle chain: whenever a view is entered, the others answer that they are in it.
        let block = &chain[usize::try_from(at).unwrap() - 1];
        for voter in [1, 2, 3] {
            let answer = answer(&solo, voter, at, solo.qc(block));
            hear(&mut solo, answer);
        }
        assert!(is_muted(&solo), "{at}");
    }
    solo.hear_certificates(solo.qc(&chain[6]), None);
    assert!(!is_muted(&solo));
    assert_eq!(solo.record.as_ref().unwrap().vote.view, view(5));
}

#[test]
fn r9_answers_to_another_question_or_without_proof_do_not_count() {
    let change: [fn(&mut UnmuteAnswer); 4] = [
        |answer| answer.nonce = [8; 32],
        |answer| answer.view = view(5),
        |answer| answer.signature = heddle_types::Signature([1; 64]),
        |answer| {
            let QuorumCert { voters, proof, .. } = &mut answer.certificates.high_qc;
            weaken(voters, proof);
        },
    ];
    for change in change {
        let (mut solo, chain) = told(&[1, 2]);
        let mut third = answer(&solo, 3, 4, solo.world.qc(&[0, 1, 3], &chain[3]));
        third.certificates.high_qc.data.view = chain[3].header().view;
        change(&mut third);
        // A fresh replica does not know the QC from the other answers.
        if third.certificates.high_qc.voters.len() == 2 {
            third.certificates.high_qc.data = chain[4].header().vote_data();
        }
        hear(&mut solo, third);
        solo.hear_certificates(solo.qc(&chain[9]), None);
        assert!(is_muted(&solo));
    }
}

#[test]
fn r9_an_answer_to_an_earlier_question_does_not_count() {
    let (mut solo, chain) = told(&[1, 2]);
    let old = answer_to([8; 32], &solo, 3, 4, solo.qc(&chain[3]));
    hear(&mut solo, old);
    solo.hear_certificates(solo.qc(&chain[9]), None);
    assert!(is_muted(&solo));
}

#[test]
fn r9_the_record_with_which_it_signs_again_is_durable_at_once() {
    let (mut solo, chain) = told(&[1, 2]);
    solo.hear_certificates(solo.qc(&chain[7]), None);
    let third = answer(&solo, 3, 4, solo.qc(&chain[3]));
    let said = solo.hear(3, Message::UnmuteAnswer(Box::new(third)));
    assert_eq!(said.names()[..2], ["persist", "voting"]);
    assert_eq!(solo.record.as_ref().map(|record| record.timeout), Some(view(5)));
}

#[test]
fn r9_an_answer_is_never_below_what_the_answerer_signed() {
    let mut record = Solo::new().world.first_record();
    record.timeout = view(7);
    let mut solo = Solo::recovered(0, Solo::new().world.recovered(Some(record)));
    let said = solo.hear(1, Message::UnmuteRequest { epoch: Epoch::ZERO, nonce: [1; 32] });
    let answered = said.0.iter().find_map(|action| match action {
        heddle_hotstuff::Action::Send { message: Message::UnmuteAnswer(answer), .. } => {
            Some(answer.view)
        }
        _ => None,
    });
    assert_eq!(answered, Some(view(7)));
    assert!(
        solo.hear(1, Message::UnmuteRequest { epoch: Epoch::ZERO, nonce: [2; 32] }).0.is_empty(),
        "at once again"
    );
}

#[test]
fn one_of_four_without_its_record_is_muted_and_votes_again() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.submit(2000);
    cluster.run_to(10, 1_000);
    cluster.crash(3);
    cluster.lose_record(3);
    cluster.run_ms(500);
    cluster.start(3);
    assert_eq!(cluster.replica(3).status().voting, VotingState::Muted);
    cluster.run_ms(2_000);
    assert_eq!(cluster.replica(3).status().voting, VotingState::Voting);
    let before = cluster.lowest();
    cluster.run_to(before + 10, 1_000);
    assert!(cluster.highest_vote(3) > view(10));
}

#[test]
fn two_of_four_without_their_records_stay_mute() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.submit(100);
    cluster.run_to(10, 1_000);
    for who in [2, 3] {
        cluster.crash(who);
        cluster.lose_record(who);
        cluster.start(who);
    }
    cluster.run_ms(20_000);
    for who in [2, 3] {
        assert_eq!(cluster.replica(who).status().voting, VotingState::Muted);
    }
}

/// Lost power with a limit of view 6 in `epoch`.
fn lost_power(epoch: u64) -> Solo {
    let lease = Some(LeaseLimit { epoch: Epoch::new(epoch), view: view(6) });
    Solo::recovered(0, Recovered { lease, ..World::new(4).recovered(None) })
}

#[test]
fn l3_who_lost_power_asks_nobody_and_signs_nothing_up_to_its_limit() {
    let mut solo = lost_power(0);
    assert_eq!(solo.first.names(), ["voting", "certificates"]);
    let chain = chain(&solo);
    assert!(!solo.give_up().is_signed());
    for block in &chain[1..=6] {
        let said = solo.hear_certificates(solo.qc(block), None);
        assert!(is_muted(&solo) && !said.is_signed(), "a QC of the limit's view is not enough");
    }
    let said = solo.hear_certificates(solo.qc(&chain[7]), None);
    assert_eq!(said.names()[..3], ["persist", "voting", "commit vote"]);
    let record = solo.record.as_ref().unwrap();
    assert_eq!((record.timeout, record.high_qc.data.view), (view(6), view(7)));
}

/// It may be a member no more, and is told so only if it says that it is there.
#[test]
fn l3_who_is_mute_says_every_second_where_it_is_whatever_it_heard() {
    let mut solo = lost_power(0);
    let chain = chain(&solo);
    for _ in 0..3 {
        solo.hear_certificates(solo.qc(&chain[1]), None);
        solo.now_ms += limits::ANNOUNCE_INTERVAL_MS;
        assert_eq!(solo.input(Input::Tick).count("certificates"), 1);
    }
}

#[test]
fn l3_a_limit_of_a_later_epoch_forbids_everything_and_one_of_an_earlier_epoch_nothing() {
    assert_eq!(lost_power(1).replica.status().voting, VotingState::Behind);

    let world = World::new(4);
    let (chain, members) = (world.committee.chain(), world.committee.validators().to_vec());
    let committee = Arc::new(Committee::new(chain, Epoch::new(1), members).unwrap());
    let genesis = VoteData { epoch: Epoch::new(1), ..world.genesis.header().vote_data() };
    let config = Config { committee, genesis, ..world.config(0) };
    let lease = Some(LeaseLimit { epoch: Epoch::ZERO, view: view(6) });
    let recovered = Recovered { lease, ..world.recovered(None) };
    let next = Replica::new(config, recovered, world::at_ms(0), &mut Vec::new());
    assert_eq!(next.status().voting, VotingState::Voting);
}
