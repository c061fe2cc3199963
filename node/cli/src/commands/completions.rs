//! `heddle completions SHELL`.

use clap::Args;
use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::args;
use crate::error::CliError;
use crate::output::Output;

/// A script that completes commands in a shell.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle completions bash > ~/.local/share/bash-completion/completions/heddle"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, output: Output) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::Args::command(), "heddle", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let value = json!({ "shell": args.shell.to_string(), "script": script });
    output.result(&value, |_| script.trim_end().to_owned())
}
