//! Results: one row a workload, mode and number of threads.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::exec::mode::Mode;
use crate::exec::tally::Tally;
use crate::machine::Machine;

/// In place of an empty cell, so that columns can be told apart.
const NOTHING: &str = "-";

/// All that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct ExecResult {
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<Row>,
}

/// What was run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Label {
    /// As on the command line.
    pub(crate) workload: String,
    /// Tasks a block, where all have as many.
    pub(crate) block: Option<u32>,
    /// Accounts, where they are made up.
    pub(crate) accounts: Option<u32>,
    /// Work a task.
    pub(crate) work_ns: Option<u32>,
    /// Work a unit of gas.
    pub(crate) ns_per_gas: Option<f64>,
    /// Percent of the keys declared `Write` that are left alone.
    pub(crate) over_declare: Option<u8>,
    /// Markets, of orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) markets: Option<u16>,
    /// Orders a transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) orders_per_action: Option<u16>,
}

/// One row. Times are medians of the repetitions; counts are of all of them together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) label: Label,
    pub(crate) mode: Mode,
    pub(crate) threads: u16,
    pub(crate) reps: u32,
    /// Blocks that were timed.
    pub(crate) blocks: u64,
    pub(crate) txs: u64,
    pub(crate) txs_per_second: f64,
    pub(crate) ns_per_tx: f64,
    /// Orders, cancels among them, where transactions are of orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) orders_per_second: Option<f64>,
    pub(crate) fastest_ns_per_tx: f64,
    pub(crate) slowest_ns_per_tx: f64,
    pub(crate) speedup: f64,
    pub(crate) ideal_speedup: f64,
    /// Nanoseconds a transaction of what running consists of, where that is known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) parts: BTreeMap<String, f64>,
    pub(crate) executions: u64,
    pub(crate) speculative: u64,
    pub(crate) aborts: u64,
    pub(crate) waits: u64,
    /// Why blocks, or their parts, were run as they were, with how many.
    pub(crate) reasons: BTreeMap<String, u64>,
    pub(crate) ok: bool,
}

/// What one contender took and did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// Nanoseconds of each repetition.
    pub(crate) nanos: Vec<u64>,
    /// Counts of the counted repetitions.
    pub(crate) tally: Tally,
}

/// Nanoseconds a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) fastest: f64,
    pub(crate) median: f64,
    pub(crate) slowest: f64,
}

impl Measured {
    /// One more repetition, with what was counted in it.
    pub(crate) fn add(&mut self, nanos: u64, tally: &Tally) {
        self.nanos.push(nanos);
        self.tally.merge(tally);
    }

    /// Of all repetitions.
    pub(crate) fn spread(&self) -> Spread {
        let mut nanos = self.nanos.clone();
        nanos.sort_unstable();
        let txs = self.tally.txs as f64 / nanos.len() as f64;
        let at = |position: usize| nanos[position] as f64 / txs;
        Spread { fastest: at(0), median: at(nanos.len() / 2), slowest: at(nanos.len() - 1) }
    }
}

