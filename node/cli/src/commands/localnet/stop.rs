//! `heddle localnet stop`.

use clap::Args;
use heddle_localnet::cluster::Stopped;
use serde_json::json;

use super::options::HomeArgs;
use crate::error::CliError;
use crate::output::Output;

/// End every validator, also when the process that started them is gone.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle localnet stop --home ./net")]
pub(crate) struct StopArgs {
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn run(args: &StopArgs, output: Output) -> Result<(), CliError> {
    let ran = args.home.open()?.stop()? == Stopped::Running;
    output.result(&json!({ "stopped": ran }), |_| {
        if ran { "stopped" } else { "nothing was running" }.to_owned()
    })
}
