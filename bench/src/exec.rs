//! `exec`: how quickly the engine runs blocks, in each of its ways and against running them in order.

mod blocks;
mod contender;
mod ethereum;
mod history;
mod job;
mod ledger;
mod mode;
mod order;
mod path;
mod race;
mod row;
mod spin;
mod tally;
mod track;
mod transfer;
mod workload;

use std::path::Path;

use clap::Args;

use crate::error::BenchError;
use crate::machine::Machine;
use crate::output;

use blocks::MadeUp;
use ethereum::Pace;
use mode::Mode;
use order::Orders;
use race::Rules;
use row::ExecResult;
use row::Label;
use row::Row;
use spin::Spin;
use transfer::Shape;
use workload::Workload;

/// Time blocks of transactions in the engine, in each of its ways against in order
#[derive(Debug, Args)]
#[command(
    after_help = "Lists are comma-separated; every combination is run.\n\nExamples:\n  heddle-bench exec --workload transfer --accounts 100,20000 --work-ns 140,1400 --threads 1,2 --json\n  heddle-bench exec --workload order --signed --orders-per-action 10 --block 1000\n  heddle-bench exec --workload ethereum:DIR --ns-per-gas 0.1 --min-txs 5 --mode declared,open"
)]
pub(crate) struct ExecArgs {
    /// transfer, chain, hot-add, mixed, ledger, order, or ethereum:DIR with access traces N.jsonl.gz in DIR
    #[arg(long, required = true, value_delimiter = ',', value_name = "NAME")]
    workload: Vec<Workload>,
    /// How blocks are run; every way that there is, unless told otherwise
    #[arg(long, value_enum, value_delimiter = ',')]
    mode: Vec<Mode>,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "1,2", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Vec<u16>,
    /// Accounts that transfers are between
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "20000", value_parser = clap::value_parser!(u32).range(2..=100_000_000))]
    accounts: Vec<u32>,
    /// Transactions a block
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(2..=10_000_000))]
    block: u32,
    /// Work of a transaction, in nanoseconds
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "0", value_parser = clap::value_parser!(u32).range(0..=1_000_000_000))]
    work_ns: Vec<u32>,
    /// Work of a unit of gas, in nanoseconds
    #[arg(long, value_name = "X", default_value = "1", value_parser = workload::ns_per_gas, conflicts_with = "work_ns")]
    ns_per_gas: f64,
    /// Traced blocks with fewer transactions are left out
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    min_txs: u32,
    /// Percent of the keys declared as written that a transfer leaves alone
    #[arg(long, value_delimiter = ',', value_name = "PCT", default_value = "0", value_parser = clap::value_parser!(u8).range(0..=99))]
    over_declare: Vec<u8>,
    /// Of ledger transfers and orders, decoding and verifying signatures count too
    #[arg(long)]
    signed: bool,
    /// Markets that orders are placed in
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=heddle_clearing::limits::MARKETS_MAX as i64))]
    markets: Vec<u16>,
    /// Orders, cancels among them, in one action, which is one transaction
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "10", value_parser = clap::value_parser!(u16).range(1..=heddle_exchange::limits::ACTIONS_MAX as i64))]
    orders_per_action: Vec<u16>,
    /// No transaction is run on values that may be stale
    #[arg(long)]
    no_speculation: bool,
    /// Repetitions; each is one turn of every mode on every number of threads, and the result is their median
    #[arg(long, value_name = "R", default_value = "15", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    reps: u32,
    /// Which accounts transfers are between
    #[arg(long, value_name = "S", default_value = "1")]
    seed: u64,
}

pub(crate) fn run(args: &ExecArgs, json: bool) -> Result<bool, BenchError> {
    for workload in &args.workload {
        if matches!(workload, Workload::Ledger | Workload::Order) {
            track::check(&args.mode)?;
        }
        if *workload == Workload::Order {
            order::check(&args.accounts)?;
        }
    }
    let spin = Spin::calibrate();
    let mut rows = Vec::new();
    for workload in &args.workload {
        rows.extend(args.rows(workload, spin)?);
    }
    let right = rows.iter().all(|row| row.ok);
    output::result(json, &ExecResult { machine: Machine::this(), rows }, row::table)?;
    Ok(right)
}

