//! The root depends on the set of keys and entries, and on nothing else.

use heddle_state::State;
use heddle_types::ChangeSet;
use heddle_types::StateRoot;
use heddle_types::StateView;
use proptest::prelude::*;

use crate::reference;
use crate::reference::Model;

#[test]
fn the_empty_state_has_the_zero_root() {
    assert_eq!(State::empty().root(), StateRoot::ZERO);
    assert_eq!(State::from_entries([]).root(), StateRoot::ZERO);
}

#[test]
fn the_root_of_a_small_state_is_pinned() {
    let state = State::from_entries((0..5).map(|i| (reference::key(i), reference::entry(i))));
    let expected = "d693";
    let model: Model = state.entries().collect();
    assert_eq!(state.root(), reference::root(&model));
    assert_eq!(&state.root().to_string()[..4], expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_batch_leads_to_the_reference_root_down_to_empty(
        batches in reference::batches(60, 80),
    ) {
        let mut state = State::empty();
        let mut model = Model::new();
        for changes in &batches {
            reference::change(&mut model, changes);
            prop_assert_eq!(state.apply(changes), reference::root(&model));
            prop_assert_eq!(state.len(), model.len());
        }
        prop_assert!(state.entries().eq(model.clone()));
        prop_assert_eq!(state.apply(&reference::clear(&model)), StateRoot::ZERO);
        prop_assert!(state.is_empty());
    }

    #[test]
    fn building_at_once_equals_applying_in_steps(batches in reference::batches(2000, 600)) {
        let mut state = State::empty();
        let mut model = Model::new();
        for changes in &batches {
            reference::change(&mut model, changes);
            state.apply(changes);
        }
        prop_assert_eq!(State::from_entries(model.clone()).root(), state.root());
        prop_assert_eq!(reference::root(&model), state.root());
        for key in (0..2000).map(reference::key) {
            prop_assert_eq!(state.entry(&key), model.get(&key).cloned());
        }
    }
}

#[test]
fn the_root_does_not_depend_on_how_many_threads_share_the_work() {
    let changes = |round: u32| {
        let change = |i: u32| {
            let number = i.wrapping_mul(2_654_435_761) ^ round;
            (
                reference::key(i * 3 % 9000 + round),
                (!i.is_multiple_of(7)).then(|| reference::entry(number)),
            )
        };
        ChangeSet::new((0..6000).map(change).collect())
    };
    let roots = |threads: usize| -> Vec<StateRoot> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut state = State::from_entries(
            (0..9000).map(reference::key).zip((0..).map(reference::entry)).collect::<Model>(),
        );
        pool.install(|| (0..4).map(|round| state.apply(&changes(round))).collect())
    };
    let alone = roots(1);
    for threads in [2, 3, 8] {
        assert_eq!(roots(threads), alone, "{threads} threads");
    }
    let mut model: Model = (0..9000).map(reference::key).zip((0..).map(reference::entry)).collect();
    for (round, root) in (0..4).zip(alone) {
        reference::change(&mut model, &changes(round));
        assert_eq!(root, reference::root(&model));
    }
}

#[test]
fn preparing_changes_nothing_and_committing_gives_the_prepared_root() {
    let mut state = State::from_entries([(reference::key(1), reference::entry(1))]);
    let before = state.root();
    let changes = ChangeSet::new(vec![(reference::key(2), Some(reference::entry(2)))]);
    let prepared = state.prepare(&changes);
    assert_eq!((state.root(), state.len()), (before, 1));
    let root = prepared.root();
    state.commit(prepared);
    assert_ne!(root, before);
    assert_eq!((state.root(), state.len()), (root, 2));
}

#[test]
#[should_panic(expected = "prepared on this state")]
fn committing_what_was_prepared_on_an_older_state_panics() {
    let mut state = State::empty();
    let changes = ChangeSet::new(vec![(reference::key(2), Some(reference::entry(2)))]);
    let prepared = state.prepare(&changes);
    state.apply(&changes);
    state.commit(prepared);
}

#[test]
fn entries_looked_up_together_are_those_looked_up_alone() {
    let state = State::from_entries((0..50).map(|i| (reference::key(i), reference::entry(i))));
    for len in [0, 1, 15, 16, 17, 100] {
        // Some are there and some are not.
        let keys: Vec<_> = (0..len).map(|i| reference::key(i * 7 % 101)).collect();
        let alone: Vec<_> = keys.iter().map(|key| state.entry(key)).collect();
        let mut together = vec![None];
        StateView::entries(&state, &keys, &mut together);
        assert_eq!(together[1..], alone);
    }
}
