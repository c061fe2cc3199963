//! Roots of the recent past stay provable.

use std::collections::VecDeque;

use heddle_state::State;
use heddle_types::ChangeSet;
use heddle_types::Hash32;
use heddle_types::StateRoot;
use heddle_types::limits::LAG_MAX;
use proptest::prelude::*;

use crate::reference;
use crate::reference::Model;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_recent_root_is_provable_while_the_crown_grows(
        rounds in proptest::collection::vec(reference::batches(400, 120), 1..4),
    ) {
        let mut state = State::empty();
        let mut model = Model::new();
        let mut past = VecDeque::from([(state.root(), model.clone())]);
        for changes in rounds.iter().flatten().filter(|changes| !changes.is_empty()) {
            reference::change(&mut model, changes);
            past.push_back((state.apply(changes), model.clone()));
            past.truncate(usize::MAX);
            if past.len() > 1 + LAG_MAX as usize {
                past.pop_front();
            }
        }
        prop_assert!(state.provable_roots().eq(past.iter().map(|(root, _)| *root)));
        for (root, model) in &past {
            for key in (0..400).step_by(7).map(reference::key) {
                let proof = state.prove_at(*root, &key).unwrap();
                prop_assert_eq!(proof.verify(*root, &key).unwrap(), model.get(&key));
            }
        }
    }
}

#[test]
fn recent_roots_are_provable_when_blocks_are_big_enough_to_be_cut_into_parts() {
    let mut state = State::empty();
    let mut model = Model::new();
    let mut past = Vec::new();
    for round in 0..LAG_MAX as u32 {
        let change = |i: u32| {
            let number = i.wrapping_mul(2_654_435_761) % (2000 + 500 * round);
            (reference::key(number), (!i.is_multiple_of(5)).then(|| reference::entry(i ^ round)))
        };
        let changes = ChangeSet::new((round * 31..round * 31 + 1700).map(change).collect());
        reference::change(&mut model, &changes);
        past.push((state.apply(&changes), model.clone()));
        assert_eq!(state.root(), reference::root(&model));
    }
    for (root, model) in &past {
        for key in (0..10_000).step_by(37).map(reference::key) {
            let proof = state.prove_at(*root, &key).unwrap();
            assert_eq!(proof.verify(*root, &key).unwrap(), model.get(&key));
        }
    }
}

#[test]
fn only_lag_max_roots_are_kept() {
    let mut state = State::empty();
    let set = |i: u32| ChangeSet::new(vec![(reference::key(i), Some(reference::entry(i)))]);
    let roots: Vec<StateRoot> = (0..40).map(|i| state.apply(&set(i))).collect();
    let oldest = roots.len() - 1 - LAG_MAX as usize;
    assert!(state.prove_at(roots[oldest], &reference::key(0)).is_some());
    assert!(state.prove_at(roots[oldest - 1], &reference::key(0)).is_none());
    assert!(state.prove_at(StateRoot(Hash32([9; 32])), &reference::key(0)).is_none());
}
