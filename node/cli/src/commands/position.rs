//! `heddle position`: a margin account, its positions, collateral and agents.

mod agent;
mod collateral;
mod show;

use clap::Args;
use clap::Subcommand;
use heddle_types::Address;

use crate::error::CliError;
use crate::output::Output;
use crate::trader::TraderArgs;

/// A margin account and its positions.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  heddle position --as alice\n  heddle position deposit 1000 --as alice"
)]
pub(crate) struct PositionArgs {
    /// The owner, unless --as or --from says who
    #[arg(value_name = "ADDRESS")]
    owner: Option<Address>,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(subcommand)]
    command: Option<PositionCommand>,
}

/// What to do with it.
#[derive(Debug, Subcommand)]
enum PositionCommand {
    /// Pay collateral in; opens the margin account if there is none yet
    #[command(after_help = "Example:\n  heddle position deposit 1000 --as alice\n  \
        heddle position deposit 500 --sub 1 --isolated ETH-PERP --as alice")]
    Deposit(collateral::DepositArgs),
    /// Take collateral out
    #[command(after_help = "Example:\n  heddle position withdraw 250.50 --as alice")]
    Withdraw(collateral::WithdrawArgs),
    /// Keys that may trade for the account, but not withdraw
    #[command(subcommand)]
    #[command(
        after_help = "Example:\n  heddle position agent add 8a88…5c --budget 100000 --for 24h --as alice"
    )]
    Agent(agent::AgentCommand),
}

pub(crate) fn run(args: &PositionArgs, output: Output) -> Result<(), CliError> {
    match &args.command {
        None => show::run(args.owner, &args.trader, output),
        Some(PositionCommand::Deposit(args)) => collateral::deposit(args, output),
        Some(PositionCommand::Withdraw(args)) => collateral::withdraw(args, output),
        Some(PositionCommand::Agent(command)) => agent::run(command, output),
    }
}
