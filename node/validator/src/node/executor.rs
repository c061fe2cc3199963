//! The executor that a node runs.

use std::num::NonZeroU16;
use std::thread;

use heddle_executor::Clock;
use heddle_executor::Executor;
use heddle_executor::Sequential;

use crate::home::ExecutionChoice;

/// The executor for this many threads; `clock` times what it does.
pub(crate) fn executor(
    _threads: usize,
    _choice: ExecutionChoice,
    clock: Clock,
) -> Box<dyn Executor> {
    Box::new(Sequential::with_clock(clock))
}

/// As many threads as are asked for, or else as there are cores.
pub(crate) fn threads(asked: Option<NonZeroU16>) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    asked.map_or_else(cores, |threads| usize::from(threads.get()))
}
