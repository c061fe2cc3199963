use heddle_types::ProgramId;
use serde_json::Value;
use serde_json::json;

use super::*;

fn execution() -> BlockExecution {
    let key = StateKey::new(ProgramId::LEDGER, &[b"b", &[1, 255]]).unwrap();
    BlockExecution {
        height: Height::new(7),
        transactions: 3,
        executions: 5,
        speculative: 2,
        aborts: 1,
        waits: 4,
        mode: ExecutionMode::Planned,
        reason: ExecutionReason::Parallel,
        threads: 2,
        total_cost: 4_200,
        critical_path: 1_400,
        phases: vec![PhaseTime { name: PhaseName::Declared, items: 3, micros: 12 }],
        hot_keys: vec![HotKey::new(&key, "ledger", 4)],
        timeline: vec![Span {
            worker: 1,
            doing: Doing::Running,
            start_nanos: 100,
            end_nanos: 900,
            transactions: 2,
        }],
    }
}

#[test]
fn an_execution_has_the_names_of_the_interface() {
    let expected = json!({
        "height": 7, "transactions": 3, "executions": 5, "speculative": 2, "aborts": 1, "waits": 4,
        "mode": "planned", "reason": "parallel", "threads": 2, "totalCost": 4200, "criticalPath": 1400,
        "phases": [{"name": "declared", "items": 3, "micros": 12}],
        "hotKeys": [{"program": 1, "programName": "ledger", "key": "6201ff", "count": 4}],
        "timeline": [{"worker": 1, "doing": "running", "startNanos": 100, "endNanos": 900, "transactions": 2}],
    });
    assert_eq!(serde_json::to_value(execution()).unwrap(), expected);
    assert_eq!(serde_json::from_value::<BlockExecution>(expected).unwrap(), execution());
}

fn check<T: Serialize>(all: &[T], names: &[&str]) {
    let written: Vec<Value> = all.iter().map(|one| serde_json::to_value(one).unwrap()).collect();
    assert_eq!(written, names);
}

#[test]
fn modes_reasons_phases_and_doings_have_fixed_names() {
    use ExecutionMode as M;
    use ExecutionReason as R;
    let modes = ["sequential", "planned", "open", "mixed"];
    check(&[M::Sequential, M::Planned, M::Open, M::Mixed], &modes);
    assert_eq!(M::Mixed.to_string(), "mixed");
    let reasons = ["asked", "oneThread", "littleWork", "serial", "parallel", "broken"];
    check(&[R::Asked, R::OneThread, R::LittleWork, R::Serial, R::Parallel, R::Broken], &reasons);
    use PhaseName as P;
    let before = ["begin", "plan", "declared", "open", "transactions"];
    check(&[P::Begin, P::Plan, P::Declared, P::Open, P::Transactions], &before);
    let after = ["match", "settle", "risk", "fold", "finish", "root"];
    check(&[P::Match, P::Settle, P::Risk, P::Fold, P::Finish, P::Root], &after);
    assert_eq!(P::Root.to_string(), "root");
    let doings = ["planning", "running", "idle", "finishing"];
    check(&[Doing::Planning, Doing::Running, Doing::Idle, Doing::Finishing], &doings);
}
