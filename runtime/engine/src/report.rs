//! What happened in a block.

use crate::job::Key;

/// How a block's tasks were run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// One after the other, in place.
    #[default]
    Sequential,
    /// Planned from what they declare, on several threads.
    Planned,
    /// By Block-STM.
    Open,
}

/// Why they were run in this way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reason {
    /// It was asked for.
    #[default]
    Asked,
    /// There is one thread.
    OneThread,
    /// There is less work than it takes to wake a thread.
    LittleWork,
    /// The tasks wait for each other: the longest chain among those looked at is nearly all of their work.
    Serial,
    /// Threads have enough to do at the same time.
    Parallel,
    /// An invariant of the parallel way broke, so that everything was discarded and run in order.
    Broken,
}

/// A stretch of time that one worker spent on one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The worker; 0 is the calling thread.
    pub worker: u32,
    /// On what.
    pub doing: Doing,
    /// From this time on, in nanoseconds of the clock that the engine was given.
    pub start_ns: u64,
    /// Until then.
    pub end_ns: u64,
    /// How many tasks it ran.
    pub tasks: u32,
}

/// What a worker's time goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Finding out who waits for whom.
    Planning,
    /// Running tasks.
    Running,
    /// Having nothing to do.
    Idle,
    /// Writing back the values that hold when the block ends.
    Finishing,
}

/// What happened when a block's tasks were run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How they were run.
    pub way: Way,
    /// Why so.
    pub reason: Reason,
    /// Threads that took part.
    pub threads: u32,
    /// Tasks.
    pub tasks: u32,
    /// Runs of tasks, all kinds together.
    pub executions: u64,
    /// Of these, runs on values that might be stale.
    pub speculative: u64,
    /// Tasks that one worker ran in order while the others slept. Of those that declare nothing: all, when there was one
    /// thread, else stretches in which running ahead would have won nothing.
    pub in_order: u32,
    /// Runs whose result was thrown away, because a value that was read has changed.
    pub aborts: u64,
    /// Runs that met a value about to change, and tasks that had to wait for another before they ran.
    pub waits: u64,
    /// The expected cost of all tasks, in nanoseconds. Of those planned only.
    pub total_cost: u64,
    /// The expected cost of the longest chain of tasks that wait for each other. Of those planned only.
    pub critical_path: u64,
    /// For each wait or abort, up to a limit, the key that it was for.
    pub conflicts: Vec<Key>,
    /// What the workers did when, if the engine has a clock.
    pub timeline: Vec<Span>,
}
