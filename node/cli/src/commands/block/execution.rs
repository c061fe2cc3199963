//! How a node executed a block, for a person.

use heddle_rpc_api::BlockExecution;

/// What `heddle block HEIGHT --execution` shows.
pub(super) fn text(execution: &BlockExecution) -> String {
    let BlockExecution { executions, speculative, aborts, waits, threads, .. } = execution;
    let many = if *threads == 1 { "thread" } else { "threads" };
    let mut lines = vec![
        format!("height        {}", execution.height),
        format!("transactions  {}", execution.transactions),
        format!("executions    {executions}, {speculative} speculative, {aborts} thrown away"),
        format!("waits         {waits}"),
        format!("mode          {}: {}", execution.mode, execution.reason.words()),
        format!("ran on        {threads} {many}"),
    ];
    if execution.critical_path > 0 {
        let BlockExecution { total_cost, critical_path, .. } = execution;
        lines.push(format!("longest chain {critical_path} ns of {total_cost} ns expected"));
    }
    lines.extend(execution.phases.iter().filter(|phase| phase.items > 0).map(|phase| {
        let name = phase.name.to_string();
        format!("  {name:<12}{:>7} items {:>9} us", phase.items, phase.micros)
    }));
    lines.extend(execution.hot_keys.iter().map(|hot| {
        let key = hex::encode(&hot.key.0);
        format!("hot key       {} {key} {} times", hot.program_name, hot.count)
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use heddle_rpc_api::ExecutionMode;
    use heddle_rpc_api::ExecutionReason;
    use heddle_rpc_api::HotKey;
    use heddle_rpc_api::PhaseName;
    use heddle_rpc_api::PhaseTime;
    use heddle_types::Height;
    use heddle_types::ProgramId;
    use heddle_types::StateKey;

    use super::*;

    #[test]
    fn a_person_sees_what_happened_and_where_the_time_went() {
        let phase = |name, items, micros| PhaseTime { name, items, micros };
        let key = StateKey::new(ProgramId::LEDGER, &[b"b"]).unwrap();
        let execution = BlockExecution {
            height: Height::new(12),
            transactions: 3,
            executions: 5,
            speculative: 2,
            aborts: 1,
            waits: 4,
            mode: ExecutionMode::Planned,
            reason: ExecutionReason::Parallel,
            threads: 2,
            total_cost: 900,
            critical_path: 300,
            phases: vec![phase(PhaseName::Declared, 3, 12), phase(PhaseName::Open, 0, 0)],
            hot_keys: vec![HotKey::new(&key, "ledger", 4)],
            timeline: Vec::new(),
        };
        let expected = "\
height        12
transactions  3
executions    5, 2 speculative, 1 thrown away
waits         4
mode          planned: threads had enough to do at the same time
ran on        2 threads
longest chain 300 ns of 900 ns expected
  declared          3 items        12 us
hot key       ledger 62 4 times";
        assert_eq!(text(&execution), expected);
    }
}
