//! Members with vote keys and members without accept and refuse the same.

use heddle_types::*;
use proptest::prelude::*;
use proptest::sample::select;

use crate::fixture::CHAIN;
use crate::fixture::key;

const MEMBERS: u8 = 5;
/// The view given up.
const GIVEN_UP: View = View::new(12);

/// Members of power 1 to 5, who sign with this kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    Plain,
    Vote,
}

impl Keys {
    fn committee(self) -> Committee {
        let member = |n: u8| Validator {
            vote_key: (self == Self::Vote).then(|| vote_key(n).public_key()),
            ..Validator::new(key(n).public_key(), 1 + u64::from(n))
        };
        Committee::new(CHAIN, Epoch::ZERO, (0..MEMBERS).map(member).collect()).unwrap()
    }

    fn signer(self, n: u8) -> Box<dyn VoteSigner> {
        match self {
            Self::Plain => Box::new(Ed25519Signer(key(n))),
            Self::Vote => Box::new(BlsSigner::new(key(n).public_key(), vote_key(n))),
        }
    }

    /// What those members say who sign by their place in `signers`.
    fn parts(self, message: Hash32, signers: &[Signer]) -> Vec<VoterSignature> {
        let part = |signer: &Signer| VoterSignature {
            voter: index(signer.voter),
            signature: self.signer(signer.key).sign(&signer.flaw.message(message)),
        };
        signers.iter().map(part).collect()
    }
}

fn vote_key(n: u8) -> BlsSecretKey {
    BlsSecretKey::derive(&key(n))
}

fn index(n: u8) -> ValidatorIndex {
    ValidatorIndex::new(u16::from(n))
}

/// The member after this one, in a circle.
fn next(member: ValidatorIndex) -> ValidatorIndex {
    ValidatorIndex::new((member.get() + 1) % u16::from(MEMBERS))
}

/// A part of a certificate, and what is wrong with it.
#[derive(Clone, Copy, Debug)]
struct Signer {
    voter: u8,
    /// Whose key signs.
    key: u8,
    flaw: Flaw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    OtherMessage,
}

impl Flaw {
    const fn message(self, right: Hash32) -> Hash32 {
        match self {
            Self::None => right,
            Self::OtherMessage => Hash32([9; 32]),
        }
    }
}

fn data() -> VoteData {
    crate::fixture::vote_data()
}

fn genesis() -> VoteData {
    VoteData { view: View::ZERO, height: Height::ZERO, ..data() }
}

/// Some members in order, most of whom sign as they should. No two sign for each other: their signatures have the right
/// sum, which is why only what was verified is summed.
fn signers() -> impl Strategy<Value = Vec<Signer>> {
    let flaw = prop_oneof![20 => Just(Flaw::None), 1 => Just(Flaw::OtherMessage)];
    let all = proptest::collection::vec((0..4_u8, flaw), usize::from(MEMBERS));
    let other = proptest::option::weighted(0.2, (0..MEMBERS, 0..MEMBERS));
    (all, other).prop_map(|(all, other)| {
        let signer = |(voter, (absent, flaw)): (u8, (u8, Flaw))| {
            let key = other.filter(|(who, _)| *who == voter).map_or(voter, |(_, key)| key);
            (absent > 0).then_some(Signer { voter, key, flaw })
        };
        (0..MEMBERS).zip(all).filter_map(signer).collect()
    })
}

/// A change of what is said to be signed, or by whom.
fn changes() -> impl Strategy<Value = fn(&mut QuorumCert)> {
    let none: fn(&mut QuorumCert) = |_| {};
    let changed: [fn(&mut QuorumCert); 7] = [
        |cert| cert.data.block = BlockHash(Hash32([1; 32])),
        |cert| cert.data.view = cert.data.view.next(),
        |cert| cert.data.epoch = Epoch::new(1),
        |cert| cert.voters = cert.voters.iter().skip(1).collect(),
        |cert| cert.voters = cert.voters.iter().chain([index(MEMBERS)]).collect(),
        |cert| cert.voters = (0..MEMBERS).map(index).collect(),
        |cert| cert.voters = cert.voters.iter().map(next).collect(),
    ];
    prop_oneof![4 => Just(none), 1 => select(changed.to_vec())]
}

fn is_good(keys: Keys, cert: &QuorumCert) -> bool {
    cert.verify(&keys.committee(), &genesis(), &KeyedScheme::default())
}

