//! What a load run prints.

use serde::Serialize;

use crate::load::Workload;
use crate::load::gate::Gate;
use crate::load::latency::Quantiles;
use crate::load::reserved::Phases;
use crate::load::step::DRAIN;
use crate::machine::Machine;

/// What a load run prints, and `run.json` holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadResult {
    /// Whether the numbers mean anything.
    pub(crate) valid: bool,
    pub(crate) invalid_reason: Option<String>,
    pub(crate) offered: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) rejected: u64,
    pub(crate) expired: u64,
    pub(crate) offered_per_second: f64,
    /// Succeeded a second, from the start to the last that was seen final.
    pub(crate) throughput: f64,
    /// The highest rate that held, when it was looked for.
    pub(crate) max_rate: Option<u64>,
    /// From when a transaction was due until the node that it was sent to reported it final.
    pub(crate) latency_ms: Quantiles,
    /// Time of all validators together, for each final transaction; none when their processes are not known.
    pub(crate) cpu_micros_per_tx: Option<f64>,
    /// What one validator's database grew by, for each final transaction.
    pub(crate) state_bytes_per_tx: Option<f64>,
    /// Time of all validators and the generator, as a part of what all cores have.
    pub(crate) limit_fraction: Option<f64>,
    pub(crate) gate: Gate,
    pub(crate) workload: Workload,
    pub(crate) rate: u64,
    pub(crate) duration_ms: u64,
    pub(crate) accounts: usize,
    pub(crate) seed: u64,
    pub(crate) calls: u8,
    pub(crate) nodes: usize,
    /// How late the generator itself was, in milliseconds.
    pub(crate) lag_ms: Quantiles,
    pub(crate) generator_cpu_micros_per_tx: Option<f64>,
    pub(crate) first_refusal: Option<String>,
    /// What became of what takes reserved block space, when some was sent beside the load.
    pub(crate) reserved: Option<Phases>,
    /// The rates that were tried, when the highest was looked for.
    pub(crate) steps: Vec<Tried>,
    pub(crate) machine: Machine,
}

/// A rate that was tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tried {
    pub(crate) rate: u64,
    pub(crate) held: bool,
    pub(crate) throughput: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) valid: bool,
}

impl LoadResult {
    /// Of transactions that stay valid for ever, one that was admitted becomes final.
    pub(crate) fn expect_none_expired(&mut self) {
        let (count, seconds) = (self.expired, DRAIN.as_secs());
        let reason = (count > 0).then(|| {
            format!("{count} transactions were admitted and not final {seconds} s after the last that was")
        });
        self.invalid_reason = self.invalid_reason.take().or(reason);
        self.valid = self.invalid_reason.is_none();
    }

    /// Valid, and every gate holds; what takes reserved block space succeeded, at the same fees whatever the load.
    pub(crate) fn is_good(&self) -> bool {
        self.valid && self.gate.holds() && self.reserved.as_ref().is_none_or(Phases::holds)
    }

    pub(crate) fn text(&self) -> String {
        let verdict = match (&self.invalid_reason, self.gate.holds()) {
            (Some(reason), _) => format!("INVALID: {reason}\n"),
            (None, false) => format!("NOT right: {:?}\n", self.gate),
            (None, true) => String::new(),
        };
        let reserved = self.reserved.as_ref().map(Phases::text).unwrap_or_default();
        let max = self.max_rate.map(|rate| format!("highest rate that held: {rate}/s\n"));
        format!(
            "{verdict}{}{reserved}{:.0} tx/s succeeded of {:.0} offered ({} failed, {} rejected, {} expired); latency p50 {:.1} ms, \
             p99 {:.1} ms, max {:.1} ms; {} us of CPU a transaction",
            max.unwrap_or_default(),
            self.throughput,
            self.offered_per_second,
            self.failed,
            self.rejected,
            self.expired,
            self.latency_ms.p50,
            self.latency_ms.p99,
            self.latency_ms.max,
            self.cpu_micros_per_tx.map_or_else(|| "?".to_owned(), |micros| format!("{micros:.0}")),
        )
    }
}
