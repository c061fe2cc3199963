//! `book`: how quickly orders are matched, layer by layer.
//!
//! Every layer carries out the same stream, in its order and on one thread. Two repetitions that differ in what was traded are
//! not right.

mod matching;
mod stream;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::error::BenchError;
use crate::machine::Machine;
use crate::output;

use stream::Operation;

/// Time the matching of a stream of orders, on one thread
#[derive(Debug, Args)]
#[command(
    after_help = "FILE has a number of 8 bytes, then records of 24: kind (0 order, 1 cancel, 2 immediate order), side (0 buy, 1 sell), price, lots \
                  (4 bytes each), number of the order (8), all little-endian.\n\nExample:\n  heddle-bench book --ops clob_ops_500k.bin.gz --json"
)]
pub(crate) struct BookArgs {
    /// The stream, packed by gzip or not
    #[arg(long, value_name = "FILE")]
    ops: PathBuf,
    /// Accounts that buy, and as many that sell, so that no order meets one of its own account
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Repetitions; the result is their median
    #[arg(long, value_name = "R", default_value = "15", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    reps: u32,
}

/// All that was measured.
#[derive(Debug, Serialize)]
struct BookResult {
    machine: Machine,
    rows: Vec<Row>,
}

/// One layer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    layer: &'static str,
    ops: u64,
    fills: u64,
    traded: u64,
    ops_per_second: f64,
    ns_per_op: f64,
    fastest_ns_per_op: f64,
    slowest_ns_per_op: f64,
    reps: u32,
    ok: bool,
}

/// What a stream came to once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Done {
    fills: u64,
    traded: u64,
    nanos: u64,
}

pub(crate) fn run(args: &BookArgs, json: bool) -> Result<bool, BenchError> {
    let operations = stream::read(&args.ops, args.accounts)?;
    let rows = vec![measure(args, "match", &operations, matching::run)];
    let right = rows.iter().all(|row| row.ok);
    output::result(json, &BookResult { machine: Machine::this(), rows }, table)?;
    Ok(right)
}

/// Medians of repetitions, after one that does not count.
fn measure(
    args: &BookArgs,
    layer: &'static str,
    operations: &[Operation],
    run: fn(&[Operation]) -> Done,
) -> Row {
    let first = run(operations);
    let mut all: Vec<Done> = (0..args.reps).map(|_| run(operations)).collect();
    let ok = all.iter().all(|done| (done.fills, done.traded) == (first.fills, first.traded));
    all.sort_unstable_by_key(|done| done.nanos);
    let ns_per_op = |position: usize| all[position].nanos as f64 / operations.len() as f64;
    let median = ns_per_op(all.len() / 2);
    Row {
        layer,
        ops: operations.len() as u64,
        fills: first.fills,
        traded: first.traded,
        ops_per_second: 1e9 / median,
        ns_per_op: median,
        fastest_ns_per_op: ns_per_op(0),
        slowest_ns_per_op: ns_per_op(all.len() - 1),
        reps: args.reps,
        ok,
    }
}

fn table(result: &BookResult) -> String {
    let line = |row: &Row| {
        format!(
            "{:<8} {:>9} ops {:>9} fills {:>11} lots {:>8.2} M ops/s {:>8.1} ns/op ({:.1} to {:.1}){}",
            row.layer,
            row.ops,
            row.fills,
            row.traded,
            row.ops_per_second / 1e6,
            row.ns_per_op,
            row.fastest_ns_per_op,
            row.slowest_ns_per_op,
            if row.ok { "" } else { "  NOT RIGHT" }
        )
    };
    result.rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
