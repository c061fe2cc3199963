//! What happened while a block was executed: how often something ran, in which way and why, where the time went, and which
//! keys transactions waited for.
//!
//! For people and their instruments. It differs between executors, machines and runs, so no [`BlockOutcome`] holds it.
//!
//! [`BlockOutcome`]: crate::BlockOutcome

use std::cmp::Reverse;
use std::collections::BTreeMap;

use heddle_engine::Reason;
use heddle_engine::Report;
use heddle_engine::Span;
use heddle_engine::Way;
use heddle_sdk::Phase;
use heddle_types::StateKey;

/// Hot keys that a record has at most.
pub const HOT_KEYS_MAX: usize = 16;
/// Spans that a record has at most.
pub const SPANS_MAX: usize = 256;

/// Nanoseconds since some time, of a clock that never goes back. The driver's: this crate reads none.
pub type Clock = fn() -> u64;

/// What happened while a block was executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockExecution {
    /// Transactions that have a receipt.
    pub transactions: u64,
    /// Runs of transactions, all kinds together; at least one for each.
    pub executions: u64,
    /// Of these, runs on values that might be stale.
    pub speculative: u64,
    /// Runs whose result was thrown away, because a value that was read has changed.
    pub aborts: u64,
    /// Runs that met a value about to change, and transactions that had to wait for another before they ran.
    pub waits: u64,
    /// How the transactions were run.
    pub mode: ExecutionMode,
    /// Why so: of the first part that had transactions, unless another broke.
    pub reason: Reason,
    /// Threads that took part, at most.
    pub threads: u32,
    /// The expected cost of the transactions that were planned, in nanoseconds.
    pub total_cost_ns: u64,
    /// The expected cost of the longest chain of them that wait for each other, in nanoseconds; 0 if none was planned.
    pub critical_path_ns: u64,
    /// The stages in the order in which they were done.
    pub stages: Vec<StageTime>,
    /// The keys that caused the most waits and aborts, up to [`HOT_KEYS_MAX`], by descending count, then by key.
    pub hot_keys: Vec<HotKey>,
    /// What the workers did when, in nanoseconds since the block was begun, by time; the longest [`SPANS_MAX`] spans.
    pub timeline: Vec<Span>,
}

/// How a block's transactions were run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecutionMode {
    /// One after the other.
    #[default]
    Sequential,
    /// Planned from what they declare, on several threads.
    Planned,
    /// By Block-STM.
    Open,
    /// Some in one of these ways, some in another.
    Mixed,
}

/// A part of the work on a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What is executed and what is skipped; an item is a transaction of the payload.
    Plan,
    /// The transactions that declare what they touch.
    Declared,
    /// The open ones, and those behind them in their lanes.
    Open,
    /// A phase; an item is one of its work items.
    Phase(Phase),
    /// What goes back when the block ends, and the block's changes and receipts; an item is a change.
    Finish,
    /// The new root of the state, which the driver computes; an item is a change.
    Root,
}

/// How long a stage took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageTime {
    /// Which.
    pub stage: Stage,
    /// How much there was to do in it.
    pub items: u64,
    /// Nanoseconds; 0 without a clock.
    pub nanos: u64,
}

/// A key that transactions waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotKey {
    /// Which.
    pub key: StateKey,
    /// How many waits and aborts it caused.
    pub count: u64,
}

/// Takes down what happens while a block is executed.
#[derive(Debug)]
pub(crate) struct Recorder {
    clock: Option<Clock>,
    began_ns: u64,
    /// When the last stage ended.
    stage_ns: u64,
    conflicts: BTreeMap<StateKey, u64>,
    execution: BlockExecution,
}

impl Recorder {
    /// Begins the first stage.
    pub(crate) fn start(clock: Option<Clock>) -> Self {
        let now = clock.map_or(0, |clock| clock());
        Self {
            clock,
            began_ns: now,
            stage_ns: now,
            conflicts: BTreeMap::new(),
            execution: BlockExecution::default(),
        }
    }

    /// Ends a stage and begins the next.
    pub(crate) fn end_stage(&mut self, stage: Stage, items: usize) {
        let now = self.clock.map_or(0, |clock| clock());
        let nanos = now.saturating_sub(self.stage_ns);
        self.execution.stages.push(StageTime { stage, items: items as u64, nanos });
        self.stage_ns = now;
    }

    /// Adds what the engine says of one part of the transactions, and the key of each of its conflicts.
    pub(crate) fn add(&mut self, report: &Report, conflicts: impl IntoIterator<Item = StateKey>) {
        let execution = &mut self.execution;
        if report.tasks > 0 {
            let mode = match report.way {
                Way::Sequential => ExecutionMode::Sequential,
                Way::Planned => ExecutionMode::Planned,
                Way::Open => ExecutionMode::Open,
            };
            let is_first = execution.transactions == 0;
            if is_first || report.reason == Reason::Broken {
                execution.reason = report.reason;
            }
            let is_mixed = !is_first && execution.mode != mode;
            execution.mode = if is_mixed { ExecutionMode::Mixed } else { mode };
        }
        execution.transactions += u64::from(report.tasks);
        execution.executions += report.executions;
        execution.speculative += report.speculative;
        execution.aborts += report.aborts;
        execution.waits += report.waits;
        execution.threads = execution.threads.max(report.threads);
        execution.total_cost_ns += report.total_cost;
        // The parts run one after the other, so the longest chain leads through both.
        execution.critical_path_ns += report.critical_path;
        self.add_items(report, conflicts);
    }

    /// Adds what the engine says of the items of a phase: what workers did, and who waited for what. Counts and costs are those of
    /// transactions.
    pub(crate) fn add_items(
        &mut self,
        report: &Report,
        conflicts: impl IntoIterator<Item = StateKey>,
    ) {
        let began = self.began_ns;
        self.execution.timeline.extend(report.timeline.iter().map(|span| Span {
            start_ns: span.start_ns.saturating_sub(began),
            end_ns: span.end_ns.saturating_sub(began),
            ..*span
        }));
        for key in conflicts {
            *self.conflicts.entry(key).or_default() += 1;
        }
    }

    /// What happened.
    pub(crate) fn finish(self) -> BlockExecution {
        let Self { conflicts, mut execution, .. } = self;
        let hot = conflicts.into_iter().map(|(key, count)| HotKey { key, count });
        execution.hot_keys = hot.collect();
        execution.hot_keys.sort_by_key(|hot| (Reverse(hot.count), hot.key));
        execution.hot_keys.truncate(HOT_KEYS_MAX);
        let timeline = &mut execution.timeline;
        timeline.sort_by_key(|span| Reverse(span.end_ns.saturating_sub(span.start_ns)));
        timeline.truncate(SPANS_MAX);
        timeline.sort_by_key(|span| (span.start_ns, span.worker));
        execution
    }
}

#[cfg(test)]
mod tests;
