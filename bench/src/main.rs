//! The `heddle-bench` binary: replays real transfers on running validators and checks every balance, offers load and
//! measures latency, harms validators and measures how they recover, races the engine's ways of running a block, and times single parts of the node.
//!
//! Results go to stdout, as text or with `--json` as one JSON document; everything else goes to stderr. Exit codes: 0 done and
//! right, 1 refused, failed, or something is not right, 2 bad usage, 3 no answer.

mod args;
mod book;
mod compare;
mod crypto;
mod deliver;
mod error;
mod exec;
mod expected;
mod fund;
mod limits;
mod load;
mod machine;
mod network;
mod orderflow;
mod output;
mod packed_lines;
mod recover;
mod replay;
mod state;
mod submit;
mod target;
mod trace;
mod wallet;

use std::future::Future;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tikv_jemallocator::Jemalloc;

use args::Args;
use args::Command;
use error::BenchError;

/// As in `heddle`, so that what is measured here is what nodes do.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            output::failure(args.json, &error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Whether everything was right.
fn run(args: &Args) -> Result<bool, BenchError> {
    let json = args.json;
    match &args.command {
        Command::Replay(replay) => wait(replay::run(replay, json)),
        Command::Load(load) => load::run(load, json),
        Command::Recover(recover) => recover::run(recover, json),
        Command::Compare(compare) => compare::run(compare, json),
        Command::Exec(exec) => exec::run(exec, json),
        Command::State(state) => state::run(state, json),
        Command::Crypto(crypto) => crypto::run(crypto, json),
        Command::Book(book) => book::run(book, json),
    }
}

/// Runs `future` with IO, on two threads: the machine is shared with the validators.
fn wait<T>(future: impl Future<Output = Result<T, BenchError>>) -> Result<T, BenchError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|e| BenchError::failed(format!("threads: {e}")))?.block_on(future)
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
            let json = std::env::args_os().any(|arg| arg == "--json");
            let error = BenchError::from_clap(error);
            output::failure(json, &error);
            ExitCode::from(error.exit_code())
        }
    }
}
