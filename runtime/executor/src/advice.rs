//! Advice for authors of programs: what keeps their transactions from running at the same time.

use std::fmt::Write;

use crate::execution::BlockExecution;

/// What kept a block's transactions from running at the same time, in words, and what can be done about it.
///
/// # Panics
/// Never: writing to a `String` cannot fail.
pub fn advice(execution: &BlockExecution) -> String {
    let BlockExecution { transactions, executions, threads, mode, reason, waits, aborts, .. } =
        execution;
    let mut text = format!(
        "{transactions} transactions ran {executions} times on {threads} threads ({mode:?}, because {reason:?}): {waits} \
         waited for another, {aborts} were thrown away and ran again\n"
    );
    if execution.critical_path_ns > 0 {
        let share = execution.critical_path_ns.saturating_mul(100) / execution.total_cost_ns.max(1);
        writeln!(
            text,
            "the longest chain of transactions that wait for each other is {share} % of the work"
        )
        .expect("writing to a String cannot fail");
    }
    for hot in &execution.hot_keys {
        writeln!(
            text,
            "{}: {} times one waited for it. If it is a number that they add to without reading it, declare and use Add; if they \
             read it only, declare Read; else give each of them a key of its own",
            hot.key, hot.count,
        )
        .expect("writing to a String cannot fail");
    }
    text
}
