//! A genesis whose validators have vote keys: each must be held by somebody.

use heddle_types::*;

use crate::fixture::genesis;
use crate::fixture::key;

fn vote_secret(n: u8) -> BlsSecretKey {
    BlsSecretKey::derive(&key(n))
}

/// Four validators, each with its vote key and the proof of it.
fn with_vote_keys() -> Genesis {
    let validators = genesis().validators.into_iter().zip(0..);
    Genesis {
        validators: validators
            .map(|(validator, n)| {
                let vote_key = Some(vote_secret(n).public_key());
                Validator { vote_key, ..validator }
            })
            .collect(),
        possessions: (0..4).map(|n| vote_secret(n).prove_possession()).collect(),
        ..genesis()
    }
}

fn check(change: fn(&mut Genesis), position: usize) {
    let mut genesis = with_vote_keys();
    change(&mut genesis);
    assert_eq!(genesis.committee(), Err(GenesisError::Possession { position }));
}

#[test]
fn a_chain_begins_with_vote_keys_that_are_held() {
    let genesis = with_vote_keys();
    let committee = genesis.committee().unwrap();
    assert!(committee.has_vote_keys());
    assert_eq!(decode_exact::<Genesis>(&encode(&genesis)).as_ref(), Ok(&genesis));
}

#[test]
fn a_vote_key_without_its_own_proof_begins_none() {
    check(|genesis| genesis.possessions.clear(), 0);
    check(|genesis| genesis.possessions.truncate(3), 3);
    check(|genesis| genesis.possessions.swap(1, 2), 1);
    check(|genesis| genesis.possessions.push(genesis.possessions[0]), 4);
    check(|genesis| genesis.validators[2].vote_key = Some(BlsPublicKey([0; 96])), 2);
    let mut surplus = genesis();
    surplus.possessions = with_vote_keys().possessions;
    assert_eq!(surplus.committee(), Err(GenesisError::Possession { position: 0 }));
}

#[test]
fn the_chain_is_another_one_with_other_proofs_or_none() {
    let mut other = with_vote_keys();
    other.possessions.swap(0, 1);
    assert_ne!(other.chain_id(), with_vote_keys().chain_id());
    assert_ne!(genesis().chain_id(), with_vote_keys().chain_id());
}
