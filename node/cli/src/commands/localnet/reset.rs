//! `heddle localnet reset`.

use clap::Args;
use heddle_localnet::cluster::Cluster;

use super::options::HomeArgs;
use crate::error::CliError;
use crate::output::Output;

/// Throw the chain and its keys away and make new ones with the same settings; the localnet must be stopped.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle localnet reset --home ./net")]
pub(crate) struct ResetArgs {
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn run(args: &ResetArgs, output: Output) -> Result<(), CliError> {
    let manifest = Cluster::reset(&args.home.home, None)?.manifest();
    output.result(&manifest, |manifest| {
        format!("made {} anew, chain {}", manifest.home, manifest.chain_id)
    })
}
