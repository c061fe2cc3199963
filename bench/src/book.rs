//! `book`: how quickly orders are matched, layer by layer.
//!
//! | layer | what is timed |
//! |---|---|
//! | `match` | the book alone |
//! | `margin` | and before it each order's admission with what it may cost reserved, after it the settlement of every outcome |
//! | `commit` | and after each block the encoding of what changed in book and accounts, and the state's root |
//!
//! Every layer carries out the same stream, in its order, in blocks of 10,000 and on one thread, and trades the same. Not timed: reading the
//! stream, making accounts and an empty book, and looking afterwards whether money, lots and orders are right. In none of them: what
//! transactions, calls, events and receipts take, and what looks for accounts to liquidate.

mod accounts;
mod commit;
mod margin;
mod market;
mod matching;
mod stream;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use heddle_clearing::ClearingError;
use heddle_clearing::Outcome;
use serde::Serialize;

use crate::error::BenchError;
use crate::machine::Machine;
use crate::output;

use stream::Stream;

/// Operations of a block.
const BLOCK: usize = 10_000;

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
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u32).range(1..=100_000))]
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
    is_right: bool,
}

impl Done {
    /// What was traded in a block.
    fn count(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            if let Outcome::Trade(trade) = outcome {
                self.fills += 1;
                self.traded += trade.lots.get();
            }
        }
    }
}

/// One way to carry out a stream.
struct Layer {
    name: &'static str,
    run: fn(&Stream) -> Result<Done, ClearingError>,
    done: Vec<Done>,
}

pub(crate) fn run(args: &BookArgs, json: bool) -> Result<bool, BenchError> {
    let stream = stream::read(&args.ops, args.accounts)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|e| BenchError::failed(format!("a thread: {e}")))?;
    let rows = pool.install(|| measure(args.reps, &stream)).map_err(|e| refused(&e))?;
    let right = rows.iter().all(|row| row.ok);
    output::result(json, &BookResult { machine: Machine::this(), rows }, table)?;
    Ok(right)
}

/// What an account refused: with few accounts, more orders than one may have.
fn refused(error: &ClearingError) -> BenchError {
    BenchError::failed(format!("--accounts: {}", error.text().message))
}

/// Repetitions in which the layers take turns, after one that does not count.
fn measure(reps: u32, stream: &Stream) -> Result<Vec<Row>, ClearingError> {
    let layer = |name, run| Layer { name, run, done: Vec::new() };
    let mut layers = [
        layer("match", matching::run as _),
        layer("margin", margin::run),
        layer("commit", commit::run),
    ];
    for _ in 0..=reps {
        for layer in &mut layers {
            layer.done.push((layer.run)(stream)?);
        }
    }
    let first = layers[0].done[0];
    Ok(layers.into_iter().map(|layer| layer.row(&first, stream.operations.len())).collect())
}

impl Layer {
    /// Medians. Right is what traded as the first layer did.
    fn row(self, first: &Done, ops: usize) -> Row {
        let mut done = self.done;
        let is_right = |done: &Done| {
            (done.fills, done.traded, done.is_right) == (first.fills, first.traded, true)
        };
        let ok = done.iter().all(is_right);
        done.remove(0);
        done.sort_unstable_by_key(|done| done.nanos);
        let ns_per_op = |position: usize| done[position].nanos as f64 / ops as f64;
        let median = ns_per_op(done.len() / 2);
        Row {
            layer: self.name,
            ops: ops as u64,
            fills: done[0].fills,
            traded: done[0].traded,
            ops_per_second: 1e9 / median,
            ns_per_op: median,
            fastest_ns_per_op: ns_per_op(0),
            slowest_ns_per_op: ns_per_op(done.len() - 1),
            reps: done.len() as u32,
            ok,
        }
    }
}

fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
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
