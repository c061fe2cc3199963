//! `heddle localnet init`.

use clap::Args;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::Manifest;

use super::options::HomeArgs;
use super::options::SettingsArgs;
use crate::error::CliError;
use crate::output::Output;

/// Write homes and genesis, start nothing.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle localnet init --validators 4 --home ./net --port-base 0"
)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn run(args: &InitArgs, output: Output) -> Result<(), CliError> {
    let settings = args.settings.wanted().for_new()?;
    let cluster = Cluster::init(&args.home.home, &settings)?;
    output.result(&cluster.manifest(), text)
}

fn text(manifest: &Manifest) -> String {
    format!(
        "made {}: {} validators, {} accounts, chain {}\nstart it with `heddle localnet start --home {}`",
        manifest.home,
        manifest.validators.len(),
        manifest.accounts.len(),
        manifest.chain_id,
        manifest.home
    )
}