impl ExecArgs {
    fn rows(&self, workload: &Workload, spin: Spin) -> Result<Vec<Row>, BenchError> {
        match workload {
            Workload::Ethereum(dir) => self.traced(workload, dir, spin),
            Workload::Ledger => Ok(self.ledger()),
            Workload::Order => Ok(self.orders()),
            Workload::Transfer | Workload::HotAdd | Workload::Chain | Workload::Mixed => {
                Ok(self.made_up(workload, spin))
            }
        }
    }

    fn traced(&self, workload: &Workload, dir: &Path, spin: Spin) -> Result<Vec<Row>, BenchError> {
        let ns_per_gas = self.ns_per_gas;
        let blocks = blocks::ethereum(dir, self.min_txs, Pace { ns_per_gas, spin })?;
        let label = Label {
            workload: workload.to_string(),
            ns_per_gas: Some(ns_per_gas),
            ..Label::default()
        };
        Ok(blocks.race(&self.rules(&Mode::ALL), &label))
    }

    fn ledger(&self) -> Vec<Row> {
        let rows = |accounts: &u32| {
            let label = Label {
                workload: Workload::Ledger.to_string(),
                block: Some(self.block),
                accounts: Some(*accounts),
                ..Label::default()
            };
            let Self { block, signed, seed, .. } = *self;
            let transfers = ledger::Transfers { accounts: *accounts, block, signed, seed };
            transfers.race(&self.rules(&Mode::OF_EXECUTORS), &label)
        };
        self.accounts.iter().flat_map(rows).collect()
    }

    /// All combinations of accounts, markets and orders an action.
    fn orders(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for accounts in self.accounts.iter().copied() {
            for markets in self.markets.iter().copied() {
                for orders_per_action in self.orders_per_action.iter().copied() {
                    let Self { block, signed, seed, .. } = *self;
                    let orders =
                        Orders { accounts, markets, block, orders_per_action, signed, seed };
                    rows.extend(orders.race(&self.rules(&Mode::OF_EXECUTORS)));
                }
            }
        }
        rows
    }

    fn made_up(&self, workload: &Workload, spin: Spin) -> Vec<Row> {
        let rows = |shape: Shape| {
            let label = Label {
                workload: workload.to_string(),
                block: Some(self.block),
                accounts: Some(shape.accounts),
                work_ns: Some(shape.work_ns),
                over_declare: Some(shape.over_declare),
                ..Label::default()
            };
            output::progress(format_args!(
                "{workload}: {} accounts, {} ns of work, {} % over-declared",
                shape.accounts, shape.work_ns, shape.over_declare
            ));
            let open = if *workload == Workload::Mixed { self.block / 2 } else { 0 };
            let made_up = MadeUp { shape, block: self.block, open, seed: self.seed };
            made_up.blocks().race(&self.rules(&Mode::ALL), &label)
        };
        self.shapes(workload, spin).into_iter().flat_map(rows).collect()
    }

    /// With these modes, unless others were asked for.
    fn rules(&self, modes: &[Mode]) -> Rules {
        Rules {
            modes: if self.mode.is_empty() { modes.to_vec() } else { self.mode.clone() },
            threads: self.threads.clone(),
            reps: self.reps,
            speculate: !self.no_speculation,
        }
    }

    /// All combinations of accounts, work and over-declaration. A chain has two accounts and nothing to over-declare.
    fn shapes(&self, workload: &Workload, spin: Spin) -> Vec<Shape> {
        let chain = *workload == Workload::Chain;
        let counter = *workload == Workload::HotAdd;
        let accounts = if chain { &[2] } else { self.accounts.as_slice() };
        let over_declare = if chain { &[0] } else { self.over_declare.as_slice() };
        let mut shapes = Vec::new();
        for accounts in accounts.iter().copied() {
            for work_ns in self.work_ns.iter().copied() {
                let steps = spin.steps(work_ns.into());
                let shape = |over_declare: &u8| {
                    let over_declare = *over_declare;
                    Shape { accounts, steps, work_ns, over_declare, counter }
                };
                shapes.extend(over_declare.iter().map(shape));
            }
        }
        shapes
    }
}
