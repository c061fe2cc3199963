//! What happened while a block was executed, as JSON.

use std::fmt;

use heddle_types::Bytes;
use heddle_types::Height;
use heddle_types::StateKey;
use serde::Deserialize;
use serde::Serialize;

use crate::key::Key;
use crate::number;
use crate::text;

/// The reply of `getBlockExecution`: how this node executed a block. Other nodes may have done so in another way; what the
/// block did is the same on all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockExecution {
    /// The block's height.
    #[serde(with = "number")]
    pub height: Height,
    /// Transactions that have a receipt.
    pub transactions: u64,
    /// Runs of transactions, all kinds together; at least one for each.
    pub executions: u64,
    /// Of these, runs on values that might be stale.
    pub speculative: u64,
    /// Runs whose result was thrown away.
    pub aborts: u64,
    /// How often a transaction waited for another.
    pub waits: u64,
    /// How the transactions were run.
    pub mode: ExecutionMode,
    /// Why so.
    pub reason: ExecutionReason,
    /// Threads that took part, at most.
    pub threads: u32,
    /// The expected cost of the transactions that were planned, in nanoseconds.
    pub total_cost: u64,
    /// The expected cost of the longest chain of them that wait for each other, in nanoseconds; 0 if none was planned.
    pub critical_path: u64,
    /// The phases of the work, in the order in which they were done.
    pub phases: Vec<PhaseTime>,
    /// The keys that caused the most waits and aborts, the hottest first.
    pub hot_keys: Vec<HotKey>,
    /// What the workers did when; the longest spans, by time.
    pub timeline: Vec<Span>,
}

/// How a block's transactions were run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExecutionMode {
    /// One after the other.
    Sequential,
    /// Planned from what they declare, on several threads.
    Planned,
    /// By Block-STM.
    Open,
    /// Some in one of these ways, some in another.
    Mixed,
}

/// Why they were run in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExecutionReason {
    /// The node's configuration asks for it.
    Asked,
    /// There is one thread.
    OneThread,
    /// There was less work than it takes to wake a thread.
    LittleWork,
    /// The transactions waited for each other.
    Serial,
    /// Threads had enough to do at the same time.
    Parallel,
    /// The parallel way broke, so everything was discarded and run in order.
    Broken,
}

/// How long one phase of the work took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// Which.
    pub name: PhaseName,
    /// How much there was to do in it: transactions, work items, or keys that changed.
    pub items: u64,
    /// Whole microseconds.
    pub micros: u64,
}

/// A phase of the work on a block: those of the programs, and what the node does around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PhaseName {
    /// The programs' work before the transactions.
    Begin,
    /// What is executed and what is skipped.
    Plan,
    /// The transactions that declare what they touch.
    Declared,
    /// The open transactions, and those behind them in their lanes.
    Open,
    /// The transactions, where these two are not told apart.
    Transactions,
    /// The programs' work by market.
    Match,
    /// The programs' work by account.
    Settle,
    /// The programs' work by account, after all are settled.
    Risk,
    /// The programs' sums.
    Fold,
    /// The block's changes and receipts.
    Finish,
    /// The new state root.
    Root,
}

/// A key that transactions waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HotKey {
    /// The program's number.
    pub program: u32,
    /// Its name.
    pub program_name: String,
    /// The program's own bytes.
    #[serde(with = "text")]
    pub key: Bytes,
    /// How many waits and aborts it caused.
    pub count: u64,
}

/// A stretch of time that one worker spent on one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// The worker; 0 is the thread that executes blocks.
    pub worker: u32,
    /// On what.
    pub doing: Doing,
    /// When it began, in nanoseconds since the block was begun.
    pub start_nanos: u64,
    /// When it ended, likewise.
    pub end_nanos: u64,
    /// Transactions that it ran in that time.
    pub transactions: u32,
}

/// What a worker's time goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Doing {
    /// Finding out who waits for whom.
    Planning,
    /// Running transactions.
    Running,
    /// Having nothing to do.
    Idle,
    /// Writing back the values that hold when the block ends.
    Finishing,
}

impl HotKey {
    /// Of a key of the program of this name.
    pub fn new(key: &StateKey, program_name: &str, count: u64) -> Self {
        let Key { program, key } = Key::from(key);
        Self { program, program_name: program_name.to_owned(), key, count }
    }
}

impl ExecutionReason {
    /// In words, for a person, to follow "because".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Asked => "it is configured so",
            Self::OneThread => "there is one thread",
            Self::LittleWork => "there was less work than it takes to wake a thread",
            Self::Serial => "the transactions waited for each other",
            Self::Parallel => "threads had enough to do at the same time",
            Self::Broken => "the parallel way broke and everything was run again in order",
        }
    }
}

impl fmt::Display for ExecutionMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for PhaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests;
