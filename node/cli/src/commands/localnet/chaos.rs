//! `heddle localnet chaos`.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::ArgGroup;
use clap::Args;
use heddle_localnet::chaos;
use heddle_localnet::chaos::ChaosOptions;
use heddle_localnet::chaos::Report;
use heddle_localnet::chaos::Source;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::Settings;
use heddle_types::Millis;
use heddle_validator::home;

use super::options;
use super::stop_flag::stop_flag;
use crate::error::CliError;
use crate::output::Output;

/// Bytes of a plan.
const PLAN_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How often a power is changed beside faults by chance.
const POWER_CHANGES: Duration = Duration::from_secs(15);

/// Harm a localnet's nodes under load, and check all that they say.
///
/// Faults come one after the other, each healed before the next: kills, pauses, restart storms, power loss of all, partitions
/// (full, partial, one way), slow and lossy links, wrong clocks, a full disk, flipped bits in db/ and safety, an emptied db/.
/// The authority changes the validators' power meanwhile, so that epochs begin and end; followers that were added are harmed too. After
/// each fault, all must vote and have new final blocks within a bound; all along, and of everything once more at the end: equal hashes,
/// roots and receipts at every height, nothing final lost or final without a quorum, supply exact, no refusal for ever that is included
/// later, no evidence, no final height that goes back; and every home is executed again. Exit 0: all holds; 1: something does not, and
/// the homes are kept.
///
/// Without --home it makes a localnet of four validators, and removes it when all holds. One that exists is started if it does not
/// run, and is stopped at the end; its validators' databases may be emptied and fetched anew.
///
/// A plan is a JSON array of steps, or one a line, or what an earlier run printed with --json. `at` is in milliseconds since the
/// beginning, later when the step before is not over:
///
///   {"at":2000,"fault":{"kind":"kill","validator":2,"downMs":1500}}
///   {"at":0,"fault":{"kind":"pause","validator":1,"ms":3000}}
///   {"at":0,"fault":{"kind":"storm","validator":1,"restarts":4}}
///   {"at":0,"fault":{"kind":"powerLoss","downMs":500}}
///   {"at":0,"fault":{"kind":"partition","cuts":"0,1/2,3","ms":5000}}
///   {"at":0,"fault":{"kind":"latency","delayMs":50,"jitterMs":10,"lossPercent":1,"ms":5000}}
///   {"at":0,"fault":{"kind":"clock","validator":0,"offsetMs":-700,"ms":3000}}
///   {"at":0,"fault":{"kind":"diskFull","validator":3}}
///   {"at":0,"fault":{"kind":"damageDb","validator":3,"seed":7,"bytes":5}}
///   {"at":0,"fault":{"kind":"damageSafety","validator":3,"seed":7}}
///   {"at":0,"fault":{"kind":"emptyDb","validator":3}}
///   {"at":0,"fault":{"kind":"under","cuts":"0/1","delayMs":20,"lossPercent":1,"fault":{"kind":"powerLoss","downMs":500}}}
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  heddle localnet chaos --random --duration 10m --seed 7 --json\n  heddle localnet chaos --plan run.json"
)]
#[command(group = ArgGroup::new("source").required(true).args(["plan", "random"]))]
pub(crate) struct ChaosArgs {
    /// Faults from a file
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Faults drawn from the seed
    #[arg(long, requires = "duration")]
    random: bool,
    /// How long faults go on; a plan ends with its last one unless this is given
    #[arg(long, value_name = "TIME", value_parser = home::parse_span)]
    duration: Option<Millis>,
    /// What chances come from [default: random]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Transfers that are sent a second
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// How often a validator's power is changed, and with it the epoch [default: 15s with --random, never with --plan]
    #[arg(long, value_name = "TIME", value_parser = home::parse_span)]
    power_changes: Option<Millis>,
    /// The localnet's directory; a temporary one without it
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

impl ChaosArgs {
    fn power_changes(&self) -> Option<Duration> {
        let by_chance = self.random.then_some(POWER_CHANGES);
        self.power_changes.map(|pause| Duration::from_millis(pause.get())).or(by_chance)
    }
}

pub(crate) fn run(args: &ChaosArgs, output: Output) -> Result<(), CliError> {
    let stop = stop_flag()?;
    let seed = args.seed.map_or_else(random_seed, Ok)?;
    // A wrong plan is known before a localnet is made.
    let made = args.home.as_deref().filter(|dir| Cluster::exists(dir)).map(Cluster::open);
    let made = made.transpose()?;
    let fresh = Settings::default().validators;
    let sizes = made
        .as_ref()
        .map_or((fresh, fresh), |cluster| (cluster.settings().validators, cluster.nodes()));
    let options = ChaosOptions {
        source: source(args, sizes)?,
        duration: args.duration.map(|duration| Duration::from_millis(duration.get())),
        seed,
        rate: args.rate,
        power_changes: args.power_changes(),
    };
    let (cluster, temporary) = match (made, &args.home) {
        (Some(cluster), _) => (cluster, None),
        (None, Some(dir)) => (init(dir)?, None),
        (None, None) => {
            let dir = chaos::temporary_home()?;
            (init(&dir.join("net"))?, Some(dir))
        }
    };
    eprintln!("seed {seed}, localnet {}", cluster.dir().display());
    let is_asked = || stop.load(Ordering::Relaxed);
    let report = chaos::run(
        &cluster,
        &options::program()?,
        &options,
        (is_asked, |line| eprintln!("{line}")),
    );
    let mut report = report.map_err(|error| kept(error.into(), cluster.dir()))?;
    match temporary.filter(|_| report.is_ok()) {
        Some(dir) => fs::remove_dir_all(&dir).map_err(|error| {
            CliError::refused(format!("{}: found {error}, expected to remove it", dir.display()))
        })?,
        None => report.home = Some(cluster.dir().display().to_string()),
    }
    output.result(&report, text)?;
    if report.is_ok() { Ok(()) } else { Err(failed(&report, cluster.dir())) }
}

fn source(args: &ChaosArgs, sizes: (u16, u16)) -> Result<Source, CliError> {
    let Some(path) = &args.plan else { return Ok(Source::Random) };
    let wrong = |found: String| {
        let path = path.display();
        CliError::usage(format!(
            "{path}: found {found}, expected a plan of at most 4 MiB; see --help"
        ))
    };
    let bytes = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if bytes > PLAN_BYTES_MAX {
        return Err(wrong(format!("{bytes} bytes")));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Ok(Source::Plan(chaos::parse_plan(&text, sizes)?))
}

/// Free ports, so that no other localnet is in the way.
fn init(dir: &Path) -> Result<Cluster, CliError> {
    Ok(Cluster::init(dir, &Settings { port_base: 0, ..Settings::default() })?)
}

fn random_seed() -> Result<u64, CliError> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(CliError::no_random)?;
    Ok(u64::from(u32::from_le_bytes(bytes)))
}

fn text(report: &Report) -> String {
    let mut lines = vec![format!(
        "{} faults in {} s, seed {}, final height {}, {} transactions",
        report.faults, report.seconds, report.seed, report.final_height, report.transactions
    )];
    lines.extend(report.checks.iter().map(|check| {
        let mark = if check.ok { "ok  " } else { "FAIL" };
        format!("  {mark}  {:<22}{}", check.name, check.detail)
    }));
    lines.join("\n")
}

fn failed(report: &Report, dir: &Path) -> CliError {
    let failed = report.checks.iter().filter(|check| !check.ok);
    let failed: Vec<String> =
        failed.map(|check| format!("{} ({})", check.name, check.detail)).collect();
    let line = format!(
        "chaos: found {}, expected all checks to hold; see the homes in {} and run the printed timeline as a --plan",
        failed.join("; "),
        dir.display()
    );
    CliError::refused(line).printed()
}

fn kept(error: CliError, dir: &Path) -> CliError {
    CliError::new(error.exit_code(), format!("{error}; the homes are kept in {}", dir.display()))
}
