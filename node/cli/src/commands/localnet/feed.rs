//! `heddle localnet feed`.

use clap::Args;
use heddle_localnet::feed;
use heddle_localnet::feed::FeedOptions;
use serde_json::json;

use super::options::HomeArgs;
use super::stop_flag::stop_flag;
use crate::error::CliError;
use crate::output::Output;

/// Post prices of a localnet's markets until SIGINT or SIGTERM; `heddle localnet start` does this unless it has --no-feed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle localnet feed --home ./net --market-maker --seed 7")]
pub(crate) struct FeedArgs {
    #[command(flatten)]
    home: HomeArgs,
    #[command(flatten)]
    behaviour: BehaviourArgs,
    /// End when this process is no more the parent
    #[arg(long, value_name = "PID", hide = true)]
    parent: Option<u32>,
}

/// How the feed behaves.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct BehaviourArgs {
    /// Quote both sides of every market too, and trade a little
    #[arg(long)]
    market_maker: bool,
    /// What the feed's chances come from [default: random]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// How many times faster than on a quiet day prices move, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    speed: u16,
}

impl BehaviourArgs {
    /// As arguments of `heddle localnet feed`.
    pub(super) fn to_args(self) -> Vec<String> {
        let mut args = vec!["--speed".to_owned(), self.speed.to_string()];
        if let Some(seed) = self.seed {
            args.extend(["--seed".to_owned(), seed.to_string()]);
        }
        if self.market_maker {
            args.push("--market-maker".to_owned());
        }
        args
    }
}

pub(crate) fn run(args: &FeedArgs, output: Output) -> Result<(), CliError> {
    let stop = stop_flag()?;
    let seed = args.behaviour.seed.map_or_else(random_seed, Ok)?;
    let options = FeedOptions {
        seed,
        speed: args.behaviour.speed,
        market_maker: args.behaviour.market_maker,
    };
    let is_orphan =
        || args.parent.is_some_and(|parent| std::os::unix::process::parent_id() != parent);
    let is_asked = || stop.load(std::sync::atomic::Ordering::Relaxed) || is_orphan();
    eprintln!("price feed: seed {seed}");
    feed::run(&args.home.home, &options, is_asked, |line| eprintln!("price feed: {line}"))?;
    output.result(&json!({ "seed": seed, "stopped": true }), |_| "stopped".to_owned())
}

fn random_seed() -> Result<u64, CliError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(CliError::no_random)?;
    Ok(u64::from_le_bytes(bytes))
}