/// What a committee of these members says of a certificate, and of each of its parts.
fn verdicts(keys: Keys, signers: &[Signer], change: fn(&mut QuorumCert)) -> (bool, Vec<bool>) {
    let (committee, scheme) = (keys.committee(), KeyedScheme::default());
    let message = data().message(VoteKind::Vote);
    let parts = keys.parts(message, signers);
    let signed = parts.iter().map(|part| SignedStatement {
        statement: Statement { signer: committee.validator(part.voter).unwrap(), message },
        signature: part.signature,
    });
    let each = scheme.verify_each(&signed.collect::<Vec<_>>());
    let mut cert = QuorumCert::new(data(), &parts, &committee, &scheme);
    change(&mut cert);
    (is_good(keys, &cert), each)
}

/// A TC of these members' timeouts, whose high QCs are of views 0 to 3.
fn tc(keys: Keys, signers: &[Signer], highs: &[u64]) -> TimeoutCert {
    let timeouts = signers.iter().zip(highs).map(|(signer, high)| {
        let high_qc_view = View::new(*high);
        let message = timeout(high_qc_view).message();
        let signature = keys.parts(message, &[*signer])[0].signature;
        (TimeoutEntry { voter: index(signer.voter), high_qc_view }, signature)
    });
    let timeouts: Vec<_> = timeouts.collect();
    TimeoutCert::new(&keys.committee(), GIVEN_UP, &timeouts, &KeyedScheme::default())
}

const fn timeout(high_qc_view: View) -> TimeoutData {
    TimeoutData { chain: CHAIN, epoch: Epoch::ZERO, view: GIVEN_UP, high_qc_view }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn certificates_are_good_with_vote_keys_where_they_are_without(
        signers in signers(),
        change in changes(),
    ) {
        let plain = verdicts(Keys::Plain, &signers, change);
        prop_assert_eq!(&verdicts(Keys::Vote, &signers, change), &plain);
        let power: u64 = signers.iter().map(|signer| 1 + u64::from(signer.voter)).sum();
        let sound = |signer: &Signer| signer.key == signer.voter && signer.flaw == Flaw::None;
        prop_assert_eq!(plain.1, signers.iter().map(sound).collect::<Vec<_>>());
        prop_assert!(!plain.0 || power >= 11 && signers.iter().all(sound));
    }

    #[test]
    fn timeout_certificates_are_good_with_vote_keys_where_they_are_without(
        signers in signers(),
        highs in proptest::collection::vec(0..4_u64, usize::from(MEMBERS)),
        changed in proptest::option::of((0..usize::from(MEMBERS), 0..13_u64)),
    ) {
        let is_good = |keys: Keys| {
            let mut cert = tc(keys, &signers, &highs);
            if let Some((position, high)) = changed
                && let Some(entry) = cert.entries.get_mut(position)
            {
                entry.high_qc_view = View::new(high);
            }
            cert.verify(&keys.committee(), &KeyedScheme::default())
        };
        prop_assert_eq!(is_good(Keys::Vote), is_good(Keys::Plain));
    }
}

fn all() -> Vec<Signer> {
    (0..MEMBERS).map(|n| Signer { voter: n, key: n, flaw: Flaw::None }).collect()
}

fn good(keys: Keys) -> QuorumCert {
    let parts = keys.parts(data().message(VoteKind::Vote), &all());
    QuorumCert::new(data(), &parts, &keys.committee(), &KeyedScheme::default())
}

#[test]
fn members_with_vote_keys_prove_by_an_aggregate_and_others_by_each_signature() {
    let (plain, keyed) = (good(Keys::Plain), good(Keys::Vote));
    assert!(is_good(Keys::Plain, &plain) && is_good(Keys::Vote, &keyed));
    assert!(matches!(&plain.proof, Proof::Each(signatures) if signatures.len() == 5));
    assert!(matches!(keyed.proof, Proof::Aggregate(_)));
    // Messages that differ are summed as well.
    let cert = tc(Keys::Vote, &all(), &[3, 0, 1, 2, 3]);
    assert!(matches!(cert.proof, Proof::Aggregate(_)));
    assert!(cert.verify(&Keys::Vote.committee(), &KeyedScheme::default()));
}

