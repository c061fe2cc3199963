//! `heddle localnet add`.

use clap::Args;
use heddle_localnet::cluster::Added;
use heddle_localnet::cluster::ManifestValidator;

use super::options;
use super::options::HomeArgs;
use crate::error::CliError;
use crate::output::Output;

/// Add a node to a localnet that runs, and return when it answers
///
/// It is a follower: a node with a key of its own and no vote. It begins with an empty database, fetches the chain from the validators,
/// answers every RPC method, and hands its users' transactions to validators. It is stopped and started with the localnet.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle localnet add --home ./net --json\n  heddle localnet add --standby"
)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    home: HomeArgs,
    /// Let it vote once its key has joined the committee by `heddle validator join`
    #[arg(long)]
    standby: bool,
}

pub(crate) fn run(args: &AddArgs, output: Output) -> Result<(), CliError> {
    let added = if args.standby { Added::Standby } else { Added::Follower };
    let added = args.home.open()?.add(added, &options::program()?)?;
    output.result(&added, text)
}

fn text(added: &ManifestValidator) -> String {
    let pid = added.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
    format!("node {} runs as process {pid} at {}, home {}", added.index, added.rpc, added.home)
}
