//! `heddle localnet status`.

use clap::Args;
use heddle_localnet::cluster::ClusterStatus;

use super::options::HomeArgs;
use crate::error::CliError;
use crate::output::Output;

/// What every validator does.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle localnet status --home ./net --json")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn run(args: &StatusArgs, output: Output) -> Result<(), CliError> {
    output.result(&args.home.open()?.status()?, text)
}

fn text(status: &ClusterStatus) -> String {
    let mut lines = vec![
        format!("localnet {}, chain {}", status.home, status.chain_id),
        "  #  state       pid  final height    view  peers  votes  rpc".to_owned(),
    ];
    for validator in &status.validators {
        let pid = validator.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        let (height, view, peers, votes) = match &validator.status {
            None => ("-".to_owned(), "-".to_owned(), "-".to_owned(), "-"),
            Some(status) => (
                status.final_height.to_string(),
                status.view.to_string(),
                status.peers.to_string(),
                match (validator.validator, status.voting) {
                    // Whoever was added as a follower may have joined the validators since.
                    (_, true) => "yes",
                    (true, false) => "no",
                    (false, false) => "never",
                },
            ),
        };
        lines.push(format!(
            "{:>3}  {:<7}{pid:>8}{height:>14}{view:>8}{peers:>7}  {votes:<5}  {}",
            validator.index,
            validator.state.as_str(),
            validator.rpc
        ));
    }
    lines.push(match status.feed {
        Some(pid) => format!("price feed  process {pid}"),
        None => "price feed  down: markets take cancels only; `heddle localnet feed` starts it"
            .to_owned(),
    });
    lines.join("\n")
}
