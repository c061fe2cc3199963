//! One way of running blocks on one number of threads, timed and checked.

use std::collections::BTreeMap;
use std::time::Instant;

use clap::ValueEnum;
use heddle_engine::Broken;
use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Engine;
use heddle_engine::Reason;
use heddle_engine::Report;
use serde::Serialize;

use crate::exec::history::History;
use crate::exec::history::Part;
use crate::exec::job::Cell;
use crate::exec::job::Steps;

/// How blocks are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// In order, in place, on one thread
    Sequential,
    /// Planned from what the tasks declare; those that declare nothing as in open
    Declared,
    /// As if they declared nothing
    Open,
    /// Declared, with the plan made before the clock starts
    Oracle,
    /// As the engine thinks best
    Auto,
}

/// A mode on a number of threads, with its own engine and its own values.
pub(crate) struct Contender<J: Steps> {
    mode: Mode,
    threads: u16,
    engine: Engine<J>,
    all: Vec<Cell>,
    /// At the keys of the block that is being run.
    values: Vec<Cell>,
}

/// What was counted while blocks ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Blocks.
    pub(crate) blocks: u64,
    /// Tasks.
    pub(crate) txs: u64,
    /// Runs of tasks.
    pub(crate) executions: u64,
    /// Of these, runs on values that might be stale.
    pub(crate) speculative: u64,
    /// Runs whose result was thrown away.
    pub(crate) aborts: u64,
    /// Runs that met a value about to change, and tasks that waited.
    pub(crate) waits: u64,
    /// Why blocks were run as they were, with how many.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Blocks after which a value or an output was not that of the sequential order.
    pub(crate) wrong: u64,
}

impl<J: Steps> Contender<J> {
    /// With threads of its own, which sleep while others run.
    pub(crate) fn new(mode: Mode, threads: u16, speculate: bool) -> Self {
        let choice = match mode {
            Mode::Sequential => Choice::Sequential,
            Mode::Declared | Mode::Open | Mode::Oracle => Choice::Planned,
            Mode::Auto => Choice::Auto,
        };
        let config = Config { choice, speculate, ..Config::threads(threads.into()) };
        let engine = Engine::new(config);
        Self { mode, threads, engine, all: Vec::new(), values: Vec::new() }
    }

    /// Its mode.
    pub(crate) const fn mode(&self) -> Mode {
        self.mode
    }

    /// Its threads.
    pub(crate) const fn threads(&self) -> u16 {
        self.threads
    }

    /// Runs every block once and checks it; the nanoseconds that running alone took.
    pub(crate) fn pass(&mut self, histories: &[History<J>], tally: &mut Tally) -> u64 {
        let mut nanos = 0;
        for history in histories {
            self.all.clear();
            self.all.extend_from_slice(history.start());
            for block in history.blocks() {
                block.fetch(&self.all, &mut self.values);
                let mut right = true;
                for part in block.parts() {
                    let (took, gave) = self.run(part, tally);
                    nanos += took;
                    right &= gave;
                }
                block.store(&self.values, &mut self.all);
                tally.blocks += 1;
                tally.wrong += u64::from(!(right && block.left(&self.values)));
            }
        }
        nanos
    }

    /// Runs a part: how many nanoseconds it took, and whether its outputs are right.
    fn run(&mut self, part: &Part<J>, tally: &mut Tally) -> (u64, bool) {
        let (nanos, right, report) = self.run_declared(part);
        tally.add(&report);
        (u64::try_from(nanos).unwrap_or(u64::MAX), right)
    }

    fn run_declared(&mut self, part: &Part<J>) -> (u128, bool, Report) {
        if self.mode == Mode::Oracle {
            self.engine.plan_ahead(&part.tasks, self.values.len());
        }
        let start = Instant::now();
        let report = self.engine.run(&*part.job, &part.tasks, &mut self.values);
        let nanos = start.elapsed().as_nanos();
        match report {
            Ok(report) => (nanos, part.gave(self.engine.outputs()), report),
            Err(Broken) => (nanos, false, Report { reason: Reason::Broken, ..Report::default() }),
        }
    }
}

impl Tally {
    /// What was counted elsewhere, too.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.blocks += other.blocks;
        self.txs += other.txs;
        self.executions += other.executions;
        self.speculative += other.speculative;
        self.aborts += other.aborts;
        self.waits += other.waits;
        self.wrong += other.wrong;
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
    }

    fn add(&mut self, report: &Report) {
        self.txs += u64::from(report.tasks);
        self.executions += report.executions;
        self.speculative += report.speculative;
        self.aborts += report.aborts;
        self.waits += report.waits;
        *self.reasons.entry(lower_first(&format!("{:?}", report.reason))).or_default() += 1;
    }
}

/// As names are written in JSON.
fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
