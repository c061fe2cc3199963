//! `heddle position agent add|revoke`.

use clap::Args;
use clap::Subcommand;
use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_num::Quote;
use heddle_rpc_api::parse_decimal;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Millis;
use heddle_types::UnixMillis;
use heddle_validator::home;

use super::collateral::Transfer;
use crate::commands::market;
use crate::commands::order::SendArgs;
use crate::error::CliError;
use crate::output::Output;
use crate::trader::TraderArgs;

/// Keys that may trade for an account.
#[derive(Debug, Subcommand)]
pub(super) enum AgentCommand {
    /// Let a key trade for the account, for a while and up to a notional
    #[command(
        after_help = "Example:\n  heddle position agent add 8a88…5c --budget 100000 --for 24h --as alice"
    )]
    Add(AddArgs),
    /// Let it trade no more, at once
    #[command(after_help = "Example:\n  heddle position agent revoke 8a88…5c --as alice")]
    Revoke(RevokeArgs),
}

/// A new agent, or other limits of one.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Whose key may trade
    #[arg(value_name = "ADDRESS")]
    agent: Address,
    /// The notional that it may place orders for, in whole dollars or whatever the collateral asset is
    #[arg(long, value_name = "AMOUNT")]
    budget: String,
    /// For how long
    #[arg(long = "for", value_name = "TIME", value_parser = home::parse_span, default_value = "24h")]
    span: Millis,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

/// An agent no more.
#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// Whose key
    #[arg(value_name = "ADDRESS")]
    agent: Address,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn run(command: &AgentCommand, output: Output) -> Result<(), CliError> {
    match command {
        AgentCommand::Add(args) => add(args, output),
        AgentCommand::Revoke(args) => revoke(args, output),
    }
}

fn add(args: &AddArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.trader.rpc()?;
    let account = args.trader.trader(&rpc)?.account;
    let budget = parse_decimal(&args.budget, account.quote_decimals);
    let budget = budget.ok().and_then(|budget| i128::try_from(budget).ok()).map(Quote::new);
    let budget = budget.ok_or_else(|| {
        CliError::usage(format!(
            "--budget: found {}, expected an amount of {} such as 100000; correct it",
            args.budget, account.quote_asset
        ))
    })?;
    let call = ClearingCall::SetAgent {
        account: AccountId::new(account.account),
        agent: args.agent,
        expiry: UnixMillis::new(market::now_ms()).after(args.span),
        budget,
    };
    Transfer { call, access: Access::DERIVED, send: &args.send }.run(&args.trader, &rpc, output)
}

fn revoke(args: &RevokeArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.trader.rpc()?;
    let account = args.trader.trader(&rpc)?.account.account;
    let call = ClearingCall::RevokeAgent { account: AccountId::new(account), agent: args.agent };
    Transfer { call, access: Access::DERIVED, send: &args.send }.run(&args.trader, &rpc, output)
}
