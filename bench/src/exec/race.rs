//! Ways of running the same blocks, taking turns, so that whatever disturbs the machine disturbs them alike.

use crate::exec::mode::Mode;
use crate::exec::row::Label;
use crate::exec::row::Measured;
use crate::exec::row::Row;
use crate::exec::tally::Tally;

/// A repetition takes at least this much work, in nanoseconds, so that starting and stopping a clock does not count.
const REPETITION_NANOS: u64 = 40_000_000;

/// A way of running blocks on a number of threads.
pub(crate) trait Racer {
    /// Its mode and how many threads it has.
    fn entry(&self) -> (Mode, u16);

    /// Runs every block once and checks it; the nanoseconds that running alone took.
    fn pass(&mut self, tally: &mut Tally) -> u64;
}

/// Who takes part, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Modes that get rows.
    pub(crate) modes: Vec<Mode>,
    /// Threads of all modes but sequential.
    pub(crate) threads: Vec<u16>,
    /// Repetitions that count.
    pub(crate) reps: u32,
    /// Whether tasks may run on values that may be stale.
    pub(crate) speculate: bool,
}

/// What is run.
pub(crate) struct Course<'c> {
    pub(crate) label: &'c Label,
    /// About how long running all blocks once takes, in nanoseconds.
    pub(crate) nanos: u64,
    /// By how much so many threads can be quicker at best.
    pub(crate) ideal: &'c dyn Fn(u16) -> f64,
}

impl Rules {
    /// All that take part, as `make` makes them: sequential on one thread first, whether it gets a row or not.
    pub(crate) fn racers<R>(&self, make: impl Fn(Mode, u16) -> R) -> Vec<R> {
        let mut racers = vec![make(Mode::Sequential, 1)];
        for mode in self.modes.iter().filter(|mode| **mode != Mode::Sequential) {
            racers.extend(self.threads.iter().map(|threads| make(*mode, *threads)));
        }
        racers
    }

    /// Runs the race; the first of `racers` is what the others are compared with.
    pub(crate) fn run<R: Racer>(&self, course: &Course<'_>, racers: &mut [R]) -> Vec<Row> {
        let mut measured = vec![Measured::default(); racers.len()];
        let rounds = REPETITION_NANOS.div_ceil(course.nanos.max(1));
        for rep in 0..=self.reps {
            for (racer, measured) in racers.iter_mut().zip(&mut measured) {
                let mut tally = Tally::default();
                let nanos = (0..rounds).map(|_| racer.pass(&mut tally)).sum();
                // The first repetition warms up; it is checked like any other.
                match rep {
                    0 => measured.tally.wrong += tally.wrong,
                    _ => measured.add(nanos, &tally),
                }
            }
        }
        let baseline = measured[0].spread().median;
        let entries = racers.iter().map(Racer::entry).zip(&measured);
        let rows = entries.map(|(entry, measured)| row(course, entry, measured, baseline));
        rows.filter(|row| self.modes.contains(&row.mode)).collect()
    }
}

fn row(
    course: &Course<'_>,
    (mode, threads): (Mode, u16),
    measured: &Measured,
    baseline: f64,
) -> Row {
    let spread = measured.spread();
    let tally = measured.tally.clone();
    let part = |(name, nanos): (&str, u64)| (name.to_owned(), nanos as f64 / tally.txs as f64);
    Row {
        label: course.label.clone(),
        mode,
        threads,
        reps: u32::try_from(measured.nanos.len()).expect("counted in 32 bits"),
        blocks: tally.blocks,
        txs: tally.txs,
        txs_per_second: 1e9 / spread.median,
        ns_per_tx: spread.median,
        orders_per_second: (tally.orders > 0)
            .then(|| tally.orders as f64 / tally.txs as f64 * 1e9 / spread.median),
        fastest_ns_per_tx: spread.fastest,
        slowest_ns_per_tx: spread.slowest,
        speedup: baseline / spread.median,
        ideal_speedup: (course.ideal)(threads),
        parts: tally.parts.into_iter().map(part).collect(),
        executions: tally.executions,
        speculative: tally.speculative,
        aborts: tally.aborts,
        waits: tally.waits,
        reasons: tally.reasons,
        ok: tally.wrong == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes as long as it is told, and is wrong when told.
    struct Clockwork {
        mode: Mode,
        nanos: Vec<u64>,
        wrong: u64,
    }

    impl Racer for Clockwork {
        fn entry(&self) -> (Mode, u16) {
            (self.mode, 2)
        }

        fn pass(&mut self, tally: &mut Tally) -> u64 {
            tally.txs += 10;
            tally.wrong += std::mem::take(&mut self.wrong);
            self.nanos.remove(0)
        }
    }

    #[test]
    fn rows_are_medians_against_the_first_and_the_warm_up_counts_only_when_wrong() {
        let rules = Rules {
            modes: vec![Mode::Declared, Mode::Open],
            threads: vec![2],
            reps: 3,
            speculate: true,
        };
        let mut racers = [
            Clockwork { mode: Mode::Sequential, nanos: vec![9, 100, 300, 200], wrong: 0 },
            Clockwork { mode: Mode::Declared, nanos: vec![9, 50, 90, 100], wrong: 0 },
            Clockwork { mode: Mode::Open, nanos: vec![1, 400, 400, 400], wrong: 1 },
        ];
        let label = Label::default();
        let course = Course { label: &label, nanos: u64::MAX, ideal: &|threads| threads.into() };
        let rows = rules.run(&course, &mut racers);
        let seen: Vec<_> =
            rows.iter().map(|row| (row.mode, row.ns_per_tx, row.ok, row.txs)).collect();
        assert_eq!(seen, [(Mode::Declared, 9.0, true, 30), (Mode::Open, 40.0, false, 30)]);
        assert!((rows[0].speedup - 200.0 / 90.0).abs() < 1e-9);
        assert_eq!(rows[1].speedup, 0.5);
        assert_eq!(rows[0].ideal_speedup, 2.0);
    }

    #[test]
    fn every_mode_but_sequential_is_run_on_every_number_of_threads() {
        let rules = Rules {
            modes: vec![Mode::Declared, Mode::Sequential, Mode::Auto],
            threads: vec![1, 4],
            reps: 1,
            speculate: true,
        };
        let racers = rules.racers(|mode, threads| (mode, threads));
        let (declared, auto) = (Mode::Declared, Mode::Auto);
        let expected = [(declared, 1), (declared, 4), (auto, 1), (auto, 4)];
        assert_eq!(racers[0], (Mode::Sequential, 1));
        assert_eq!(racers[1..], expected);
    }
}
