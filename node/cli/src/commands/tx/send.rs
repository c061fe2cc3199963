//! `heddle tx send`.

use clap::Args;
use heddle_rpc_api::SendTransaction;
use heddle_types::Transaction;
use heddle_types::encode;
use serde_json::Value;
use serde_json::json;

use crate::error::CliError;
use crate::hex_arg;
use crate::output;
use crate::rpc::CallError;
use crate::rpc::Rpc;
use crate::target::Target;

/// Send a signed transaction; prints {"id"} or {"error"}.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle tx send --home .heddle/localnet 02cd…\n  jq -r .transaction signed.json | heddle \
    tx send -"
)]
pub(crate) struct SendArgs {
    /// The signed transaction, or - for one on each line of stdin
    #[arg(value_name = "HEX|-")]
    transaction: String,
    #[command(flatten)]
    target: Target,
}

/// With `-` every line is sent, whatever became of those before it; the exit code is that of the worst.
pub(crate) fn run(args: &SendArgs) -> Result<(), CliError> {
    let rpc = Rpc::new(&args.target)?;
    let mut worst: Option<CliError> = None;
    hex_arg::for_each(&args.transaction, |hex| {
        let (document, error) = send(&rpc, hex);
        output::print_json(&document)?;
        if let Some(error) = error {
            let is_worse = worst.as_ref().is_none_or(|w| w.exit_code() < error.exit_code());
            if is_worse {
                worst = Some(error);
            }
        }
        Ok(())
    })?;
    worst.map_or(Ok(()), |error| Err(error.printed()))
}

fn send(rpc: &Rpc, hex: &str) -> (Value, Option<CliError>) {
    let own = |error: CliError| {
        let document = json!({ "error": { "message": error.to_string() } });
        (document, Some(error))
    };
    let transaction: Transaction = match hex_arg::decode(hex) {
        Ok(transaction) => transaction,
        Err(error) => return own(error),
    };
    match rpc.try_call(&SendTransaction { transaction: encode(&transaction).into() }) {
        Ok(sent) => (json!(sent), None),
        Err(CallError::Failed(error)) => own(error),
        Err(CallError::Refused(refusal)) => {
            let error = CliError::of_refusal(&refusal);
            (json!({ "error": refusal }), Some(error))
        }
    }
}
