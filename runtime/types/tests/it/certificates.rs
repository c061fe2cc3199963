//! What proves that a quorum signed, and what does not.

use heddle_types::*;

use crate::fixture::*;

fn genesis_data() -> VoteData {
    VoteData { view: View::ZERO, height: Height::ZERO, ..vote_data() }
}

fn qc_is_good(qc: &QuorumCert) -> bool {
    qc.verify(&committee(4), &genesis_data(), &Ed25519Scheme)
}

fn commit_is_good(cert: &CommitCert) -> bool {
    cert.verify(&committee(4), &genesis_data(), &Ed25519Scheme)
}

fn tc_is_good(tc: &TimeoutCert) -> bool {
    tc.verify(&committee(4), &Ed25519Scheme)
}

#[test]
fn a_quorum_of_good_signatures_is_accepted() {
    assert!(qc_is_good(&qc(0..3)) && qc_is_good(&qc(0..4)) && qc_is_good(&qc([0, 1, 3])));
    assert!(commit_is_good(&commit(1..4)));
    assert!(tc_is_good(&tc(0..3)));
    assert_eq!(tc(0..3).highest_qc_view(), View::new(2));
}

#[test]
fn too_few_repeated_unsorted_or_unknown_voters_are_refused() {
    for voters in
        [vec![], vec![0, 1], vec![0, 1, 1], vec![0, 0, 1, 2], vec![2, 1, 0], vec![0, 1, 4]]
    {
        assert!(!qc_is_good(&qc(voters.clone())), "{voters:?}");
        assert!(!commit_is_good(&commit(voters.clone())), "{voters:?}");
        assert!(!tc_is_good(&tc(voters.clone())), "{voters:?}");
    }
}

#[test]
fn one_bad_signature_spoils_a_certificate_even_above_a_quorum() {
    let mut cert = qc(0..4);
    each(&mut cert.proof)[2].0[0] ^= 1;
    assert!(!qc_is_good(&cert));
    let mut cert = tc(0..4);
    each(&mut cert.proof)[2].0[0] ^= 1;
    assert!(!tc_is_good(&cert));
}

#[test]
fn who_signed_is_who_the_certificate_names() {
    let named = |voters: &[u16]| voters.iter().copied().map(ValidatorIndex::new).collect();
    for voters in [&[0, 1, 3][..], &[1, 2, 3], &[0, 1], &[0, 1, 2, 3], &[0, 1, 2, 63]] {
        assert!(!qc_is_good(&QuorumCert { voters: named(voters), ..qc(0..3) }), "{voters:?}");
        let cert = CommitCert { voters: named(voters), ..commit(0..3) };
        assert!(!commit_is_good(&cert), "{voters:?}");
    }
    let mut cert = tc(0..3);
    cert.entries[2].voter = ValidatorIndex::new(3);
    assert!(!tc_is_good(&cert));
}

#[test]
fn a_signature_too_few_or_too_many_spoils_a_certificate() {
    let changes: [fn(&mut Vec<Signature>); 3] =
        [|all| all.truncate(2), |all| all.push(all[0]), |all| all.clear()];
    for change in changes {
        let (mut votes, mut timeouts) = (qc(0..3), tc(0..3));
        change(each(&mut votes.proof));
        change(each(&mut timeouts.proof));
        assert!(!qc_is_good(&votes));
        assert!(!tc_is_good(&timeouts));
    }
}

#[test]
fn an_aggregate_is_no_proof_of_validators_without_vote_keys() {
    let proof = Proof::Aggregate(BlsSignature([0; 48]));
    assert!(!qc_is_good(&QuorumCert { proof: proof.clone(), ..qc(0..3) }));
    assert!(!commit_is_good(&CommitCert { proof: proof.clone(), ..commit(0..3) }));
    assert!(!tc_is_good(&TimeoutCert { proof, ..tc(0..3) }));
}

#[test]
fn the_two_rounds_do_not_stand_in_for_each_other() {
    let (votes, commits) = (qc(0..3), commit(0..3));
    let CommitCert { data, voters, proof } = commits;
    assert!(!qc_is_good(&QuorumCert { data, voters, proof }));
    let QuorumCert { data, voters, proof } = votes;
    assert!(!commit_is_good(&CommitCert { data, voters, proof }));
}

#[test]
fn every_field_of_what_was_voted_for_is_signed() {
    let other = ChainId(Hash32([1; 32]));
    let changed: [fn(&mut VoteData); 5] = [
        |data| data.chain = ChainId(Hash32([1; 32])),
        |data| data.epoch = Epoch::new(1),
        |data| data.view = View::new(10),
        |data| data.height = Height::new(6),
        |data| data.block = BlockHash(Hash32([1; 32])),
    ];
    for change in changed {
        let mut cert = qc(0..3);
        change(&mut cert.data);
        assert!(!qc_is_good(&cert));
    }
    // Signed for that chain or epoch by the same keys, it is still not this committee's.
    for data in
        [VoteData { chain: other, ..vote_data() }, VoteData { epoch: Epoch::new(1), ..vote_data() }]
    {
        let signatures = signatures(VoteKind::Vote, &data, 0..3);
        assert!(!qc_is_good(&QuorumCert::new(data, &signatures, &Ed25519Scheme)));
    }
}

#[test]
fn every_field_of_a_timeout_is_signed() {
    let changed: [fn(&mut TimeoutCert); 4] = [
        |tc| tc.chain = ChainId(Hash32([1; 32])),
        |tc| tc.epoch = Epoch::new(1),
        |tc| tc.view = View::new(13),
        |tc| tc.entries[0].high_qc_view = View::new(1),
    ];
    for change in changed {
        let mut cert = tc(0..3);
        change(&mut cert);
        assert!(!tc_is_good(&cert));
    }
}

#[test]
fn nobody_gives_up_a_view_with_a_certificate_of_that_view() {
    let view = View::new(12);
    let data = TimeoutData { chain: CHAIN, epoch: Epoch::ZERO, view, high_qc_view: view };
    let mut cert = tc(0..3);
    cert.entries[0].high_qc_view = view;
    each(&mut cert.proof)[0] = key(0).sign(data.message().as_bytes());
    assert!(!tc_is_good(&cert));
}

#[test]
fn genesis_needs_no_signatures_and_bears_none() {
    assert!(qc_is_good(&QuorumCert::genesis(genesis_data())));
    assert!(commit_is_good(&CommitCert::genesis(genesis_data())));
    let forged = VoteData { block: BlockHash(Hash32([9; 32])), ..genesis_data() };
    assert!(!qc_is_good(&QuorumCert::genesis(forged)));
    let signatures = signatures(VoteKind::Vote, &genesis_data(), 0..3);
    assert!(!qc_is_good(&QuorumCert::new(genesis_data(), &signatures, &Ed25519Scheme)));
    assert!(!qc_is_good(&QuorumCert::genesis(vote_data())));
    let voters = Voters::from_iter([ValidatorIndex::ZERO]);
    assert!(!qc_is_good(&QuorumCert { voters, ..QuorumCert::genesis(genesis_data()) }));
}
