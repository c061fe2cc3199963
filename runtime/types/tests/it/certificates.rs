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
    cert.signatures[2].signature.0[0] ^= 1;
    assert!(!qc_is_good(&cert));
    let mut cert = tc(0..4);
    cert.entries[2].signature.0[0] ^= 1;
    assert!(!tc_is_good(&cert));
}

#[test]
fn the_two_rounds_do_not_stand_in_for_each_other() {
    let (votes, commits) = (qc(0..3), commit(0..3));
    assert!(!qc_is_good(&QuorumCert { data: commits.data, signatures: commits.signatures }));
    assert!(!commit_is_good(&CommitCert { data: votes.data, signatures: votes.signatures }));
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
        assert!(!qc_is_good(&QuorumCert { data, signatures }));
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
    cert.entries[0].signature = key(0).sign(data.message().as_bytes());
    assert!(!tc_is_good(&cert));
}

#[test]
fn genesis_needs_no_signatures_and_bears_none() {
    assert!(qc_is_good(&QuorumCert::genesis(genesis_data())));
    assert!(commit_is_good(&CommitCert::genesis(genesis_data())));
    let forged = VoteData { block: BlockHash(Hash32([9; 32])), ..genesis_data() };
    assert!(!qc_is_good(&QuorumCert::genesis(forged)));
    let signatures = signatures(VoteKind::Vote, &genesis_data(), 0..3);
    assert!(!qc_is_good(&QuorumCert { data: genesis_data(), signatures }));
    assert!(!qc_is_good(&QuorumCert::genesis(vote_data())));
}
