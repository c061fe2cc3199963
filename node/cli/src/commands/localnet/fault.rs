//! `heddle localnet kill|start-one|pause|resume I`.

use clap::Args;
use serde_json::json;

use super::options;
use super::options::HomeArgs;
use crate::error::CliError;
use crate::output::Output;

/// Which validator.
#[derive(Debug, Args)]
pub(crate) struct FaultArgs {
    /// The validator's index, from 0
    #[arg(value_name = "I")]
    index: u16,
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn kill(args: &FaultArgs, output: Output) -> Result<(), CliError> {
    let pid = args.home.open()?.kill(args.index)?;
    report(args, pid, "killed", output)
}

pub(crate) fn start_one(args: &FaultArgs, output: Output) -> Result<(), CliError> {
    let pid = args.home.open()?.start_one(args.index, &options::program()?)?;
    report(args, pid, "started", output)
}

pub(crate) fn pause(args: &FaultArgs, output: Output) -> Result<(), CliError> {
    let pid = args.home.open()?.pause(args.index)?;
    report(args, pid, "paused", output)
}

pub(crate) fn resume(args: &FaultArgs, output: Output) -> Result<(), CliError> {
    let pid = args.home.open()?.resume(args.index)?;
    report(args, pid, "resumed", output)
}

fn report(args: &FaultArgs, pid: u32, done: &str, output: Output) -> Result<(), CliError> {
    let index = args.index;
    let value = json!({ "index": index, "pid": pid, "done": done });
    output.result(&value, |_| format!("{done} validator {index} (process {pid})"))
}