/// Aligned columns, for people.
pub(crate) fn table(result: &ExecResult) -> String {
    let head = [
        "workload", "work", "accounts", "mode", "threads", "tx/s", "ns/tx", "speedup", "ideal",
        "runs/tx", "aborts", "why", "ok",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(result.rows.iter().map(cells));
    let mut widths = [0; 13];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(widths).enumerate();
        let padded = cells.map(|(column, (cell, width))| match column {
            0 | 3 | 11 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        let line = padded.collect::<Vec<_>>().join("  ");
        // Writing into a string does not fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    result.rows.iter().filter_map(parts).for_each(|line| text.push_str(&line));
    text.trim_end().to_owned()
}

/// What running consists of, in one line.
fn parts(row: &Row) -> Option<String> {
    let parts = row.parts.iter().map(|(name, nanos)| format!("{name} {nanos:.1} ns"));
    let orders = row.orders_per_second.map(|orders| format!("{orders:.0} orders/s"));
    let parts = orders.into_iter().chain(parts).reduce(|all, part| format!("{all}, {part}"))?;
    let [name, _, accounts, mode, threads, ..] = cells(row);
    Some(format!("{name}, {accounts} accounts, {mode} on {threads}: {parts}\n"))
}

fn cells(row: &Row) -> [String; 13] {
    let label = &row.label;
    let name = match (label.over_declare.filter(|percent| *percent > 0), label.markets) {
        (Some(percent), _) => format!("{} over {percent} %", label.workload),
        (None, Some(markets)) => format!("{} in {markets} markets", label.workload),
        (None, None) => label.workload.clone(),
    };
    let work = match (label.work_ns, label.ns_per_gas) {
        (Some(nanos), _) => format!("{nanos} ns"),
        (None, Some(nanos)) => format!("{nanos} ns/gas"),
        (None, None) => NOTHING.to_owned(),
    };
    let most = row.reasons.iter().max_by_key(|(_, count)| **count);
    [
        name,
        work,
        label.accounts.map_or_else(|| NOTHING.to_owned(), |count| count.to_string()),
        format!("{:?}", row.mode).to_lowercase(),
        row.threads.to_string(),
        format!("{:.0}", row.txs_per_second),
        format!("{:.1}", row.ns_per_tx),
        format!("{:.2}", row.speedup),
        format!("{:.2}", row.ideal_speedup),
        format!("{:.2}", row.executions as f64 / row.txs as f64),
        row.aborts.to_string(),
        most.map_or_else(|| NOTHING.to_owned(), |(reason, _)| reason.clone()),
        row.ok.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(nanos: &[u64]) -> Measured {
        let mut measured = Measured::default();
        for nanos in nanos {
            measured.add(*nanos, &Tally { txs: 10, executions: 11, ..Tally::default() });
        }
        measured
    }

    #[test]
    fn times_are_of_one_repetition_and_counts_of_all() {
        let measured = measured(&[900, 300, 400]);
        let expected = Spread { fastest: 30.0, median: 40.0, slowest: 90.0 };
        assert_eq!(measured.spread(), expected);
        assert_eq!(measured.tally.txs, 30);
        assert_eq!(measured.tally.executions, 33);
    }

    #[test]
    fn every_line_of_the_table_has_as_many_columns() {
        let row = Row {
            label: Label { workload: "ethereum:a".to_owned(), ..Label::default() },
            mode: Mode::Oracle,
            threads: 2,
            reps: 3,
            blocks: 3,
            txs: 30,
            txs_per_second: 1e6,
            ns_per_tx: 1000.0,
            orders_per_second: None,
            fastest_ns_per_tx: 900.0,
            slowest_ns_per_tx: 1100.0,
            speedup: 1.5,
            ideal_speedup: 2.0,
            parts: BTreeMap::from([("decode".to_owned(), 1.25), ("execute".to_owned(), 9.0)]),
            executions: 33,
            speculative: 3,
            aborts: 1,
            waits: 0,
            reasons: BTreeMap::from([("parallel".to_owned(), 2), ("oneThread".to_owned(), 1)]),
            ok: true,
        };
        let label = Label {
            workload: "transfer".to_owned(),
            accounts: Some(100),
            work_ns: Some(140),
            over_declare: Some(50),
            ..Label::default()
        };
        let rows = vec![row.clone(), Row { label, ..row }];
        let text = table(&ExecResult { machine: Machine::this(), rows });
        assert!(
            text.ends_with(
                "\ntransfer over 50 %, 100 accounts, oracle on 2: decode 1.2 ns, execute 9.0 ns"
            ),
            "{text}"
        );
        let lines: Vec<Vec<&str>> = text.lines().take(3).map(columns).collect();
        assert_eq!(
            lines[1],
            [
                "ethereum:a",
                "-",
                "-",
                "oracle",
                "2",
                "1000000",
                "1000.0",
                "1.50",
                "2.00",
                "1.10",
                "1",
                "parallel",
                "true"
            ]
        );
        assert_eq!(lines[2][..3], ["transfer over 50 %", "140 ns", "100"]);
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
    }

    /// The columns of a line, which are at least two spaces apart.
    fn columns(line: &str) -> Vec<&str> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
    }
}
