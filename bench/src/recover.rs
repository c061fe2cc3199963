//! `recover`: what a chain under load loses when a validator crashes or when too many stand still, and how soon one that starts
//! again signs.

mod faults;
mod pauses;
mod result;

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;
use heddle_localnet::cluster::Cluster;
use heddle_types::Height;
use heddle_types::Millis;

use crate::error::BenchError;
use crate::load;
use crate::load::Mix;
use crate::load::Workload;
use crate::load::own;
use crate::load::own::OwnLocalnet;
use crate::load::step::Bench;
use crate::load::step::Run;
use crate::machine;
use crate::machine::Machine;
use crate::network::Network;
use crate::output;
use crate::target::Target;
use faults::Harm;
use result::Crash;
use result::RecoverResult;
use result::Start;
use result::Stop;

/// A run in which a validator crashes.
const CRASH_RUN: Millis = Millis::new(5_000);
/// A run in which validators stand still.
const STOP_RUN: Millis = Millis::new(13_000);
/// A run in which a validator is started again.
const START_RUN: Millis = Millis::new(5_000);
/// A run that only makes blocks.
const PLAIN_RUN: Millis = Millis::new(20_000);

/// Harm validators of a localnet under load, and measure how it recovers
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle-bench recover --crashes 10 --stops 3 --starts 5 --history 10000 --json\n\n\
    Exit 0: roots, supply, sequences and balances were right after every run; 1: not."
)]
pub(crate) struct RecoverArgs {
    /// Validators of the localnet that is started for this
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u16).range(4..))]
    validators: u16,
    /// Transactions a second, to those that are not harmed
    #[arg(long, value_name = "R", default_value = "500")]
    rate: NonZeroU64,
    /// How often a validator is killed and started again
    #[arg(long, value_name = "N", default_value = "10")]
    crashes: u16,
    /// How often so many stand still for 5 s that the rest is no quorum
    #[arg(long, value_name = "N", default_value = "3")]
    stops: u16,
    /// How often the time from a start to a signature is taken
    #[arg(long, value_name = "N", default_value = "5")]
    starts: u16,
    /// Blocks that there are by then
    #[arg(long, value_name = "N", default_value = "10000")]
    history: u64,
    #[command(flatten)]
    mix: Mix,
}

/// Whether all was right after every run.
pub(crate) fn run(args: &RecoverArgs, json: bool) -> Result<bool, BenchError> {
    args.mix.check()?;
    let program = own::program()?;
    let own = OwnLocalnet::start(args.validators, None)?;
    let target = own.target();
    // Not before: validators that are started here inherit it.
    machine::run_first();
    let measured = crate::wait(async {
        tokio::select! {
            measured = measure(args, &target, program) => measured,
            asked = load::asked_to_stop() => Err(asked),
        }
    });
    own.end()?;
    let result = measured?;
    output::result(json, &result, RecoverResult::text)?;
    Ok(result.is_right)
}

async fn measure(
    args: &RecoverArgs,
    target: &Target,
    program: PathBuf,
) -> Result<RecoverResult, BenchError> {
    let mut result = RecoverResult {
        is_right: true,
        validators: args.validators,
        rate: args.rate.get(),
        crashes: Vec::new(),
        stops: Vec::new(),
        history: 0,
        starts: Vec::new(),
        machine: Machine::this(),
    };
    let harm = Harm::new(cluster(target)?, program)?;
    let but_one = bench(args, target, args.validators - 1).await?;
    for round in 0..args.crashes {
        output::progress(format_args!("crash {} of {}", round + 1, args.crashes));
        let run = but_one.run_beside((args.rate, CRASH_RUN), FOR_EVER, |start| harm.crash(start));
        let (run, crashed) = run.await?;
        result.is_right &= is_right(&run);
        result.crashes.push(Crash::of(&run.records, &crashed));
        harm.wait_voting().await?;
    }
    let stopped = (args.validators - 1) / 3 + 1;
    let rest = bench(args, target, args.validators - stopped).await?;
    for round in 0..args.stops {
        output::progress(format_args!("stop {} of {}", round + 1, args.stops));
        let run =
            rest.run_beside((args.rate, STOP_RUN), FOR_EVER, |start| harm.stop(start, stopped));
        let (run, stopped) = run.await?;
        result.is_right &= is_right(&run);
        result.stops.push(Stop::of(&run.records, &stopped)?);
    }
    while args.starts > 0 && but_one.network.executed_height().await?.get() < args.history {
        result.is_right &= is_right(&but_one.run(args.rate, PLAIN_RUN).await?);
    }
    result.history = but_one.network.executed_height().await?.get();
    for round in 0..args.starts {
        output::progress(format_args!("start {} of {}", round + 1, args.starts));
        let run = but_one.run_beside((args.rate, START_RUN), FOR_EVER, |start| harm.restart(start));
        let (run, start) = run.await?;
        result.is_right &= is_right(&run);
        result.starts.push(Start::of(start));
    }
    Ok(result)
}

/// No transaction here expires.
const FOR_EVER: Height = Height::new(u64::MAX);

/// What is offered goes to the first `nodes` validators, which are never harmed.
async fn bench(args: &RecoverArgs, target: &Target, nodes: u16) -> Result<Bench, BenchError> {
    let mut found = target.find()?;
    found.urls.truncate(nodes.into());
    let network = Network::connect(&found.urls).await?;
    Ok(Bench::new(Workload::Transfer, args.mix, network, found))
}

fn cluster(target: &Target) -> Result<Cluster, BenchError> {
    let cluster = target.nodes()?.cluster;
    cluster.ok_or_else(|| BenchError::failed("localnet: found none, expected the one started here"))
}

/// All that was offered succeeded, and the state says so.
const fn is_right(run: &Run) -> bool {
    run.result.gate.holds() && run.result.succeeded == run.result.offered
}
