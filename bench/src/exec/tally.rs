//! What is counted while blocks run.

use std::collections::BTreeMap;

use heddle_engine::Reason;
use heddle_engine::Report;

/// What was counted while blocks ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Blocks.
    pub(crate) blocks: u64,
    /// Tasks.
    pub(crate) txs: u64,
    /// Orders that tasks were made of, where they were.
    pub(crate) orders: u64,
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
    /// Nanoseconds of what running consists of, where that is known.
    pub(crate) parts: BTreeMap<&'static str, u64>,
    /// Blocks after which a value or an output was not that of the sequential order, or that broke and ran again in order.
    pub(crate) wrong: u64,
}

impl Tally {
    /// What was counted elsewhere, too.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.blocks += other.blocks;
        self.txs += other.txs;
        self.orders += other.orders;
        self.executions += other.executions;
        self.speculative += other.speculative;
        self.aborts += other.aborts;
        self.waits += other.waits;
        self.wrong += other.wrong;
        for (name, nanos) in &other.parts {
            *self.parts.entry(name).or_default() += nanos;
        }
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
    }

    /// What the engine says of a part of a block.
    pub(crate) fn add(&mut self, report: &Report) {
        self.executions += report.executions;
        self.speculative += report.speculative;
        self.aborts += report.aborts;
        self.waits += report.waits;
        self.wrong += u64::from(report.reason == Reason::Broken);
        *self.reasons.entry(lower_first(&format!("{:?}", report.reason))).or_default() += 1;
    }
}

/// As names are written in JSON.
pub(crate) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
