//! The `heddle` binary: a validator, a local cluster of them, and a client of either.
//!
//! Every command prints its result on stdout, as text or with `--json` as one JSON document; everything else goes to
//! stderr. Exit codes: 0 done, 1 refused or failed, 2 bad usage, 3 no answer and the outcome unknown; `node run` has its
//! own, see `heddle node run --help`.

mod amount;
mod args;
mod commands;
mod error;
mod figures;
mod grid;
mod hex_arg;
mod nonce;
mod output;
mod program_arg;
mod rpc;
mod sending;
mod signer;
mod submission;
mod table;
mod target;
mod trader;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tikv_jemallocator::Jemalloc;

use args::Args;
use error::CliError;
use output::Output;

/// Blocks allocate on one thread what another frees, which takes the system's allocator a lock each time.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let output = Output::new(args.json);
    match commands::run(args.command, output) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output.failure(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// What clap has to say: help and version on stdout, anything else as one line of ours.
fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let is_help = error.exit_code() == 0;
            // Whoever closed the pipe has read enough.
            let _ = error.print();
            ExitCode::from(if is_help { 0 } else { 2 })
        }
        _ => {
            let error = CliError::from_clap(error);
            let json = std::env::args_os().any(|arg| arg == "--json");
            Output::new(json).failure(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
