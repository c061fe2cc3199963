//! One executor on one number of threads, timed part by part and checked.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Instant;

use heddle_executor::BlockExecution;
use heddle_executor::BlockInput;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::Reason;
use heddle_executor::Stage;
use heddle_executor::declared_by;
use heddle_executor::measuring;
use heddle_sdk::Phase;

use crate::exec::mode::Mode;
use crate::exec::race::Racer;
use crate::exec::tally::Tally;
use crate::exec::tally::lower_first;
use crate::exec::track::Block;
use crate::exec::track::Track;
use crate::exec::track::check_all;
use crate::exec::track::decode_all;

/// An executor on a number of threads.
pub(crate) struct Contender<'b> {
    track: &'b Track,
    mode: Mode,
    threads: u16,
    executor: Parallel,
}

impl<'b> Contender<'b> {
    /// With threads of its own, which sleep while others run.
    pub(crate) fn new(track: &'b Track, (mode, threads): (Mode, u16), speculate: bool) -> Self {
        let executor = Parallel::new(config(mode, threads, speculate));
        Self { track, mode, threads, executor }
    }

    /// From bytes to receipts; the nanoseconds that count.
    fn run(&mut self, block: &Block, tally: &mut Tally) -> u64 {
        let Track { programs, signed, .. } = self.track;
        let (header, state) = (&block.header, &*block.state);
        let mut timed = Timed { tally, nanos: 0 };
        let decoded = timed.part("decode", *signed, || decode_all(&block.transactions));
        let checked = timed.part("check", *signed, || check_all(decoded, *signed));
        timed.part("declare", true, || {
            checked.iter().for_each(|one| {
                black_box(declared_by(programs, one));
            });
        });
        let input = BlockInput { header, transactions: &checked };
        let outcome =
            timed.part("execute", true, || self.executor.execute(programs, state, &input));
        if self.mode == Mode::Sequential {
            let mut alone = measuring::Transfers::new(programs, state, &input);
            let mut receipts = Vec::with_capacity(checked.len());
            timed.part("transactionsAlone", false, || alone.run(&mut receipts));
        }
        let nanos = timed.nanos;
        tally.blocks += 1;
        tally.txs += checked.len() as u64;
        tally.orders += block.orders;
        tell(&self.executor.last_execution(), tally);
        tally.wrong += u64::from(outcome != block.outcome);
        nanos
    }
}

impl Racer for Contender<'_> {
    fn entry(&self) -> (Mode, u16) {
        (self.mode, self.threads)
    }

    fn pass(&mut self, tally: &mut Tally) -> u64 {
        let blocks = match self.mode {
            Mode::Open => &self.track.open,
            Mode::Sequential | Mode::Declared | Mode::Oracle | Mode::Auto => &self.track.declared,
        };
        let mut nanos = 0;
        for block in blocks {
            if block.warms_up {
                let mut uncounted = Tally::default();
                self.run(block, &mut uncounted);
                tally.wrong += uncounted.wrong;
            } else {
                nanos += self.run(block, tally);
            }
        }
        nanos
    }
}

/// Sequential here is the parallel executor's own way of running in order: the strongest there is.
fn config(mode: Mode, threads: u16, speculate: bool) -> Config {
    let choice = match mode {
        Mode::Sequential => Choice::Sequential,
        Mode::Declared | Mode::Open | Mode::Oracle => Choice::Planned,
        Mode::Auto => Choice::Auto,
    };
    Config { choice, speculate, clock: Some(clock), ..Config::threads(threads.into()) }
}

/// Nanoseconds since it was first asked.
fn clock() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Adds what happened in a block.
fn tell(execution: &BlockExecution, tally: &mut Tally) {
    tally.executions += execution.executions;
    tally.speculative += execution.speculative;
    tally.aborts += execution.aborts;
    tally.waits += execution.waits;
    tally.wrong += u64::from(execution.reason == Reason::Broken);
    *tally.reasons.entry(lower_first(&format!("{:?}", execution.reason))).or_default() += 1;
    for time in &execution.stages {
        let part = match time.stage {
            Stage::Plan => "execute.plan",
            Stage::Declared => "execute.declared",
            Stage::Open => "execute.open",
            Stage::Finish => "execute.finish",
            Stage::Phase(Phase::Begin) => "execute.begin",
            Stage::Phase(Phase::Match) => "execute.match",
            Stage::Phase(Phase::Settle) => "execute.settle",
            Stage::Phase(Phase::Risk) => "execute.risk",
            Stage::Phase(Phase::Fold) => "execute.fold",
            Stage::Phase(Phase::Transactions) | Stage::Root => continue,
        };
        *tally.parts.entry(part).or_default() += time.nanos;
    }
}

/// Times parts one after the other.
struct Timed<'t> {
    tally: &'t mut Tally,
    /// Of the parts that count.
    nanos: u64,
}

impl Timed<'_> {
    fn part<T>(&mut self, name: &'static str, counts: bool, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        *self.tally.parts.entry(name).or_default() += nanos;
        self.nanos += if counts { nanos } else { 0 };
        result
    }
}
