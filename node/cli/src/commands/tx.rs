//! `heddle tx build|sign|send|show|simulate`: transactions step by step. Building, signing and showing need no node.

pub(crate) mod build;
mod send;
mod show;
mod sign;
mod simulate;

use clap::Subcommand;

use crate::error::CliError;
use crate::output::Output;

/// Transactions step by step.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  heddle tx show 02cd…")]
pub(crate) enum TxCommand {
    /// Build an unsigned transaction; needs no node
    #[command(subcommand)]
    Build(build::BuildCommand),
    /// Sign an unsigned transaction; needs no node
    Sign(sign::SignArgs),
    /// Send a signed transaction
    Send(send::SendArgs),
    /// Decode a transaction, signed or not; needs no node
    Show(show::ShowArgs),
    /// See what a signed transaction would do now
    Simulate(simulate::SimulateArgs),
}

pub(crate) fn run(command: TxCommand, output: Output) -> Result<(), CliError> {
    match command {
        TxCommand::Build(command) => build::run(&command),
        TxCommand::Sign(args) => sign::run(&args),
        TxCommand::Send(args) => send::run(&args),
        TxCommand::Show(args) => show::run(&args, output),
        TxCommand::Simulate(args) => simulate::run(&args, output),
    }
}
