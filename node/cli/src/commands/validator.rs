//! `heddle validator`: who decides, and who is to.

mod change;
mod list;
mod names;
mod proof;

use clap::Subcommand;

use crate::error::CliError;
use crate::output::Output;

/// Validators.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  heddle validator list\n  heddle validator join --key ./v4/key.json --quic 127.0.0.1:27001 --power 1 --as faucet"
)]
pub(crate) enum ValidatorCommand {
    /// The committee, and who is to decide next
    #[command(after_help = "Example:\n  heddle validator list --home ./net")]
    List(list::ListArgs),
    /// Prove, without a node, that you hold a validator's key, for whoever sends the transaction
    #[command(
        after_help = "Example:\n  heddle validator prove --key ./v4/key.json --operator ADDRESS --genesis ./v4/genesis.json"
    )]
    Prove(proof::ProveArgs),
    /// Let a validator join: the authority signs
    #[command(
        after_help = "Example:\n  heddle validator join --key ./v4/key.json --quic 127.0.0.1:27001 --power 1 --as faucet\n  \
        heddle validator join --public-key KEY --proof PROOF --operator ADDRESS --quic 192.0.2.7:27001 --power 1 --from authority.json"
    )]
    Join(change::JoinArgs),
    /// Let a validator leave: its operator signs, or the authority
    #[command(
        after_help = "Example:\n  heddle validator leave KEY --as alice\n  heddle validator leave 3 --as faucet"
    )]
    Leave(change::LeaveArgs),
    /// Give a validator another weight in quorums: the authority signs
    #[command(after_help = "Example:\n  heddle validator power KEY 5 --as faucet")]
    Power(change::PowerArgs),
    /// Give a validator another key: its operator signs, or the authority
    #[command(
        after_help = "Example:\n  heddle validator rotate 1 --key ./new-key.json --as bob\n  \
        heddle validator rotate KEY --public-key NEW --proof PROOF --from operator.json"
    )]
    Rotate(change::RotateArgs),
    /// Say where a validator listens: its operator signs
    #[command(after_help = "Example:\n  heddle validator address KEY 192.0.2.7:27001 --as alice")]
    Address(change::AddressArgs),
    /// Hand the right to admit validators over to another account: the authority signs
    #[command(after_help = "Example:\n  heddle validator authority ADDRESS --as faucet")]
    Authority(change::AuthorityArgs),
}

pub(crate) fn run(command: ValidatorCommand, output: Output) -> Result<(), CliError> {
    match command {
        ValidatorCommand::List(args) => list::run(&args, output),
        ValidatorCommand::Prove(args) => proof::run(&args, output),
        ValidatorCommand::Join(args) => change::join(&args, output),
        ValidatorCommand::Leave(args) => change::leave(&args, output),
        ValidatorCommand::Power(args) => change::power(&args, output),
        ValidatorCommand::Rotate(args) => change::rotate(&args, output),
        ValidatorCommand::Address(args) => change::address(&args, output),
        ValidatorCommand::Authority(args) => change::authority(&args, output),
    }
}
