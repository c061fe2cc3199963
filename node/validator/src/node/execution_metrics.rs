//! What `/metrics` shows of how blocks are executed.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use heddle_executor::BlockExecution;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::histogram::exponential_buckets;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

use crate::node::executions;

/// One label: its name and its value.
type Label = [(&'static str, String); 1];

/// Sums over all blocks that this node executed since its start, empty ones left out.
pub(crate) struct ExecutionMetrics {
    executions: Counter,
    speculative: Counter,
    aborts: Counter,
    waits: Counter,
    blocks: Family<Label, Counter>,
    phase_seconds: Family<Label, Histogram, fn() -> Histogram>,
    parallelism: Gauge<f64, AtomicU64>,
}

impl ExecutionMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let executions = counter("executions", "Runs of transactions, repeated ones included");
        let speculative =
            counter("executions_speculative", "Runs on values that might have been stale");
        let aborts = counter("execution_aborts", "Runs whose result was thrown away");
        let waits = counter("execution_waits", "Times that a transaction waited for another");
        let blocks = Family::default();
        registry.register("blocks_executed", "Blocks with transactions, by mode", blocks.clone());
        let phase_seconds = Family::new_with_constructor(buckets as fn() -> Histogram);
        registry.register_with_unit(
            "execution_phase",
            "One phase of executing a block, where there was something to do in it",
            Unit::Seconds,
            phase_seconds.clone(),
        );
        let parallelism = Gauge::default();
        registry.register(
            "execution_parallelism",
            "Expected cost of all transactions over that of their longest chain, in the last planned block",
            parallelism.clone(),
        );
        Self { executions, speculative, aborts, waits, blocks, phase_seconds, parallelism }
    }

    /// A block's outcome became durable.
    pub(crate) fn on_block(&self, execution: &BlockExecution) {
        self.executions.inc_by(execution.executions);
        self.speculative.inc_by(execution.speculative);
        self.aborts.inc_by(execution.aborts);
        self.waits.inc_by(execution.waits);
        if execution.transactions > 0 {
            let mode = executions::mode(execution.mode).to_string();
            self.blocks.get_or_create(&[("mode", mode)]).inc();
        }
        for time in execution.stages.iter().filter(|time| time.items > 0) {
            let name = executions::phase_name(time.stage).to_string();
            let seconds = Duration::from_nanos(time.nanos).as_secs_f64();
            self.phase_seconds.get_or_create(&[("phase", name)]).observe(seconds);
        }
        if execution.critical_path_ns > 0 {
            let (total, path) = (execution.total_cost_ns, execution.critical_path_ns);
            self.parallelism.set(total as f64 / path as f64);
        }
    }
}

/// From 1 µs to 8 s.
fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.000_001, 2.0, 24))
}

#[cfg(test)]
mod tests {
    use heddle_executor::ExecutionMode;
    use heddle_executor::Stage;
    use heddle_executor::StageTime;
    use prometheus_client::encoding::text::encode;

    use super::*;

    fn text(blocks: &[BlockExecution]) -> String {
        let mut registry = Registry::with_prefix("heddle");
        let metrics = ExecutionMetrics::register(&mut registry);
        blocks.iter().for_each(|block| metrics.on_block(block));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    fn check(text: &str, line: &str) {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }

    #[test]
    fn blocks_are_summed_up_by_mode_and_phase() {
        let stage = |stage, items| StageTime { stage, items, nanos: 3_000_000 };
        let block = BlockExecution {
            transactions: 2,
            executions: 5,
            speculative: 4,
            aborts: 3,
            waits: 1,
            mode: ExecutionMode::Planned,
            total_cost_ns: 300,
            critical_path_ns: 200,
            stages: vec![stage(Stage::Declared, 2), stage(Stage::Open, 0)],
            ..BlockExecution::default()
        };
        let text = text(&[block.clone(), BlockExecution::default(), block]);
        check(&text, "heddle_executions_total 10");
        check(&text, "heddle_executions_speculative_total 8");
        check(&text, "heddle_execution_aborts_total 6");
        check(&text, "heddle_execution_waits_total 2");
        check(&text, "heddle_blocks_executed_total{mode=\"planned\"} 2");
        check(&text, "heddle_execution_phase_seconds_count{phase=\"declared\"} 2");
        check(&text, "heddle_execution_phase_seconds_sum{phase=\"declared\"} 0.006");
        check(&text, "heddle_execution_parallelism 1.5");
        for absent in ["sequential", "phase=\"open\""] {
            assert!(!text.contains(absent), "{absent} in {text}");
        }
    }
}
