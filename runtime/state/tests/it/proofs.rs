//! Proofs show what is there, and nothing else passes for one.

use heddle_state::Proof;
use heddle_state::ProofError;
use heddle_state::State;
use heddle_types::ChangeSet;
use heddle_types::Hash32;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use heddle_types::decode_exact;
use heddle_types::encode;
use proptest::prelude::*;

use crate::reference;
use crate::reference::Model;

fn check(state: &State, model: &Model, key: &StateKey) {
    let proof = state.prove(key);
    let decoded: Proof = decode_exact(&encode(&proof)).unwrap();
    assert_eq!(decoded.verify(state.root(), key).unwrap(), model.get(key));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_key_present_or_absent_is_proven(batches in reference::batches(60, 60)) {
        let mut state = State::empty();
        let mut model = Model::new();
        for changes in &batches {
            reference::change(&mut model, changes);
            state.apply(changes);
            for number in 0..60 {
                check(&state, &model, &reference::key(number));
            }
        }
    }

    #[test]
    fn a_proof_with_any_byte_changed_proves_nothing_else(
        size in 0..40_u32,
        asked in 0..45_u32,
        flip in 1..=255_u8,
    ) {
        let model: Model = (0..size).map(|i| (reference::key(i), reference::entry(i))).collect();
        let state = State::from_entries(model);
        let key = reference::key(asked);
        let bytes = encode(&state.prove(&key));
        for position in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[position] ^= flip;
            let Ok(proof) = decode_exact::<Proof>(&bytes) else { continue };
            prop_assert!(proof.verify(state.root(), &key).is_err(), "byte {position}");
        }
    }
}

#[test]
fn a_proof_is_of_one_root_and_one_key() {
    let state = State::from_entries((0..30).map(|i| (reference::key(i), reference::entry(i))));
    let proof = state.prove(&reference::key(3));
    let other = StateRoot(Hash32([1; 32]));
    assert!(matches!(proof.verify(other, &reference::key(3)), Err(ProofError::Root { .. })));
    assert!(proof.verify(state.root(), &reference::key(4)).is_err());
}

#[test]
fn a_proof_for_the_empty_state_is_empty() {
    let proof = State::empty().prove(&reference::key(1));
    assert!(proof.siblings.is_empty());
    assert_eq!(proof.verify(StateRoot::ZERO, &reference::key(1)), Ok(None));
}

#[test]
fn a_leaf_that_emptied_deep_below_the_crown_is_still_found() {
    let all: Vec<_> = (0..3000).map(|i| (reference::key(i), reference::entry(i))).collect();
    let model: Model = all.into_iter().collect();
    let mut state = State::from_entries(model.clone());
    let (kept, _) = model.iter().next().unwrap();
    let rest = model.keys().filter(|key| *key != kept).map(|key| (*key, None)).collect();
    state.apply(&ChangeSet::new(rest));
    let model: Model = [(*kept, model[kept].clone())].into();
    assert_eq!(state.root(), reference::root(&model));
    for number in 0..50 {
        check(&state, &model, &reference::key(number));
    }
}
