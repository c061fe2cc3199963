//! Validators with vote keys: real signatures, real aggregates, and nothing else is different.

use heddle_hotstuff::Message;
use heddle_hotstuff::VotingState;
use heddle_types::BlsSignature;
use heddle_types::KeyedScheme;
use heddle_types::Proof;
use heddle_types::Signature;
use heddle_types::Vote;
use heddle_types::VoteKind;

use crate::cluster::Cluster;
use crate::cluster::Network;
use crate::cluster::Script;
use crate::solo::Solo;
use crate::world;
use crate::world::World;
use crate::world::with_vote_keys;

const LOSSY: Network = Network { delay: 2_000, jitter: 10_000, loss: 5, duplicate: 5 };

fn four() -> World {
    World::of(with_vote_keys(&[(0, 1), (1, 1), (2, 1), (3, 1)]))
}

fn solo() -> Solo {
    let world = four();
    let recovered = world.recovered(Some(world.first_record()));
    Solo::in_world(world, 0, recovered)
}

/// Every certificate that made something final in epoch 0 is an aggregate of a quorum.
fn all_are_proven(cluster: &Cluster) {
    let (committee, scheme) = (&cluster.world.committee, KeyedScheme::default());
    let genesis = cluster.world.genesis.header().vote_data();
    let certs = cluster.nodes.iter().flat_map(|node| node.disk.certs.values());
    for cert in certs.filter(|cert| cert.data.epoch == committee.epoch()) {
        let is_genesis = cert.data == genesis;
        assert!(is_genesis || matches!(cert.proof, Proof::Aggregate(_)), "{cert:?}");
        assert!(cert.verify(committee, &genesis, &scheme));
    }
}

#[test]
fn they_order_through_loss_and_a_crashed_leader() {
    let mut cluster = Cluster::on(four(), 4, LOSSY, 3, Script::new());
    cluster.submit(100);
    cluster.run_to(6, 20_000);
    let leader = cluster.leader();
    cluster.crash(leader);
    let before = cluster.lowest();
    cluster.run_to(before + 6, 20_000);
    assert!(cluster.sent["timeout"] > 0);
    cluster.start(leader);
    let before = cluster.nodes.iter().map(|node| node.final_height.get()).max().unwrap();
    cluster.run_to(before + 6, 20_000);
    all_are_proven(&cluster);
}

#[test]
fn one_without_its_record_is_muted_and_votes_again() {
    let mut cluster = Cluster::on(four(), 4, Network::CONSTANT, 0, Script::new());
    cluster.submit(300);
    cluster.run_ms(300);
    cluster.crash(2);
    cluster.lose_record(2);
    cluster.start(2);
    assert_eq!(cluster.replica(2).status().voting, VotingState::Muted);
    cluster.run_ms(1_000);
    assert_eq!(cluster.replica(2).status().voting, VotingState::Voting);
    all_are_proven(&cluster);
}

#[test]
fn a_committee_gives_way_to_another() {
    let next = with_vote_keys(&[(1, 1), (2, 2), (3, 1), (4, 1)]);
    let mut cluster = Cluster::on(four(), 5, LOSSY, 5, vec![(3, next.clone())]);
    cluster.submit(300);
    for _ in 0..1_000 {
        if (1..5).all(|who| cluster.committee(who).epoch().get() == 1) {
            break;
        }
        cluster.run_ms(10);
    }
    assert!((1..5).all(|who| cluster.committee(who).validators() == next));
    // Who left is told nothing more; of a power of five, four decide: not without the new one.
    (0..2).for_each(|who| cluster.crash(who));
    let before = cluster.lowest();
    cluster.run_to(before + 4, 20_000);
    all_are_proven(&cluster);
}

/// Votes for a block of view 1 by validators 1 to 3, one of them signed by `sign`.
fn heard_with(sign: impl Fn(&World, &Vote) -> Signature) -> Solo {
    let mut solo = solo();
    let genesis = solo.world.genesis.clone();
    let (block, said) = solo.extend(&genesis, 1, None);
    assert_eq!(said.votes().len(), 1);
    for voter in 1..4 {
        let mut vote = solo.world.vote(voter, &block);
        if voter == 2 {
            vote.signature = sign(&solo.world, &vote);
        }
        solo.hear(voter, Message::Vote(vote));
    }
    solo
}

#[test]
fn a_bad_vote_is_dropped_and_the_rest_are_a_quorum() {
    let forgeries: [fn(&World, &Vote) -> Signature; 4] = [
        |world, vote| world.sign(3, &vote.data.message(VoteKind::Vote)),
        |world, vote| world.sign(2, &vote.data.message(VoteKind::CommitVote)),
        |_, vote| {
            let mut signature = vote.signature;
            signature.0[63] = 1;
            signature
        },
        |_, _| BlsSignature([0xc0; 48]).to_signature(),
    ];
    for forge in forgeries {
        let solo = heard_with(forge);
        let high_qc = &solo.record.as_ref().unwrap().high_qc;
        assert!(high_qc.voters.iter().eq([0, 1, 3].map(world::index)));
        let genesis = solo.world.genesis.header().vote_data();
        assert!(high_qc.verify(&solo.world.committee, &genesis, &KeyedScheme::default()));
    }
}

#[test]
fn who_signs_with_another_vote_key_than_the_committee_s_signs_nothing() {
    let mut members = with_vote_keys(&[(0, 1), (1, 1), (2, 1), (3, 1)]);
    members[0].vote_key = Some(crate::scheme::vote_key(9).public_key());
    let world = World::of(members);
    let recovered = world.recovered(Some(world.first_record()));
    let mut solo = Solo::in_world(world, 0, recovered);
    let genesis = solo.world.genesis.clone();
    let (_, said) = solo.extend(&genesis, 1, None);
    assert!(!said.is_signed());
    assert!(!solo.give_up().is_signed());
}
