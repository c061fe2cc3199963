//! The executor that a node runs.

use std::num::NonZeroU16;
use std::thread;

use heddle_executor::Choice;
use heddle_executor::Clock;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;

use crate::home::ExecutionChoice;

/// The executor for this many threads; `clock` times what it does.
pub(crate) fn executor(threads: usize, choice: ExecutionChoice, clock: Clock) -> Box<dyn Executor> {
    let choice = match choice {
        ExecutionChoice::Auto => Choice::Auto,
        ExecutionChoice::Sequential => Choice::Sequential,
        ExecutionChoice::Declared => Choice::Planned,
    };
    Box::new(Parallel::new(Config { choice, clock: Some(clock), ..Config::threads(threads) }))
}

/// As many threads as are asked for, or else as there are cores.
pub(crate) fn threads(asked: Option<NonZeroU16>) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    asked.map_or_else(cores, |threads| usize::from(threads.get()))
}
