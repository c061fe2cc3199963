//! `replay`: what happened elsewhere, through this chain or its engine, and a check of what comes out.

mod chain;
mod engine;
mod ethereum;
mod lines;

use std::num::NonZeroU128;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::value_parser;

use crate::error::BenchError;
use crate::target::Target;

/// Replay real transfers or recorded order flow and check what comes out
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  heddle-bench replay --ethereum data/ethereum --home .heddle/localnet --check --json\n  \
    heddle-bench replay --orderflow data/orderflow/FILE.gz --engine\n  \
    heddle-bench replay --orderflow data/orderflow/FILE.gz --market BTC-PERP --home .heddle/localnet --check\n\n\
    Exit 0: all final, ok, and everything that was checked is right; 1: something is not."
)]
pub(crate) struct ReplayArgs {
    /// A directory of access traces, N.jsonl.gz
    #[arg(long, value_name = "DIR", required_unless_present = "orderflow")]
    ethereum: Option<PathBuf>,
    /// A recording of order flow: gzipped lines of @depth, @bookTicker and @trade
    #[arg(long, value_name = "FILE", conflicts_with = "ethereum")]
    orderflow: Option<PathBuf>,
    /// Of order flow: through an order book here, without a chain
    #[arg(long, requires = "orderflow", conflicts_with_all = ["home", "rpc", "faucet", "check", "market", "publisher", "round"])]
    engine: bool,
    /// Of order flow: through this market of a chain
    #[arg(long, value_name = "M", requires = "orderflow", conflicts_with = "ethereum")]
    market: Option<String>,
    /// Of order flow: the key file that posts the recorded prices; a localnet without a price feed has its own
    #[arg(long, value_name = "KEYFILE", requires = "orderflow", conflicts_with = "ethereum")]
    publisher: Option<PathBuf>,
    /// Of order flow: updates that are sent before the books are compared; fewer take longer
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "ethereum", value_parser = value_parser!(u16).range(1..=1000))]
    round: u16,
    /// Of transfers: how many wei make one base unit of HDL
    #[arg(long, value_name = "N", default_value = "1000000000")]
    scale: NonZeroU128,
    #[command(flatten)]
    target: Target,
    /// Compare what is on the chain with a computation outside of it
    #[arg(long)]
    check: bool,
    /// Of transfers: write the final balances to a file, as {ethereumAddress: balance}
    #[arg(long, value_name = "FILE", requires = "ethereum")]
    balances: Option<PathBuf>,
}

pub(crate) async fn run(args: &ReplayArgs, json: bool) -> Result<bool, BenchError> {
    match (&args.ethereum, &args.orderflow, &args.market) {
        (Some(dir), ..) => ethereum::run(&args.transfers(dir), json).await,
        (None, Some(file), _) if args.engine => engine::run(file, json),
        (None, Some(file), Some(market)) => chain::run(&args.flow(file, market), json).await,
        (None, ..) => Err(BenchError::usage(
            "--orderflow: found no place to replay it, expected --market M of a chain, or --engine; give one of them",
        )),
    }
}

impl ReplayArgs {
    fn flow<'a>(&'a self, file: &'a Path, market: &'a str) -> chain::Plan<'a> {
        let publisher = self.publisher.as_deref();
        let (round, check) = (usize::from(self.round), self.check);
        chain::Plan { file, market, target: &self.target, publisher, round, check }
    }

    fn transfers<'a>(&'a self, dir: &'a Path) -> ethereum::Plan<'a> {
        ethereum::Plan {
            dir,
            scale: self.scale,
            target: &self.target,
            check: self.check,
            balances: self.balances.as_deref(),
        }
    }
}
