//! What happened while blocks were executed, for a while: it is this node's own, and nothing that has to be kept.

use std::collections::VecDeque;
use std::sync::Arc;

use heddle_engine::Doing;
use heddle_engine::Reason;
use heddle_engine::Span;
use heddle_executor::BlockExecution;
use heddle_executor::ExecutionMode;
use heddle_executor::Stage;
use heddle_executor::StageTime;
use heddle_rpc_api as api;
use heddle_rpc_api::ExecutionReason;
use heddle_rpc_api::PhaseName;
use heddle_rpc_api::limits::EXECUTIONS_MAX;
use heddle_sdk::Phase;
use heddle_sdk::Programs;
use heddle_types::Height;
use heddle_types::ProgramId;
use parking_lot::Mutex;

/// The last [`EXECUTIONS_MAX`] blocks that were executed here.
#[derive(Debug, Default)]
pub(crate) struct Executions(Mutex<VecDeque<(Height, Arc<BlockExecution>)>>);

impl Executions {
    /// Keeps that of the next height, and forgets the oldest.
    pub(crate) fn insert(&self, height: Height, execution: Arc<BlockExecution>) {
        let mut kept = self.0.lock();
        if kept.len() as u64 >= EXECUTIONS_MAX {
            kept.pop_front();
        }
        kept.push_back((height, execution));
    }

    /// That of a height, or the oldest height that is kept.
    pub(crate) fn get(&self, height: Height) -> Result<Arc<BlockExecution>, Option<Height>> {
        let kept = self.0.lock();
        match kept.binary_search_by_key(&height, |(kept, _)| *kept) {
            Ok(position) => Ok(Arc::clone(&kept[position].1)),
            Err(_) => Err(kept.front().map(|(oldest, _)| *oldest)),
        }
    }
}

/// In the form of the reply.
pub(crate) fn reply(
    programs: &Programs,
    height: Height,
    execution: &BlockExecution,
) -> api::BlockExecution {
    let name = |program: ProgramId| match programs.get(program) {
        Some(program) => program.name(),
        None if program == ProgramId::SYSTEM => "system",
        None => "unknown",
    };
    let hot = |hot: &heddle_executor::HotKey| {
        api::HotKey::new(&hot.key, name(hot.key.program()), hot.count)
    };
    api::BlockExecution {
        height,
        transactions: execution.transactions,
        executions: execution.executions,
        speculative: execution.speculative,
        aborts: execution.aborts,
        waits: execution.waits,
        mode: mode(execution.mode),
        reason: reason(execution.reason),
        threads: execution.threads,
        total_cost: execution.total_cost_ns,
        critical_path: execution.critical_path_ns,
        phases: execution.stages.iter().map(phase_time).collect(),
        hot_keys: execution.hot_keys.iter().map(hot).collect(),
        timeline: execution.timeline.iter().map(span).collect(),
    }
}

pub(crate) const fn mode(mode: ExecutionMode) -> api::ExecutionMode {
    match mode {
        ExecutionMode::Sequential => api::ExecutionMode::Sequential,
        ExecutionMode::Planned => api::ExecutionMode::Planned,
        ExecutionMode::Open => api::ExecutionMode::Open,
        ExecutionMode::Mixed => api::ExecutionMode::Mixed,
    }
}

pub(crate) const fn phase_name(stage: Stage) -> PhaseName {
    match stage {
        Stage::Plan => PhaseName::Plan,
        Stage::Declared => PhaseName::Declared,
        Stage::Open => PhaseName::Open,
        Stage::Phase(Phase::Begin) => PhaseName::Begin,
        Stage::Phase(Phase::Transactions) => PhaseName::Transactions,
        Stage::Phase(Phase::Match) => PhaseName::Match,
        Stage::Phase(Phase::Settle) => PhaseName::Settle,
        Stage::Phase(Phase::Risk) => PhaseName::Risk,
        Stage::Phase(Phase::Fold) => PhaseName::Fold,
        Stage::Finish => PhaseName::Finish,
        Stage::Root => PhaseName::Root,
    }
}

