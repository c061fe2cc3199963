//! One way of running blocks on one number of threads, timed and checked.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use heddle_engine::Broken;
use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Engine;
use heddle_engine::OpenEngine;
use heddle_engine::Reason;
use heddle_engine::Report;

use crate::exec::history::History;
use crate::exec::history::Part;
use crate::exec::job::Cell;
use crate::exec::job::Opened;
use crate::exec::job::Steps;
use crate::exec::mode::Mode;
use crate::exec::race::Racer;
use crate::exec::tally::Tally;

/// A mode on a number of threads, with its own engine and its own values.
pub(crate) struct Contender<'h, J: Steps> {
    histories: &'h [History<J>],
    mode: Mode,
    threads: u16,
    engine: Engine<J>,
    open: OpenEngine<Opened<J>>,
    all: Vec<Cell>,
    /// At the keys of the block that is being run.
    values: Vec<Cell>,
}

impl<'h, J: Steps> Contender<'h, J> {
    /// With threads of its own, which sleep while others run.
    pub(crate) fn new(
        histories: &'h [History<J>],
        (mode, threads): (Mode, u16),
        speculate: bool,
    ) -> Self {
        let choice = match mode {
            Mode::Sequential => Choice::Sequential,
            Mode::Declared | Mode::Open | Mode::Oracle => Choice::Planned,
            Mode::Auto => Choice::Auto,
        };
        let config = Config { choice, speculate, ..Config::threads(threads.into()) };
        let (engine, open) = (Engine::new(config), OpenEngine::new(config));
        Self { histories, mode, threads, engine, open, all: Vec::new(), values: Vec::new() }
    }

    /// Runs a part: how many nanoseconds it took, and whether its outputs are right.
    fn run(&mut self, part: &Part<J>, tally: &mut Tally) -> (u64, bool) {
        let open = match self.mode {
            Mode::Sequential => false,
            Mode::Open => true,
            Mode::Declared | Mode::Oracle | Mode::Auto => part.open,
        };
        let (nanos, right, report) = match open {
            true => self.run_open(part),
            false => self.run_declared(part),
        };
        tally.txs += part.tasks.len() as u64;
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

    /// The clock stops when the values that hold at the end are in place.
    fn run_open(&mut self, part: &Part<J>) -> (u128, bool, Report) {
        let count = u32::try_from(part.tasks.len()).expect("tasks are numbered in 32 bits");
        let base = mem::take(&mut self.values);
        let mut opened = Opened { job: Arc::clone(&part.job), base };
        let start = Instant::now();
        let report = self.open.run(&opened, count);
        self.open.writes(|key, value| opened.base[key.index()] = value);
        let nanos = start.elapsed().as_nanos();
        self.values = opened.base;
        (nanos, part.gave(self.open.outputs()), report)
    }
}

impl<J: Steps> Racer for Contender<'_, J> {
    fn entry(&self) -> (Mode, u16) {
        (self.mode, self.threads)
    }

    fn pass(&mut self, tally: &mut Tally) -> u64 {
        let mut nanos = 0;
        for history in self.histories {
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
}
