//! What a run of `recover` prints.

use serde::Serialize;

use crate::error::BenchError;
use crate::load::latency::Latencies;
use crate::load::step::Record;
use crate::machine::Machine;
use crate::recover::faults::Crashed;
use crate::recover::faults::Started;
use crate::recover::faults::Stopped;
use crate::recover::pauses;

/// Latencies after a stop are looked at from so long after the last of the backlog.
const CALM_MICROS: u64 = 1_000_000;

/// What a run prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoverResult {
    /// After every run all that was offered had succeeded, and roots, supply, sequences and balances were right.
    pub(super) is_right: bool,
    pub(super) validators: u16,
    pub(super) rate: u64,
    pub(super) crashes: Vec<Crash>,
    pub(super) stops: Vec<Stop>,
    /// Blocks that there were before the starts.
    pub(super) history: u64,
    pub(super) starts: Vec<Start>,
    pub(super) machine: Machine,
}

/// A validator crashed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Crash {
    /// What a leader was given before.
    pub(super) view_timeout_ms: u64,
    /// The longest time in which nothing became final, from the crash until the validator was started again.
    pub(super) longest_pause_ms: f64,
    /// The same in view timeouts.
    pub(super) timeouts: f64,
}

/// Validators stood still, and the rest was no quorum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stop {
    pub(super) stopped_ms: f64,
    /// Transactions that had piled up.
    pub(super) backlog: u64,
    /// Blocks that they were in.
    pub(super) backlog_blocks: u64,
    /// From the moment at which all went on until the first of them was final.
    pub(super) first_final_ms: f64,
    /// And until the last.
    pub(super) backlog_final_ms: f64,
    /// Latency of transactions before, at the median.
    pub(super) p50_before_ms: f64,
    /// And from a second after the last of the backlog.
    pub(super) p50_after_ms: f64,
}

/// A validator was started again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Start {
    /// Until it said that it votes.
    pub(super) voting_ms: f64,
    /// Until another validator had a new commit certificate with its signature.
    pub(super) signed_ms: f64,
}

impl Crash {
    pub(super) fn of(records: &[Record], crashed: &Crashed) -> Self {
        let Crashed { from_micros, to_micros, view_timeout_ms } = *crashed;
        let pause = pauses::longest_pause(records, from_micros, to_micros);
        let longest_pause_ms = millis(pause);
        Self {
            view_timeout_ms,
            longest_pause_ms,
            timeouts: longest_pause_ms / view_timeout_ms as f64,
        }
    }
}

impl Stop {
    pub(super) fn of(records: &[Record], stopped: &Stopped) -> Result<Self, BenchError> {
        let Stopped { from_micros, to_micros } = *stopped;
        let backlog = pauses::backlog(records, to_micros);
        let calm = to_micros.saturating_add(backlog.last_micros).saturating_add(CALM_MICROS);
        let before = Latencies::new(pauses::latencies(records, 0, from_micros / 2))?;
        let after = Latencies::new(pauses::latencies(records, calm, u64::MAX))?;
        Ok(Self {
            stopped_ms: millis(to_micros.saturating_sub(from_micros)),
            backlog: backlog.transactions,
            backlog_blocks: backlog.blocks,
            first_final_ms: millis(backlog.first_micros),
            backlog_final_ms: millis(backlog.last_micros),
            p50_before_ms: before.millis_at(0.5),
            p50_after_ms: after.millis_at(0.5),
        })
    }
}

impl Start {
    pub(super) fn of(started: Started) -> Self {
        let Started { voting, signed } = started;
        Self { voting_ms: voting.as_secs_f64() * 1e3, signed_ms: signed.as_secs_f64() * 1e3 }
    }
}

impl RecoverResult {
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        if !self.is_right {
            lines.push(
                "NOT right: something was lost, or the state is not what was paid".to_owned(),
            );
        }
        for crash in &self.crashes {
            let Crash { longest_pause_ms, timeouts, view_timeout_ms } = crash;
            lines.push(format!(
                "crash: nothing final for {longest_pause_ms:.0} ms, {timeouts:.2} timeouts of {view_timeout_ms} ms"
            ));
        }
        for stop in &self.stops {
            lines.push(format!(
                "stop of {:.0} ms: {} waiting transactions final in {} blocks, the first after {:.0} ms, the last after {:.0} ms; \
                 p50 {:.1} ms before, {:.1} ms after",
                stop.stopped_ms,
                stop.backlog,
                stop.backlog_blocks,
                stop.first_final_ms,
                stop.backlog_final_ms,
                stop.p50_before_ms,
                stop.p50_after_ms
            ));
        }
        for Start { voting_ms, signed_ms } in &self.starts {
            lines.push(format!(
                "start after {} blocks: voting after {voting_ms:.0} ms, its signature in a certificate after {signed_ms:.0} ms",
                self.history
            ));
        }
        lines.join("\n")
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}
