//! Runs many scenarios on all cores and adds up what they came to.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::thread;

use crate::twins::run::Outcome;
use crate::twins::run::run;
use crate::twins::scenario::Scenario;
use crate::twins::stage::Stage;
use crate::twins::stage::VIEWS;

/// What scenarios came to, together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) scenarios: u64,
    pub(super) failed: u64,
    first_failure: Option<Scenario>,
    pub(super) equivocations: u64,
    pub(super) blocks: u64,
    pub(super) views_to_commit_max: u64,
}

/// Runs the scenario of every place below `len` that has one; panics when one fails.
pub(super) fn check(len: usize, scenario: impl Fn(usize) -> Option<Scenario> + Sync) -> Tally {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let total = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for thread in 0..threads {
            let (scenario, total) = (&scenario, &total);
            scope.spawn(move || {
                let mut stages = Stages::new();
                let mut tally = Tally::default();
                let scenarios = (thread..len).step_by(threads).filter_map(scenario);
                scenarios.for_each(|scenario| tally.run(&mut stages, scenario));
                total.lock().unwrap().merge(&tally);
            });
        }
    });
    let tally = total.into_inner().unwrap();
    println!("{tally:?}");
    assert_eq!(tally.failed, 0, "of {}, as {:?}", tally.scenarios, tally.first_failure);
    tally
}

/// Scenarios with the same leaders begin on the same stage.
type Stages = BTreeMap<[u8; VIEWS], Stage>;

impl Tally {
    fn run(&mut self, stages: &mut Stages, scenario: Scenario) {
        let leaders = scenario.leaders();
        let stage =
            stages.entry(leaders).or_insert_with(|| Stage::new(scenario.validators, leaders));
        self.scenarios += 1;
        if let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| run(stage, &scenario))) {
            self.add(outcome);
        } else {
            self.failed += 1;
            self.first_failure.get_or_insert(scenario);
        }
    }

    fn add(&mut self, outcome: Outcome) {
        self.equivocations += outcome.equivocations;
        self.blocks += outcome.blocks;
        self.views_to_commit_max = self.views_to_commit_max.max(outcome.views_to_commit);
    }

    fn merge(&mut self, other: &Self) {
        self.scenarios += other.scenarios;
        self.failed += other.failed;
        self.first_failure = self.first_failure.or(other.first_failure);
        self.equivocations += other.equivocations;
        self.blocks += other.blocks;
        self.views_to_commit_max = self.views_to_commit_max.max(other.views_to_commit_max);
    }
}