const fn reason(reason: Reason) -> ExecutionReason {
    match reason {
        Reason::Asked => ExecutionReason::Asked,
        Reason::OneThread => ExecutionReason::OneThread,
        Reason::LittleWork => ExecutionReason::LittleWork,
        Reason::Serial => ExecutionReason::Serial,
        Reason::Parallel => ExecutionReason::Parallel,
        Reason::Broken => ExecutionReason::Broken,
    }
}

fn phase_time(time: &StageTime) -> api::PhaseTime {
    let StageTime { stage, items, nanos } = *time;
    api::PhaseTime { name: phase_name(stage), items, micros: nanos / 1_000 }
}

fn span(span: &Span) -> api::Span {
    let doing = match span.doing {
        Doing::Planning => api::Doing::Planning,
        Doing::Running => api::Doing::Running,
        Doing::Idle => api::Doing::Idle,
        Doing::Finishing => api::Doing::Finishing,
    };
    let Span { worker, start_ns, end_ns, tasks, .. } = *span;
    api::Span { worker, doing, start_nanos: start_ns, end_nanos: end_ns, transactions: tasks }
}

#[cfg(test)]
mod tests {
    use heddle_executor::HotKey;
    use heddle_ledger::Ledger;
    use heddle_types::StateKey;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_blocks_are_kept_and_no_others() {
        let executions = Executions::default();
        assert_eq!(executions.get(Height::new(1)), Err(None));
        let last = 10 + EXECUTIONS_MAX;
        for height in 5..=last {
            let execution = BlockExecution { transactions: height, ..BlockExecution::default() };
            executions.insert(Height::new(height), Arc::new(execution));
        }
        let oldest = Some(Height::new(11));
        let transactions = |height| executions.get(Height::new(height)).map(|it| it.transactions);
        assert_eq!(transactions(10), Err(oldest));
        assert_eq!(transactions(11), Ok(11));
        assert_eq!(transactions(last), Ok(last));
        assert_eq!(transactions(last + 1), Err(oldest));
    }

    #[test]
    fn everything_that_is_known_of_a_block_is_in_the_reply() {
        let span = Span { worker: 1, doing: Doing::Idle, start_ns: 2_000, end_ns: 2_500, tasks: 0 };
        let key = |program: u32, byte: u8| StateKey::new(ProgramId(program), &[&[byte]]).unwrap();
        let stage = |stage, nanos| StageTime { stage, items: 4, nanos };
        let execution = BlockExecution {
            transactions: 1,
            executions: 2,
            speculative: 3,
            aborts: 4,
            waits: 5,
            mode: ExecutionMode::Mixed,
            reason: Reason::Serial,
            threads: 6,
            total_cost_ns: 7,
            critical_path_ns: 8,
            stages: vec![stage(Stage::Phase(Phase::Match), 1_999), stage(Stage::Root, 2_000)],
            hot_keys: [key(1, 9), key(0, 10), key(99, 11)]
                .map(|key| HotKey { key, count: 3 })
                .into(),
            timeline: vec![span],
        };
        let programs = Programs::new(vec![Box::new(Ledger)]);
        let expected = json!({
            "height": 12, "transactions": 1, "executions": 2, "speculative": 3, "aborts": 4, "waits": 5,
            "mode": "mixed", "reason": "serial", "threads": 6, "totalCost": 7, "criticalPath": 8,
            "phases": [
                {"name": "match", "items": 4, "micros": 1},
                {"name": "root", "items": 4, "micros": 2},
            ],
            "hotKeys": [
                {"program": 1, "programName": "ledger", "key": "09", "count": 3},
                {"program": 0, "programName": "system", "key": "0a", "count": 3},
                {"program": 99, "programName": "unknown", "key": "0b", "count": 3},
            ],
            "timeline": [
                {"worker": 1, "doing": "idle", "startNanos": 2000, "endNanos": 2500, "transactions": 0},
            ],
        });
        let reply = reply(&programs, Height::new(12), &execution);
        assert_eq!(serde_json::to_value(reply).unwrap(), expected);
    }
}
