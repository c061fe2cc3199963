//! What a run prints.

use serde::Serialize;

use super::plan::Step;

/// What a run prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What chances came from.
    pub seed: u64,
    /// How many faults there were.
    pub faults: u64,
    /// How long it took.
    pub seconds: u64,
    /// The highest final block.
    pub final_height: u64,
    /// Transactions in final blocks.
    pub transactions: u64,
    /// The faults with the times at which they were begun: a plan that does the same again.
    pub timeline: Vec<Step>,
    /// What must hold, and whether it does.
    pub checks: Vec<Check>,
    /// Where the homes are, if they were kept.
    pub home: Option<String>,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: &'static str,
    /// Whether it does.
    pub ok: bool,
    /// What was seen, for a person.
    pub detail: String,
}

impl Report {
    /// Whether everything holds.
    pub fn is_ok(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }
}
