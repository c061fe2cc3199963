//! What `/metrics` shows.

use std::collections::VecDeque;

use heddle_rpc_api::PerformanceSample;
use heddle_rpc_api::limits::SAMPLES_MAX;
use heddle_types::Height;
use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::histogram::exponential_buckets;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

use crate::node::clock;
use crate::node::execution_metrics::ExecutionMetrics;

/// Counters and gauges, all prefixed `heddle_`.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) blocks_final: Counter,
    pub(crate) transactions_final: Counter,
    pub(crate) transactions_skipped: Counter,
    pub(crate) transactions_submitted: Counter,
    pub(crate) transactions_refused: Counter,
    pub(crate) frames_malformed: Counter,
    pub(crate) frames_dropped: Counter,
    pub(crate) snapshots_failed: Counter,
    pub(crate) final_height: Gauge,
    pub(crate) epoch: Gauge,
    pub(crate) view: Gauge,
    pub(crate) view_timeout_ms: Gauge,
    pub(crate) peers: Gauge,
    pub(crate) voting: Gauge,
    pub(crate) mempool_transactions: Gauge,
    pub(crate) mempool_bytes: Gauge,
    pub(crate) execution_seconds: Histogram,
    pub(crate) execution: ExecutionMetrics,
    commit_seconds: Histogram,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("heddle");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let blocks_final = counter("blocks_final", "Blocks executed and durable since the start");
        let transactions_final = counter("transactions_final", "Transactions executed and durable");
        let transactions_skipped =
            counter("transactions_skipped", "Transactions skipped in blocks");
        let transactions_submitted =
            counter("transactions_submitted", "Transactions sent to this node");
        let transactions_refused =
            counter("transactions_refused", "Transactions that this node refused");
        let frames_malformed = counter("frames_malformed", "Malformed messages from peers");
        let frames_dropped = counter("frames_dropped", "Messages dropped because a queue was full");
        let snapshots_failed =
            counter("snapshots_failed", "Snapshots that were due and could not be taken");
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let final_height = gauge("final_height", "The highest final height, executed and durable");
        let epoch = gauge("epoch", "The epoch, counted from 0: so often the committee changed");
        let view = gauge("view", "The current view");
        let view_timeout_ms = gauge("view_timeout_ms", "How long a leader is given");
        let peers = gauge("peers", "Connected peers");
        let voting = gauge("voting", "1 while this node votes");
        let mempool_transactions = gauge("mempool_transactions", "Transactions pending");
        let mempool_bytes = gauge("mempool_bytes", "Bytes of transactions pending");
        let mut histogram = |name: &str, help: &str| {
            // 0.5 ms to 16 s.
            let histogram =
                Histogram::new(exponential_buckets(0.000_5, std::f64::consts::SQRT_2, 31));
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
            histogram
        };
        let execution_seconds = histogram("execution", "Executing one block, state root included");
        let commit_seconds = histogram(
            "commit_latency",
            "From a block's time to its outcome being durable here, a transaction",
        );
        let execution = ExecutionMetrics::register(&mut registry);
        Self {
            registry,
            blocks_final,
            transactions_final,
            transactions_skipped,
            transactions_submitted,
            transactions_refused,
            frames_malformed,
            frames_dropped,
            snapshots_failed,
            final_height,
            epoch,
            view,
            view_timeout_ms,
            peers,
            voting,
            mempool_transactions,
            mempool_bytes,
            execution_seconds,
            execution,
            commit_seconds,
        }
    }

    /// `transactions` became final `waited_ms` after their block's time.
    pub(crate) fn on_commit(&self, waited_ms: u64, transactions: usize) {
        let seconds = std::time::Duration::from_millis(waited_ms).as_secs_f64();
        for _ in 0..transactions {
            self.commit_seconds.observe(seconds);
        }
    }

    /// The text of `/metrics`.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Length of one sample.
const SAMPLE_MS: u64 = 5_000;

/// What `getPerformanceSamples` shows: how much went through in each of the last intervals.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    ring: Mutex<VecDeque<PerformanceSample>>,
}

impl Samples {
    /// A block's outcome became durable.
    pub(crate) fn on_block(&self, height: Height, transactions: usize) {
        let now = clock::wall().get();
        let end = now - now % SAMPLE_MS + SAMPLE_MS;
        let mut ring = self.ring.lock();
        if ring.back().is_none_or(|sample| sample.time_ms != end) {
            if ring.len() as u64 >= SAMPLES_MAX {
                ring.pop_front();
            }
            ring.push_back(PerformanceSample {
                height: Height::ZERO,
                time_ms: end,
                interval_ms: SAMPLE_MS,
                blocks: 0,
                transactions: 0,
            });
        }
        if let Some(sample) = ring.back_mut() {
            sample.height = height;
            sample.blocks += 1;
            sample.transactions += transactions as u64;
        }
    }

    /// The newest `limit`, newest first.
    pub(crate) fn newest(&self, limit: u64) -> Vec<PerformanceSample> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.ring.lock().iter().rev().take(limit).copied().collect()
    }
}
