//! One command a file.

pub(crate) mod account;
pub(crate) mod block;
pub(crate) mod completions;
pub(crate) mod keys;
pub(crate) mod light;
pub(crate) mod localnet;
pub(crate) mod market;
pub(crate) mod node;
pub(crate) mod order;
pub(crate) mod position;
pub(crate) mod query;
pub(crate) mod transfer;
pub(crate) mod tx;
pub(crate) mod validator;

use crate::args::Command;
use crate::error::CliError;
use crate::output::Output;

/// Does what was asked; the number is the exit code.
pub(crate) fn run(command: Command, output: Output) -> Result<u8, CliError> {
    match command {
        Command::Localnet(command) => localnet::run(command, output)?,
        Command::Node(command) => return node::run(command, output),
        Command::Validator(command) => validator::run(command, output)?,
        Command::Keys(command) => keys::run(command, output)?,
        Command::Account(args) => account::run(&args, output)?,
        Command::Transfer(args) => transfer::run(&args, output)?,
        Command::Market(args) => market::run(&args, output)?,
        Command::Order(command) => order::run(command, output)?,
        Command::Position(args) => position::run(&args, output)?,
        Command::Tx(command) => tx::run(command, output)?,
        Command::Block(args) => block::run(&args, output)?,
        Command::Query(args) => query::run(&args, output)?,
        Command::Light(command) => light::run(command, output)?,
        Command::Completions(args) => completions::run(&args, output)?,
    }
    Ok(0)
}
