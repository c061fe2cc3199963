//! A list whose members vote with BLS keys, and one whose members do not.

use heddle_executor::testing::TestChain;
use heddle_executor::testing::key;
use heddle_sdk::Program;
use heddle_sdk::fees;
use heddle_types::BlsPublicKey;
use heddle_types::BlsSecretKey;
use heddle_types::Call;
use heddle_types::Genesis;
use heddle_types::Validator;
use heddle_validators::Join;
use heddle_validators::KeyRotated;
use heddle_validators::Member;
use heddle_validators::Rotate;
use heddle_validators::Validators;
use heddle_validators::ValidatorsCall;
use heddle_validators::ValidatorsError;
use heddle_validators::ValidatorsEvent;

use crate::world;
use crate::world::AUTHORITY;
use crate::world::genesis;
use crate::world::list;
use crate::world::programs;
use crate::world::prove;
use crate::world::run;
use crate::world::run_ok;
use crate::world::run_refused;
use crate::world::validator_key;
use crate::world::who;

fn vote_secret(n: u8) -> BlsSecretKey {
    BlsSecretKey::derive(&key(100 + n))
}

fn vote_key(n: u8) -> Option<BlsPublicKey> {
    Some(vote_secret(n).public_key())
}

/// Validator `n` with its vote key.
fn member(n: u8) -> Member {
    Member { vote_key: vote_key(n), ..world::member(n) }
}

/// A chain whose validators 1 to 4 have vote keys.
fn chain() -> TestChain {
    let validators = genesis().validators.into_iter().zip(1..);
    let genesis = Genesis {
        validators: validators
            .map(|(validator, n)| Validator { vote_key: vote_key(n), ..validator })
            .collect(),
        possessions: (1..=4).map(|n| vote_secret(n).prove_possession()).collect(),
        ..genesis()
    };
    assert!(genesis.committee().unwrap().has_vote_keys());
    TestChain::begin(programs(), &genesis).unwrap()
}

/// Validator `n` joins with both proofs, as they should be.
fn join(n: u8) -> Join {
    Join {
        member: member(n),
        proof: prove(n, who(n), vote_key(n)),
        vote_proof: Some(vote_secret(n).prove_possession()),
    }
}

/// The operator of validator `old` gives it keys number `new`.
fn rotate(old: u8, new: u8) -> Rotate {
    Rotate {
        old: validator_key(old),
        new: validator_key(new),
        vote_key: vote_key(new),
        proof: prove(new, who(old), vote_key(new)),
        vote_proof: Some(vote_secret(new).prove_possession()),
    }
}

fn joins(join: Join) -> Call {
    ValidatorsCall::Join(join).to_call()
}

fn rotates(rotate: Rotate) -> Call {
    ValidatorsCall::Rotate(rotate).to_call()
}

#[test]
fn members_and_their_vote_keys_are_the_committee() {
    let mut chain = chain();
    assert_eq!(list(&chain).as_slice(), [1, 2, 3, 4].map(member));
    let joined = run_ok(&mut chain, AUTHORITY, joins(join(5)));
    assert_eq!(joined, ValidatorsEvent::Joined(member(5)));
    let expected = Validator { public_key: validator_key(5), vote_key: vote_key(5), power: 10 };
    assert_eq!(list(&chain).validators()[4], expected);
}

#[test]
fn a_rotation_changes_both_keys() {
    let mut chain = chain();
    let (old, new) = (validator_key(2), validator_key(6));
    let expected = ValidatorsEvent::KeyRotated(KeyRotated { old, new, vote_key: vote_key(6) });
    assert_eq!(run_ok(&mut chain, 2, rotates(rotate(2, 6))), expected);
    let expected = Member { public_key: new, vote_key: vote_key(6), ..member(2) };
    assert_eq!(list(&chain).as_slice()[1], expected);
}

#[test]
fn among_those_with_vote_keys_everybody_has_one() {
    let mut chain = chain();
    let error = ValidatorsError::MissingVoteKey;
    run_refused(&mut chain, AUTHORITY, world::join(5), error);
    run_refused(&mut chain, 2, world::rotate(2, 6, 2), error);
}

#[test]
fn among_those_without_nobody_has_one() {
    let mut chain = world::chain();
    let error = ValidatorsError::UnusedVoteKey;
    run_refused(&mut chain, AUTHORITY, joins(join(5)), error);
    run_refused(&mut chain, 2, rotates(rotate(2, 6)), error);
    // Nor is there a proof of none.
    let call = Join { member: world::member(5), proof: prove(5, who(5), None), ..join(5) };
    run_refused(&mut chain, AUTHORITY, joins(call), ValidatorsError::BadProof);
}

#[test]
fn no_two_members_vote_with_one_key() {
    let mut chain = chain();
    let taken = Join {
        member: Member { vote_key: vote_key(1), ..member(5) },
        proof: prove(5, who(5), vote_key(1)),
        vote_proof: Some(vote_secret(1).prove_possession()),
    };
    run_refused(&mut chain, AUTHORITY, joins(taken), ValidatorsError::DuplicateKey);
    let kept = Rotate { vote_key: vote_key(2), ..rotate(2, 6) };
    run_refused(&mut chain, 2, rotates(kept), ValidatorsError::DuplicateKey);
}

#[test]
fn a_vote_key_is_proved_by_its_holder_and_named_by_the_validator() {
    let mut chain = chain();
    let bad_joins = [
        Join { vote_proof: None, ..join(5) },
        Join { vote_proof: Some(vote_secret(6).prove_possession()), ..join(5) },
        // The validator said nothing of a vote key, or named another.
        Join { proof: prove(5, who(5), None), ..join(5) },
        Join { proof: prove(5, who(5), vote_key(6)), ..join(5) },
        // A key that nobody holds proves nothing.
        Join { member: Member { vote_key: Some(BlsPublicKey([0; 96])), ..member(5) }, ..join(5) },
    ];
    for bad in bad_joins {
        run_refused(&mut chain, AUTHORITY, joins(bad), ValidatorsError::BadProof);
    }
    let bad_rotations = [
        Rotate { vote_proof: None, ..rotate(2, 6) },
        Rotate { vote_proof: Some(vote_secret(2).prove_possession()), ..rotate(2, 6) },
        Rotate { proof: prove(6, who(2), None), ..rotate(2, 6) },
    ];
    for bad in bad_rotations {
        run_refused(&mut chain, 2, rotates(bad), ValidatorsError::BadProof);
    }
    run_ok(&mut chain, AUTHORITY, joins(join(5)));
}

#[test]
fn a_vote_keys_proof_is_paid_for() {
    let fee = |mut chain: TestChain, call| run(&mut chain, AUTHORITY, call).fee_paid.get();
    let (with, without) = (fee(chain(), joins(join(5))), fee(world::chain(), world::join(5)));
    let bytes = u128::from(fees::PER_DATA_BYTE) * (96 + 48);
    assert_eq!(with - without, u128::from(fees::PER_CALL) * 4 + bytes);
    let cost = |call: Call| {
        let mut set = heddle_types::AccessSet::default();
        let mut declaration = heddle_sdk::Declaration::new(&mut set);
        Validators.access(&call.data, &who(1), &mut declaration).unwrap();
        declaration.declared_cost()
    };
    assert!(cost(joins(join(5))) > 5 * cost(world::join(5)));
    assert!(cost(rotates(rotate(1, 5))) > 5 * cost(world::rotate(1, 5, 1)));
}
