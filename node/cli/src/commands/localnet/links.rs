//! `heddle localnet partition|heal|latency`.

use std::collections::BTreeSet;

use clap::Args;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::Latency;
use heddle_localnet::cluster::Links;
use heddle_localnet::cluster::LinksSet;
use heddle_localnet::cluster::Partition;
use heddle_rpc_api::limits::LINK_MS_MAX;
use heddle_types::Millis;
use heddle_validator::home;

use super::options::HomeArgs;
use crate::error::CliError;
use crate::output::Output;

/// Cut validators off from each other, inside the nodes and under QUIC, which sees every datagram lost.
///
/// Groups are cut off from each other both ways; a validator in none of them stays connected to all. '0>1' cuts one way: what
/// 0 sends to 1 is lost. Several are in force together, and replace those of an earlier command; latency stays. A partition is
/// remembered in faults.json: a validator that is started or resumed has it too, and a start of the whole localnet ends it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  heddle localnet partition 0,1/2,3\n  heddle localnet partition 0/1,2,3 '2>3'"
)]
pub(crate) struct PartitionArgs {
    /// Groups of indices like 0,1/2,3, or one way like '0>1,2' (quoted, for the shell)
    #[arg(value_name = "GROUPS", required = true)]
    partitions: Vec<String>,
    #[command(flatten)]
    home: HomeArgs,
}

/// End all faults of links: partitions, latency and loss.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle localnet heal")]
pub(crate) struct HealArgs {
    #[command(flatten)]
    home: HomeArgs,
}

/// Make every link between validators slow and lossy, each way; 0ms and no --loss ends it. Partitions stay.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle localnet latency 50ms --jitter 10ms --loss 1%")]
pub(crate) struct LatencyArgs {
    /// How much later datagrams arrive, up to 60s
    #[arg(value_name = "TIME", value_parser = parse_wait)]
    delay: Millis,
    /// How much later still at most, by chance
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = parse_wait)]
    jitter: Millis,
    /// How many of a hundred are lost, by chance
    #[arg(long, value_name = "N%", default_value = "0%", value_parser = parse_percent)]
    loss: u8,
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn partition(args: &PartitionArgs, output: Output) -> Result<(), CliError> {
    let cluster = args.home.open()?;
    let validators = cluster.settings().validators;
    let mut cuts = BTreeSet::new();
    for text in &args.partitions {
        cuts.extend(Partition::parse(text, validators)?.0);
    }
    let links = Links { cuts, ..cluster.links()? };
    set(&cluster, links, output)
}

pub(crate) fn heal(args: &HealArgs, output: Output) -> Result<(), CliError> {
    set(&args.home.open()?, Links::default(), output)
}

pub(crate) fn latency(args: &LatencyArgs, output: Output) -> Result<(), CliError> {
    let cluster = args.home.open()?;
    let latency = Latency {
        delay_ms: args.delay.get(),
        jitter_ms: args.jitter.get(),
        loss_percent: args.loss,
    };
    let latency = Some(latency).filter(|latency| *latency != Latency::default());
    set(&cluster, Links { latency, ..cluster.links()? }, output)
}

fn set(cluster: &Cluster, links: Links, output: Output) -> Result<(), CliError> {
    output.result(&cluster.set_links(links)?, text)
}

fn text(set: &LinksSet) -> String {
    let LinksSet { links, later } = set;
    let cuts = links.cuts.iter().map(|(from, to)| format!("{from}>{to}")).collect::<Vec<_>>();
    let mut lines = vec![match (cuts.is_empty(), links.latency) {
        (true, None) => "all links are well".to_owned(),
        (true, Some(latency)) => slow(latency),
        (false, None) => format!("cut: {}", cuts.join(" ")),
        (false, Some(latency)) => format!("cut: {}; {}", cuts.join(" "), slow(latency)),
    }];
    if !later.is_empty() {
        lines.push(format!("validators {later:?} do not run: they have it once they do"));
    }
    lines.join("\n")
}

fn slow(latency: Latency) -> String {
    let Latency { delay_ms, jitter_ms, loss_percent } = latency;
    format!("every link: {delay_ms} ms later, {jitter_ms} ms jitter, {loss_percent} % lost")
}

fn parse_wait(text: &str) -> Result<Millis, String> {
    let wait = home::parse_span(text).ok().filter(|wait| wait.get() <= LINK_MS_MAX);
    wait.ok_or_else(|| "expected a length of time like 50ms or 2s, up to 60s".to_owned())
}

fn parse_percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<u8>();
    let number = number.ok().filter(|number| *number <= 100);
    number.ok_or_else(|| "expected 0% to 100%, whole".to_owned())
}
