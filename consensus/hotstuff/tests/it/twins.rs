//! Twins (Bano et al., "Twins: BFT Systems Made Robust", OPODIS 2021): a Byzantine validator is two honest replicas with one
//! key, each of which knows nothing of the other. Together they propose twice, vote twice and forget; nothing else is
//! needed, so the replicas are the ones that ship.
//!
//! A scenario says for each of four views who leads it and which replicas hear each other. Of every scenario the oracle
//! asks what it asks of everything; besides, that who is heard to contradict himself is accused and nobody else, and that
//! once all hear all a block becomes final within a few views.

mod node;
mod run;
mod scenario;
mod stage;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::thread;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use run::Outcome;
use run::run;
use scenario::Enumeration;
use scenario::Scenario;
use scenario::halves;
use stage::Stage;
use stage::VIEWS;

/// What the scenarios came to, together.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    scenarios: u64,
    failed: u64,
    equivocations: u64,
    blocks: u64,
    views_to_commit_max: u64,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.equivocations += outcome.equivocations;
        self.blocks += outcome.blocks;
        self.views_to_commit_max = self.views_to_commit_max.max(outcome.views_to_commit);
    }
}

/// Runs scenarios of one committee; all with the same leaders begin on one stage.
struct Theatre {
    stages: BTreeMap<[u8; VIEWS], Stage>,
    tally: Tally,
    first_failure: Option<Scenario>,
}

impl Theatre {
    fn new() -> Self {
        Self { stages: BTreeMap::new(), tally: Tally::default(), first_failure: None }
    }

    fn run(&mut self, scenario: &Scenario) {
        let leaders = scenario.leaders();
        let make = || Stage::new(scenario.validators, leaders);
        let stage = self.stages.entry(leaders).or_insert_with(make);
        self.tally.scenarios += 1;
        match catch_unwind(AssertUnwindSafe(|| run(stage, scenario))) {
            Ok(outcome) => self.tally.add(outcome),
            Err(_) => {
                self.tally.failed += 1;
                self.first_failure.get_or_insert(*scenario);
            }
        }
    }
}

/// `make soak` sets `HEDDLE_TWINS=all`.
fn all() -> bool {
    std::env::var("HEDDLE_TWINS").is_ok_and(|which| which == "all")
}

/// Runs what each of some threads draws, and says what failed.
fn check(draw: impl Fn(usize, usize, &mut dyn FnMut(&Scenario)) + Sync) -> Tally {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let total = Mutex::new((Tally::default(), None));
    thread::scope(|scope| {
        for thread in 0..threads {
            let (draw, total) = (&draw, &total);
            scope.spawn(move || {
                let mut theatre = Theatre::new();
                draw(thread, threads, &mut |scenario| theatre.run(scenario));
                let mut total = total.lock().unwrap();
                total.0.merge(theatre.tally);
                total.1 = total.1.or(theatre.first_failure);
            });
        }
    });
    let (tally, first) = total.into_inner().unwrap();
    println!("{tally:?}");
    assert!(
        first.is_none(),
        "{} of {} scenarios fail, one: {:?}",
        tally.failed,
        tally.scenarios,
        first.unwrap()
    );
    tally
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.scenarios += other.scenarios;
        self.failed += other.failed;
        self.equivocations += other.equivocations;
        self.blocks += other.blocks;
        self.views_to_commit_max = self.views_to_commit_max.max(other.views_to_commit_max);
    }
}

#[test]
fn every_word_of_leaders_can_be_staged() {
    for word in 0..256_u32 {
        let leaders = std::array::from_fn(|view| u8::try_from(word >> (2 * view) & 3).unwrap());
        Stage::new(4, leaders);
    }
}

#[test]
fn four_validators_of_which_one_is_two() {
    let scenarios = Enumeration::new(&halves());
    // A prime, so that all views' turns are sampled.
    let step = if all() { 1 } else { 997 };
    check(|thread, threads, run| {
        let places = (0..scenarios.len()).step_by(step).skip(thread).step_by(threads);
        places.filter_map(|place| scenarios.get(place)).for_each(|scenario| run(&scenario));
    });
}

#[test]
fn seven_validators_of_which_two_are_two() {
    let count: usize = if all() { 100_000 } else { 1_000 };
    check(|thread, threads, run| {
        let mut rng = ChaCha20Rng::seed_from_u64(thread as u64);
        (0..count)
            .skip(thread)
            .step_by(threads)
            .for_each(|_| run(&Scenario::random(7, 2, &mut rng)));
    });
}
