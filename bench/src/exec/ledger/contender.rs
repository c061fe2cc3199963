//! One executor on one number of threads, timed part by part and checked.

use std::hint::black_box;
use std::time::Instant;

use heddle_executor::BlockInput;
use heddle_executor::BlockOutcome;
use heddle_executor::BlockReport;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::Sequential;
use heddle_executor::declared_by;
use heddle_executor::measuring;
use heddle_sdk::Programs;
use heddle_state::State;

use crate::exec::ledger::Block;
use crate::exec::ledger::Blocks;
use crate::exec::ledger::check_all;
use crate::exec::ledger::decode_all;
use crate::exec::mode::Mode;
use crate::exec::race::Racer;
use crate::exec::tally::Tally;

/// An executor on a number of threads.
pub(super) struct Contender<'b> {
    blocks: &'b Blocks,
    mode: Mode,
    threads: u16,
    way: Way,
}

impl<'b> Contender<'b> {
    /// With threads of its own, which sleep while others run.
    pub(super) fn new(blocks: &'b Blocks, (mode, threads): (Mode, u16), speculate: bool) -> Self {
        Self { blocks, mode, threads, way: Way::new(mode, threads, speculate) }
    }

    /// From bytes to receipts; the nanoseconds that count.
    fn run(&mut self, block: &Block, tally: &mut Tally) -> u64 {
        let Blocks { programs, state, header, signed, .. } = self.blocks;
        let mut timed = Timed { tally, nanos: 0 };
        let decoded = timed.part("decode", *signed, || decode_all(&block.transactions));
        let checked = timed.part("check", *signed, || check_all(decoded, *signed));
        timed.part("declare", true, || {
            checked.iter().for_each(|one| {
                black_box(declared_by(programs, one));
            });
        });
        let input = BlockInput { header, transactions: &checked };
        let outcome = timed.part("execute", true, || self.way.execute(programs, state, &input));
        if self.mode == Mode::Sequential {
            let mut alone = measuring::Transfers::new(programs, state, &input);
            let mut receipts = Vec::with_capacity(checked.len());
            timed.part("transactionsAlone", false, || alone.run(&mut receipts));
        }
        let nanos = timed.nanos;
        tally.blocks += 1;
        tally.txs += checked.len() as u64;
        self.way.tell(checked.len() as u64, tally);
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
            Mode::Open => &self.blocks.open,
            Mode::Sequential | Mode::Declared | Mode::Oracle | Mode::Auto => &self.blocks.declared,
        };
        blocks.iter().map(|block| self.run(block, tally)).sum()
    }
}

/// An executor.
enum Way {
    Sequential,
    Parallel(Box<Parallel>),
}

impl Way {
    fn new(mode: Mode, threads: u16, speculate: bool) -> Self {
        let choice = match mode {
            Mode::Sequential => return Self::Sequential,
            Mode::Declared | Mode::Open | Mode::Oracle => Choice::Planned,
            Mode::Auto => Choice::Auto,
        };
        let config = Config { choice, speculate, ..Config::threads(threads.into()) };
        Self::Parallel(Box::new(Parallel::new(config)))
    }

    fn execute(
        &mut self,
        programs: &Programs,
        state: &State,
        input: &BlockInput<'_>,
    ) -> BlockOutcome {
        match self {
            Self::Sequential => Sequential.execute(programs, state, input),
            Self::Parallel(parallel) => parallel.execute(programs, state, input),
        }
    }

    /// What happened in the last block, of `txs` transactions.
    fn tell(&self, txs: u64, tally: &mut Tally) {
        match self {
            Self::Sequential => tally.executions += txs,
            Self::Parallel(parallel) => {
                let BlockReport { declared, open, is_rerun, .. } = parallel.report();
                if *is_rerun {
                    tally.executions += txs;
                    *tally.reasons.entry("broken".to_owned()).or_default() += 1;
                }
                let reports = [Some(declared), open.as_ref()].into_iter().flatten();
                reports.filter(|report| report.tasks > 0).for_each(|report| tally.add(report));
            }
        }
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
