//! `heddle query PROGRAM KEY`.

use clap::Args;
use heddle_rpc_api::GetState;
use heddle_rpc_api::StateReply;
use heddle_types::ProgramId;
use heddle_types::limits::KEY_BYTES_MAX;
use serde_json::json;

use crate::error::CliError;
use crate::hex_arg;
use crate::output::Output;
use crate::program_arg;
use crate::rpc::Rpc;
use crate::target::Target;

/// A value in state, as its program's bytes.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle query ledger 6148444c000000000000000000")]
pub(crate) struct QueryArgs {
    /// The program, by number or name
    #[arg(value_name = "PROGRAM", value_parser = program_arg::parse_program)]
    program: ProgramId,
    /// The program's own key, as hex
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(args: &QueryArgs, output: Output) -> Result<(), CliError> {
    let key = hex_arg::bytes(&args.key)?;
    if key.len() > KEY_BYTES_MAX {
        return Err(CliError::usage(format!(
            "KEY: found {} bytes, expected at most {KEY_BYTES_MAX}; shorten it",
            key.len()
        )));
    }
    let request = GetState::Key { program: args.program, key: key.clone().into() };
    let value = match Rpc::new(&args.target)?.call(&request)? {
        StateReply::Value(value) => value.map(|bytes| hex::encode(&bytes.0)),
        StateReply::Page(_) => {
            return Err(CliError::unknown(
                "getState: found a page of values, expected one; check that the node's version is this one",
            ));
        }
    };
    let value = json!({ "program": args.program.0, "key": hex::encode(key), "value": value });
    output.result(&value, |value| value["value"].as_str().unwrap_or("nothing").to_owned())
}
