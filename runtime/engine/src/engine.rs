//! The engine: its settings, its threads, and the choice of a way.

use crate::job::Job;
use crate::report::Reason;
use crate::report::Report;
use crate::report::Way;
use crate::sequential;
use crate::tasks::Tasks;

/// How declared tasks are to be run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// As the engine thinks best.
    #[default]
    Auto,
    /// One after the other, on the calling thread.
    Sequential,
    /// Planned, whatever that costs.
    Planned,
}

/// An engine's settings.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Threads that run tasks, the calling one included; at least 1.
    pub threads: usize,
    /// How declared tasks are run.
    pub choice: Choice,
    /// Tasks that a worker claims at once; none to go by their expected cost.
    pub chunk: Option<u32>,
    /// Whether a worker that has nothing else to do may run a waiting task on values that may be stale.
    pub speculate: bool,
    /// Nanoseconds since some time, for the timeline of a block's report.
    pub clock: Option<fn() -> u64>,
}

impl Config {
    /// The defaults on this many threads.
    pub const fn threads(threads: usize) -> Self {
        Self { threads, choice: Choice::Auto, chunk: None, speculate: true, clock: None }
    }
}

/// Runs blocks of tasks. Keeps its threads and its memory from block to block.
#[derive(Debug)]
pub struct Engine<J: Job> {
    config: Config,
    outputs: Vec<J::Output>,
}

impl<J: Job> Engine<J> {
    /// With these settings.
    pub fn new(config: Config) -> Self {
        Self { config, outputs: Vec::new() }
    }

    /// Its settings; changes hold from the next block on, the number of threads excepted.
    pub const fn config(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Runs `tasks` on `values`, which are by key and are afterwards what holds when the last task is done.
    pub fn run(&mut self, job: &J, tasks: &Tasks, values: &mut [J::Value]) -> Report {
        self.outputs.clear();
        self.outputs.resize_with(tasks.len(), J::Output::default);
        let count = u32::try_from(tasks.len()).expect("at most 2^30 tasks");
        sequential::run(job, tasks, 0..count, values, &mut self.outputs);
        Report {
            way: Way::Sequential,
            reason: Reason::OneThread,
            threads: 1,
            tasks: count,
            executions: u64::from(count),
            ..Report::default()
        }
    }

    /// What the tasks of the last block left, by task.
    pub fn outputs(&mut self) -> &mut [J::Output] {
        &mut self.outputs
    }
}
