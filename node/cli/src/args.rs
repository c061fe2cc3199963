//! The command line.

use clap::Parser;
use clap::Subcommand;

use crate::commands::account::AccountArgs;
use crate::commands::block::BlockArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::keys::KeysCommand;
use crate::commands::light::LightCommand;
use crate::commands::localnet::LocalnetCommand;
use crate::commands::market::MarketArgs;
use crate::commands::node::NodeCommand;
use crate::commands::order::OrderCommand;
use crate::commands::position::PositionArgs;
use crate::commands::query::QueryArgs;
use crate::commands::transfer::TransferArgs;
use crate::commands::tx::TxCommand;
use crate::commands::validator::ValidatorCommand;

/// Heddle: a blockchain node for derivatives.
#[derive(Debug, Parser)]
#[command(name = "heddle", version, arg_required_else_help = true, subcommand_required = true)]
#[command(
    after_help = "Example:\n  heddle localnet start\n  heddle transfer --home .heddle/localnet \
    --from .heddle/localnet/accounts/alice.json --to ADDRESS --amount-ui 1.5 --wait"
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
    /// A local cluster of validators, one process each
    #[command(subcommand)]
    Localnet(LocalnetCommand),
    /// One validator
    #[command(subcommand)]
    Node(NodeCommand),
    /// Who the validators are: list them, let one join or leave, change power, key or address
    #[command(subcommand)]
    Validator(ValidatorCommand),
    /// Key files
    #[command(subcommand)]
    Keys(KeysCommand),
    /// What an account holds
    Account(AccountArgs),
    /// Pay somebody
    Transfer(TransferArgs),
    /// Markets: all of them, or one with its book
    Market(MarketArgs),
    /// Orders: buy, sell, list, cancel, amend
    #[command(subcommand)]
    Order(OrderCommand),
    /// A margin account: positions, collateral, agents
    Position(PositionArgs),
    /// Transactions step by step: build, sign, send, show, simulate
    #[command(subcommand)]
    Tx(TxCommand),
    /// A final block
    Block(BlockArgs),
    /// A value in state
    Query(QueryArgs),
    /// Reading the chain through nodes that are not trusted
    #[command(subcommand)]
    Light(LightCommand),
    /// A script that completes commands in a shell
    Completions(CompletionsArgs),
}
