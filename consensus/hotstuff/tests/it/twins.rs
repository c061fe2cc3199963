//! Twins (Bano et al., "Twins: BFT Systems Made Robust", OPODIS 2021): a Byzantine validator is two honest replicas with one
//! key, each of which knows nothing of the other. Together they propose twice, vote twice and forget; nothing else is
//! needed, so the replicas are the ones that ship, but for who leads: as in Diem's, each view's leader is given.
//!
//! A scenario says for each of four views who leads it and which replicas hear each other. Of every scenario the oracle
//! asks what it asks of everything; besides, that who is heard to contradict himself is accused and nobody else, and that
//! once all hear all a block becomes final within a few views.

mod node;
mod run;
mod scenario;
mod stage;
mod theatre;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use scenario::Enumeration;
use scenario::Scenario;
use scenario::divisions;
use theatre::check;

/// `make soak` sets `HEDDLE_TWINS=all`: every scenario of four validators, and 10^5 of seven.
fn all() -> bool {
    std::env::var("HEDDLE_TWINS").is_ok_and(|which| which == "all")
}

/// Every `step`th scenario of four validators, divided into at most so many sets; of images of each other, one.
fn check_four(sets: usize, step: usize) {
    let scenarios = Enumeration::new(&divisions(sets));
    let tally = check(scenarios.len().div_ceil(step), |place| scenarios.get(place * step));
    assert!(tally.equivocations > tally.scenarios);
    assert!(tally.blocks > tally.scenarios);
    assert!(tally.views_to_commit_max <= 3, "f + 2");
}

// The steps are primes, so that a sample has every view's turns.

#[test]
fn of_four_validators_in_two_sets_one_is_two() {
    check_four(2, if all() { 1 } else { 1_999 });
}

#[test]
fn of_four_validators_in_three_sets_one_is_two() {
    check_four(3, if all() { 997 } else { 97_001 });
}

#[test]
fn of_seven_validators_two_are_two() {
    let count = if all() { 100_000 } else { 1_000 };
    let tally = check(count, |place| {
        Some(Scenario::random(7, 2, &mut ChaCha20Rng::seed_from_u64(place as u64)))
    });
    assert!(tally.equivocations > tally.scenarios);
    assert!(tally.blocks > tally.scenarios);
    assert!(tally.views_to_commit_max <= 4, "f + 2");
}
