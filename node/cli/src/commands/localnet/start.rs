//! `heddle localnet start`.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use clap::Args;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::Manifest;
use heddle_localnet::cluster::Running;
use heddle_rpc_api::GetMarkets;
use heddle_rpc_api::Market;
use heddle_types::Millis;
use heddle_validator::home;

use super::feed::BehaviourArgs;
use super::options;
use super::options::HomeArgs;
use super::options::SettingsArgs;
use super::status_line::StatusLine;
use super::stop_flag::stop_flag;
use crate::error::CliError;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::target::Target;

/// How often the foreground looks after its validators.
const TICK: Duration = Duration::from_millis(50);
/// How long the first prices may take before the localnet is ready without them.
const PRICES_MAX: Duration = Duration::from_secs(5);

/// Start a localnet, making it first if there is none; stay until SIGINT, SIGTERM, --duration or `heddle localnet stop`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle localnet start --validators 4 --home ./net --port-base 0 --detach"
)]
pub(crate) struct StartArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    home: HomeArgs,
    /// Return once it is ready, and let it run in the background
    #[arg(long)]
    detach: bool,
    /// End it after this long
    #[arg(long, value_name = "TIME", value_parser = home::parse_span)]
    duration: Option<Millis>,
    /// Throw an existing chain away first
    #[arg(long)]
    reset: bool,
    /// Start no price feed: markets take cancels only
    #[arg(long, conflicts_with_all = ["market_maker", "seed", "speed"])]
    no_feed: bool,
    #[command(flatten)]
    feed: BehaviourArgs,
}

pub(crate) fn run(args: &StartArgs, output: Output) -> Result<(), CliError> {
    let cluster = prepare(args)?;
    if args.detach {
        return detach(&cluster, args, output);
    }
    let stop = stop_flag()?;
    let is_asked = || stop.load(Ordering::Relaxed);
    let mut running = cluster.start(&options::program()?, is_asked)?;
    // One that was asked to stop before it was ready does not say that it is.
    let is_ready = !is_asked();
    if is_ready && !args.no_feed {
        running = running.with_feed(&options::program()?, &args.feed.to_args())?;
        await_prices(running.cluster(), is_asked);
    }
    let mut outcome = if is_ready { output.result(running.manifest(), text) } else { Ok(()) };
    if outcome.is_ok() {
        outcome = watch(&mut running, args.duration, is_asked);
    }
    // Whatever went wrong, the validators are ended.
    running.end()?;
    outcome
}

fn prepare(args: &StartArgs) -> Result<Cluster, CliError> {
    let (dir, wanted) = (&args.home.home, args.settings.wanted());
    if !Cluster::exists(dir) {
        return Ok(Cluster::init(dir, &wanted.for_new()?)?);
    }
    if args.reset {
        let old = Cluster::open(dir)?.settings().clone();
        return Ok(Cluster::reset(dir, Some(wanted.over(&old)?))?);
    }
    let cluster = Cluster::open(dir)?;
    wanted.check_against(cluster.settings())?;
    Ok(cluster)
}

/// Waits until the markets take orders, which they do from their first prices on: whoever reads that the localnet is ready trades. A
/// chain on which that takes longer is ready all the same.
fn await_prices(cluster: &Cluster, is_asked: impl Fn() -> bool) {
    let Ok(rpc) = Rpc::new(&Target::of_home(cluster.dir())) else { return };
    let end = Instant::now() + PRICES_MAX;
    let has_prices = |markets: &[Market]| {
        !markets.is_empty() && markets.iter().all(|market| market.mode != "cancelOnly")
    };
    while !is_asked() && Instant::now() < end {
        if rpc.call(&GetMarkets {}).is_ok_and(|markets| has_prices(&markets)) {
            break;
        }
        thread::sleep(TICK);
    }
}

fn watch(
    running: &mut Running,
    duration: Option<Millis>,
    is_asked: impl Fn() -> bool,
) -> Result<(), CliError> {
    let end = duration.map(|duration| Instant::now() + Duration::from_millis(duration.get()));
    let mut line = StatusLine::new()?;
    while !is_asked() && end.is_none_or(|end| Instant::now() < end) {
        running.refresh()?;
        line.update(running.cluster())?;
        thread::sleep(TICK);
    }
    line.clear();
    Ok(())
}

/// Runs the same in a process and process group of its own, and returns when that one says that it is ready.
fn detach(cluster: &Cluster, args: &StartArgs, output: Output) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::refused(format!(
            "background process: found {error}, expected it to start; check {} and the limits of processes",
            cluster.dir().display()
        ))
    };
    let mut command = Command::new(options::program()?);
    command.args(["localnet", "start", "--json", "--home"]).arg(cluster.dir());
    if args.no_feed {
        command.arg("--no-feed");
    } else {
        command.args(args.feed.to_args());
    }
    if let Some(duration) = args.duration {
        command.arg("--duration").arg(home::format_span(duration));
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    let mut first = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut first).map_err(failed)?;
    }
    if let Ok(manifest) = serde_json::from_str::<Manifest>(&first) {
        return output.result(&manifest, text);
    }
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said).map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0);
    let last = said.lines().last().unwrap_or("it ended without a word");
    Err(CliError::new(code.unwrap_or(1), last.trim_start_matches("error: ")))
}

fn text(manifest: &Manifest) -> String {
    let mut lines =
        vec![format!("localnet {} is ready, chain {}", manifest.home, manifest.chain_id)];
    lines.extend(manifest.validators.iter().map(|validator| {
        format!("  validator {}  {}  {}", validator.index, validator.rpc, validator.home)
    }));
    let names: Vec<&str> = manifest.accounts.iter().map(|account| account.name.as_str()).collect();
    lines.push(format!("  accounts     {}", names.join(", ")));
    lines.push(match manifest.feed.pid {
        Some(_) => "  markets      BTC-PERP, ETH-PERP; try `heddle market`".to_owned(),
        None => "  markets      BTC-PERP, ETH-PERP, without a price feed: cancels only".to_owned(),
    });
    lines.join("\n")
}
