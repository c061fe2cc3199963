//! `heddle tx sign`.

use std::path::PathBuf;

use clap::Args;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::encode;
use heddle_validator::home::KeyFile;
use serde_json::json;

use crate::error::CliError;
use crate::hex_arg;
use crate::output;

/// Sign an unsigned transaction; prints {"transaction","id"}.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle tx sign --from alice.json 01ab…\n  jq -r .unsigned built.json | heddle tx sign \
    --from alice.json -"
)]
pub(crate) struct SignArgs {
    /// The sender's key file
    #[arg(long, value_name = "KEYFILE")]
    from: PathBuf,
    /// The unsigned transaction, or - for one on each line of stdin
    #[arg(value_name = "HEX|-")]
    unsigned: String,
}

pub(crate) fn run(args: &SignArgs) -> Result<(), CliError> {
    let key = KeyFile::read(&args.from)?;
    hex_arg::for_each(&args.unsigned, |hex| {
        let body: TransactionBody = hex_arg::decode(hex)?;
        if body.sender != key.address() {
            return Err(CliError::refused(format!(
                "sender: found {}, expected {}, the key's own; sign with the sender's key",
                body.sender,
                key.address()
            )));
        }
        if let Some(payer) = body.payer {
            return Err(CliError::refused(format!(
                "payer: found {payer}, expected none: its signature would be missing; build it without a payer"
            )));
        }
        let transaction = Transaction::sign(body, key.secret());
        transaction.check_form().map_err(|error| {
            CliError::refused(format!(
                "{error}, expected a well-formed transaction; build it again"
            ))
        })?;
        let (bytes, id) = (hex::encode(encode(&transaction)), transaction.id());
        output::print_json(&json!({ "transaction": bytes, "id": id.to_string() }))
    })
}
