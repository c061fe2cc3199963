//! Contenders on the same blocks, taking turns, so that whatever disturbs the machine disturbs them alike.

use crate::exec::contender::Contender;
use crate::exec::contender::Mode;
use crate::exec::contender::Tally;
use crate::exec::history::History;
use crate::exec::job::Steps;
use crate::exec::row::Label;
use crate::exec::row::Measured;
use crate::exec::row::Row;

/// A repetition takes at least this much work, in nanoseconds, so that starting and stopping a clock does not count.
const REPETITION_NANOS: u64 = 40_000_000;

/// Who takes part, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) modes: Vec<Mode>,
    pub(crate) threads: Vec<u16>,
    pub(crate) reps: u32,
    pub(crate) speculate: bool,
}

/// Blocks that a race is run on.
#[derive(Debug)]
pub(crate) struct Course<J> {
    pub(crate) label: Label,
    pub(crate) histories: Vec<History<J>>,
    /// About how long running all blocks once takes, in nanoseconds.
    pub(crate) nanos: u64,
}

impl Rules {
    /// Runs the race. Sequential takes part in any case, and gets a row if it was asked for.
    pub(crate) fn run<J: Steps>(&self, course: &Course<J>) -> Vec<Row> {
        let mut contenders = self.contenders();
        let mut measured = vec![Measured::default(); contenders.len()];
        let rounds = REPETITION_NANOS.div_ceil(course.nanos.max(1));
        for rep in 0..=self.reps {
            for (contender, measured) in contenders.iter_mut().zip(&mut measured) {
                let mut tally = Tally::default();
                let once = |_| contender.pass(&course.histories, &mut tally);
                let nanos = (0..rounds).map(once).sum();
                // The first repetition warms up; it is checked like any other.
                match rep {
                    0 => measured.tally.wrong += tally.wrong,
                    _ => measured.add(nanos, &tally),
                }
            }
        }
        let [_, baseline, _] = measured[0].spread();
        let rows = contenders.iter().zip(&measured).map(|(contender, measured)| {
            row(course, (contender.mode(), contender.threads()), measured, baseline)
        });
        rows.filter(|row| self.modes.contains(&row.mode)).collect()
    }

    /// All that take part, sequential first.
    fn contenders<J: Steps>(&self) -> Vec<Contender<J>> {
        let mut contenders = vec![Contender::new(Mode::Sequential, 1, false)];
        for mode in self.modes.iter().filter(|mode| **mode != Mode::Sequential) {
            let on = |threads: &u16| Contender::new(*mode, *threads, self.speculate);
            contenders.extend(self.threads.iter().map(on));
        }
        contenders
    }
}

fn row<J: Steps>(
    course: &Course<J>,
    (mode, threads): (Mode, u16),
    measured: &Measured,
    baseline: f64,
) -> Row {
    let [fastest, median, slowest] = measured.spread();
    let tally = measured.tally.clone();
    Row {
        label: course.label.clone(),
        mode,
        threads,
        reps: u32::try_from(measured.nanos.len()).expect("counted in 32 bits"),
        blocks: tally.blocks,
        txs: tally.txs,
        txs_per_second: 1e9 / median,
        ns_per_tx: median,
        fastest_ns_per_tx: fastest,
        slowest_ns_per_tx: slowest,
        speedup: baseline / median,
        ideal_speedup: ideal(&course.histories, threads),
        executions: tally.executions,
        speculative: tally.speculative,
        aborts: tally.aborts,
        waits: tally.waits,
        reasons: tally.reasons,
        ok: tally.wrong == 0,
    }
}

/// The work of all blocks by the least time for it, where each part of a block waits for the one before.
fn ideal<J: Steps>(histories: &[History<J>], threads: u16) -> f64 {
    let parts = || histories.iter().flat_map(History::parts);
    let work: u64 = parts().map(|part| part.lengths.work).sum();
    let bound: f64 = parts().map(|part| part.lengths.bound(threads)).sum();
    work as f64 / bound
}
