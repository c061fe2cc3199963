//! What happened in a block, for people: no result depends on it.

use std::collections::BTreeMap;
use std::fmt;

use heddle_engine::Key;
use heddle_engine::Report;
use heddle_sdk::Phase;
use heddle_types::StateKey;

/// Keys that a report names, at most.
const HOT_KEYS_MAX: usize = 16;

/// What happened in a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockReport {
    /// How the declared transactions ran.
    pub declared: Report,
    /// How the open ones ran, if there were any.
    pub open: Option<Report>,
    /// The phases that had work.
    pub phases: Vec<PhaseReport>,
    /// The keys for which transactions waited for each other or ran again, and how often; most often first.
    pub hot_keys: Vec<(StateKey, u32)>,
    /// Whether an invariant of the engine broke, so that the block ran again, one transaction after the other. A bug: tell its authors.
    pub is_rerun: bool,
}

/// What happened in one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseReport {
    /// Which.
    pub phase: Phase,
    /// How many items ran.
    pub items: u32,
}

impl BlockReport {
    pub(crate) fn on_declared(&mut self, report: Report, keys: &[StateKey]) {
        self.count_conflicts(&report.conflicts, keys);
        self.declared = report;
    }

    pub(crate) fn on_open(&mut self, report: Report, keys: &[StateKey]) {
        self.count_conflicts(&report.conflicts, keys);
        self.open = Some(report);
    }

    pub(crate) fn on_phase(&mut self, phase: Phase, items: usize) {
        if items > 0 {
            let items = u32::try_from(items).unwrap_or(u32::MAX);
            self.phases.push(PhaseReport { phase, items });
        }
    }

    fn count_conflicts(&mut self, conflicts: &[Key], keys: &[StateKey]) {
        let mut counts: BTreeMap<StateKey, u32> =
            std::mem::take(&mut self.hot_keys).into_iter().collect();
        for key in conflicts.iter().filter_map(|key| keys.get(key.index())) {
            *counts.entry(*key).or_default() += 1;
        }
        self.hot_keys = counts.into_iter().collect();
        self.hot_keys.sort_by_key(|(key, count)| (std::cmp::Reverse(*count), *key));
        self.hot_keys.truncate(HOT_KEYS_MAX);
    }
}

/// Advice for authors of programs: what kept transactions from running at the same time.
impl fmt::Display for BlockReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, report) in [("declared", Some(&self.declared)), ("open", self.open.as_ref())] {
            let Some(report) = report.filter(|report| report.tasks > 0) else { continue };
            writeln!(
                f,
                "{name}: {} transactions ran {} times on {} threads ({:?}, {:?}): {} waited, {} were thrown away",
                report.tasks,
                report.executions,
                report.threads,
                report.way,
                report.reason,
                report.waits,
                report.aborts,
            )?;
        }
        for (key, count) in &self.hot_keys {
            writeln!(
                f,
                "{key}: {count} transactions waited for it; if what they add to it is never read by them, declare Add \
                 instead of Write; else split the object that it holds",
            )?;
        }
        if self.is_rerun {
            writeln!(f, "the engine broke off, and the block ran again in order: this is a bug")?;
        }
        Ok(())
    }
}