#[test]
fn a_proof_of_the_other_kind_is_none() {
    let keyed = Keys::Vote.parts(data().message(VoteKind::Vote), &all());
    let each = Proof::Each(keyed.iter().map(|part| part.signature).collect());
    assert!(!is_good(Keys::Vote, &QuorumCert { proof: each, ..good(Keys::Vote) }));
    let (plain, keyed) = (good(Keys::Plain).proof, good(Keys::Vote).proof);
    assert!(!is_good(Keys::Vote, &QuorumCert { proof: plain, ..good(Keys::Vote) }));
    assert!(!is_good(Keys::Plain, &QuorumCert { proof: keyed, ..good(Keys::Plain) }));
    let scheme = KeyedScheme::default();
    let none = Keys::Vote.committee();
    let statement = Statement { signer: none.validator(index(0)).unwrap(), message: Hash32::ZERO };
    assert!(!scheme.verify_proof(&[statement], &Proof::NONE));
}

#[test]
fn a_certificate_of_either_round_does_not_stand_in_for_the_other() {
    for keys in [Keys::Plain, Keys::Vote] {
        let QuorumCert { data, voters, proof } = good(keys);
        let cert = CommitCert { data, voters, proof };
        assert!(!cert.verify(&keys.committee(), &genesis(), &KeyedScheme::default()));
    }
}

/// Statements of all members about one message.
fn statements(committee: &Committee, message: Hash32) -> Vec<Statement<'_>> {
    committee.validators().iter().map(|signer| Statement { signer, message }).collect()
}

fn verify_each(statements: &[Statement<'_>], signatures: &[Signature]) -> Vec<bool> {
    let items = statements.iter().zip(signatures).map(|(statement, signature)| SignedStatement {
        statement: *statement,
        signature: *signature,
    });
    KeyedScheme::default().verify_each(&items.collect::<Vec<_>>())
}

#[test]
fn what_stands_behind_a_bls_signature_is_zero() {
    let (committee, message) = (Keys::Vote.committee(), Hash32([3; 32]));
    let signed = Keys::Vote.parts(message, &all());
    let good: Vec<_> = signed.iter().map(|part| part.signature).collect();
    let statements = statements(&committee, message);
    assert_eq!(verify_each(&statements, &good), [true; 5]);
    for byte in 48..64 {
        let mut padded = good.clone();
        padded[2].0[byte] = 1;
        assert_eq!(verify_each(&statements, &padded), [true, true, false, true, true]);
    }
}

#[test]
fn an_identity_s_signature_is_none_of_a_member_with_a_vote_key_and_the_other_way_round() {
    let message = Hash32([3; 32]);
    let signatures = |keys: Keys| -> Vec<_> {
        keys.parts(message, &all()).iter().map(|part| part.signature).collect()
    };
    let (with, without) = (Keys::Vote.committee(), Keys::Plain.committee());
    assert_eq!(verify_each(&statements(&with, message), &signatures(Keys::Plain)), [false; 5]);
    assert_eq!(verify_each(&statements(&without, message), &signatures(Keys::Vote)), [false; 5]);
    // Each by its own, in one batch.
    let mixed = [statements(&with, message), statements(&without, message)].concat();
    let right = [signatures(Keys::Vote), signatures(Keys::Plain)].concat();
    assert_eq!(verify_each(&mixed, &right), [true; 10]);
    let mut one_bad = right;
    one_bad[1] = one_bad[2];
    one_bad[9] = one_bad[8];
    let expected = std::array::from_fn::<_, 10, _>(|n| n != 1 && n != 9);
    assert_eq!(verify_each(&mixed, &one_bad), expected);
}

#[test]
fn two_bad_signatures_that_cancel_in_a_sum_are_found() {
    let (committee, message) = (Keys::Vote.committee(), Hash32([3; 32]));
    let statements = statements(&committee, message);
    let mut signatures: Vec<_> =
        Keys::Vote.parts(message, &all()).iter().map(|part| part.signature).collect();
    // Each of two members signs for the other: the sum is what it was, and so it would be with any that cancel.
    signatures.swap(1, 3);
    let scheme = KeyedScheme::default();
    let proof = scheme.prove(&committee, signatures.clone());
    assert!(scheme.verify_proof(&statements, &proof), "all signed, whoever passed what on");
    assert_eq!(verify_each(&statements, &signatures), [true, false, true, false, true]);
}
