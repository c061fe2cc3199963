//! `load`: an open-loop generator. Transactions are signed beforehand and sent when their time has come, whatever became of
//! those before; latency counts from the time at which one was due.

mod accounts;
mod find_max;
mod flood;
mod follow;
mod gate;
pub(crate) mod latency;
mod offer;
pub(crate) mod outcome;
pub(crate) mod own;
mod report;
mod reserved;
mod result;
mod schedule;
mod slo;
pub(crate) mod step;

use std::num::NonZeroU16;
use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;
use heddle_types::Millis;
use heddle_validator::home;
use serde::Serialize;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::error::BenchError;
use crate::limits;
use crate::machine;
use crate::network::Network;
use crate::output;
use crate::target::Target;
use own::OwnLocalnet;
use result::LoadResult;
use slo::Slo;
use step::Bench;

/// What is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Workload {
    /// Transfers of one base unit between accounts chosen at random
    Transfer,
}

/// Who sends to whom.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Mix {
    /// Senders, each of which also receives
    #[arg(long, value_name = "N", default_value = "2000")]
    pub(crate) accounts: usize,
    /// Which keys, and who pays whom
    #[arg(long, value_name = "S", default_value = "1")]
    pub(crate) seed: u64,
    /// Transfers in each transaction
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) calls: u8,
}

impl Mix {
    /// Somebody must receive, and each node has senders of its own.
    pub(crate) fn check(self) -> Result<(), BenchError> {
        let (found, max) = (self.accounts, limits::LOAD_ACCOUNTS_MAX);
        if (64..=max).contains(&found) {
            return Ok(());
        }
        Err(BenchError::usage(format!("--accounts: found {found}, expected 64 to {max}")))
    }
}

/// Offer load at a fixed rate, or find the highest that holds
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  heddle-bench load transfer --home .heddle/localnet --rate 1000 --duration 60s --out run\n  \
    heddle-bench load transfer --localnet 4 --find-max --slo p99=1s --duration 60s --out run --json\n  \
    heddle-bench load transfer --localnet 4 --block-transactions 20 --rate 2000 --reserved 6 --duration 20s --out run\n\n\
    Exit 0: valid, and every gate holds; 1: not."
)]
pub(crate) struct LoadArgs {
    /// What is offered
    workload: Workload,
    #[command(flatten)]
    target: Target,
    /// Start a localnet of this many validators, and end it afterwards
    #[arg(long, value_name = "N", conflicts_with_all = ["home", "rpc", "faucet"])]
    localnet: Option<u16>,
    /// Transactions a second
    #[arg(
        long,
        value_name = "R",
        required_unless_present = "find_max",
        conflicts_with = "find_max"
    )]
    rate: Option<NonZeroU64>,
    /// Find the highest rate that holds the objective
    #[arg(long)]
    find_max: bool,
    /// The objective: a quantile of latency and its limit
    #[arg(long, value_name = "p99=1s", default_value = "p99=1s", value_parser = Slo::parse)]
    slo: Slo,
    /// How long
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = home::parse_span)]
    duration: Millis,
    #[command(flatten)]
    mix: Mix,
    /// Beside the load, send so many transactions a second that take reserved block space (cancels, deposits, prices): alone, then beside a
    /// hundredth of the load, then beside all of it, which expires
    #[arg(long, value_name = "R", conflicts_with = "find_max")]
    reserved: Option<NonZeroU64>,
    /// The most transactions in a block of the localnet that is started here
    #[arg(long, value_name = "N", requires = "localnet")]
    block_transactions: Option<NonZeroU16>,
    /// Where report.html, run.json, latency.hgrm and transactions.jsonl go
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl LoadArgs {
    fn check(&self) -> Result<(), BenchError> {
        self.mix.check()?;
        if self.duration.get() < 1000 {
            return Err(BenchError::usage(
                "--duration: found less than a second, expected 1s or more",
            ));
        }
        Ok(())
    }
}

/// Whether the run is valid and every gate held.
pub(crate) fn run(args: &LoadArgs, json: bool) -> Result<bool, BenchError> {
    args.check()?;
    let start = |validators| OwnLocalnet::start(validators, args.block_transactions);
    let own = args.localnet.map(start).transpose()?;
    let target = own.as_ref().map_or_else(|| args.target.clone(), OwnLocalnet::target);
    // Not before: validators that are started here inherit it.
    machine::run_first();
    let measured = crate::wait(async {
        tokio::select! {
            measured = measure(args, &target) => measured,
            asked = asked_to_stop() => Err(asked),
        }
    });
    if let Some(own) = own {
        own.end()?;
    }
    let result = measured?;
    output::result(json, &result, LoadResult::text)?;
    Ok(result.is_good())
}

async fn measure(args: &LoadArgs, target: &Target) -> Result<LoadResult, BenchError> {
    let found = target.find()?;
    let network = Network::connect(&found.urls).await?;
    let bench = Bench::new(args.workload, args.mix, network, found);
    let run = match (args.rate, args.reserved) {
        (Some(rate), Some(reserved)) => {
            flood::flood(&bench, (rate, args.duration), reserved).await?
        }
        (Some(rate), None) => bench.run(rate, args.duration).await?,
        (None, _) => find_max::find_max(&bench, args.duration, &args.slo).await?,
    };
    report::write(&args.out, &run)?;
    Ok(run.result)
}

pub(crate) async fn asked_to_stop() -> BenchError {
    let wait = async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok::<_, std::io::Error>(())
    };
    match wait.await {
        Ok(()) => {
            BenchError::failed("the run: found an interrupt, expected to finish; start it again")
        }
        Err(e) => BenchError::failed(format!("signals: {e}")),
    }
}
