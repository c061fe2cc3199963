//! The command line.

use clap::Parser;
use clap::Subcommand;

use crate::book::BookArgs;
use crate::compare::CompareArgs;
use crate::crypto::CryptoArgs;
use crate::exec::ExecArgs;
use crate::load::LoadArgs;
use crate::recover::RecoverArgs;
use crate::replay::ReplayArgs;
use crate::state::StateArgs;

/// Heddle's benchmarks and load generator.
#[derive(Debug, Parser)]
#[command(
    name = "heddle-bench",
    version,
    arg_required_else_help = true,
    subcommand_required = true
)]
#[command(
    after_help = "Example:\n  heddle-bench load transfer --home .heddle/localnet --rate 1000 --duration 60s --out run"
)]
pub(crate) struct Args {
    /// Print exactly one JSON document on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Replay(ReplayArgs),
    Load(LoadArgs),
    Recover(RecoverArgs),
    Compare(CompareArgs),
    Exec(ExecArgs),
    State(StateArgs),
    Crypto(CryptoArgs),
    Book(BookArgs),
}
