//! `heddle tx show`.

use clap::Args;
use heddle_ledger::LedgerCall;
use heddle_types::Access;
use heddle_types::AuthScheme;
use heddle_types::Call;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::decode_exact;
use serde_json::Value;
use serde_json::json;

use crate::error::CliError;
use crate::hex_arg;
use crate::nonce;
use crate::output::Output;

/// Decode a transaction, signed or not.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle tx show 02cd…")]
pub(crate) struct ShowArgs {
    /// The transaction
    #[arg(value_name = "HEX")]
    transaction: String,
}

pub(crate) fn run(args: &ShowArgs, output: Output) -> Result<(), CliError> {
    let bytes = hex_arg::bytes(&args.transaction)?;
    let document = match decode_exact::<Transaction>(&bytes) {
        Ok(transaction) => signed(transaction)?,
        Err(error) => match decode_exact::<TransactionBody>(&bytes) {
            Ok(body) => unsigned(&body),
            Err(_) => {
                return Err(CliError::usage(format!(
                    "{error}, expected a transaction, signed or not; check that the hex is complete"
                )));
            }
        },
    };
    output.result(&document, |document| format!("{document:#}"))
}

fn signed(transaction: Transaction) -> Result<Value, CliError> {
    let checked = CheckedTransaction::check(transaction).map_err(|error| {
        CliError::usage(format!("{error}, expected a well-formed transaction; build it again"))
    })?;
    let mut document = body(&checked.transaction().body);
    document["id"] = json!(checked.id().to_string());
    document["signed"] = json!(true);
    document["signatureOk"] = json!(checked.signature_ok());
    document["bytes"] = json!(checked.bytes());
    Ok(document)
}

fn unsigned(transaction: &TransactionBody) -> Value {
    let mut document = body(transaction);
    document["id"] = json!(transaction.id(AuthScheme::Ed25519, None).to_string());
    document["signed"] = json!(false);
    document
}

fn body(body: &TransactionBody) -> Value {
    let expires = Some(body.valid_until).filter(|height| *height != Height::new(u64::MAX));
    let access = match &body.access {
        Access::Declared { extra } => json!({ "declared": extra
            .iter()
            .map(|(key, mode)| json!({ "key": key.to_string(), "mode": format!("{mode:?}") }))
            .collect::<Vec<_>>() }),
        Access::Open => json!("open"),
    };
    json!({
        "version": body.version,
        "chain": body.chain.to_string(),
        "sender": body.sender.to_string(),
        "payer": body.payer().to_string(),
        "nonce": nonce::format(body.nonce),
        // A text: it may be above 2^53.
        "validUntil": expires.map(|height| height.to_string()),
        "maxFee": body.max_fee.to_string(),
        "access": access,
        "calls": body.calls.iter().map(call).collect::<Vec<_>>(),
    })
}

fn call(call: &Call) -> Value {
    let meaning = (call.program == ProgramId::LEDGER)
        .then(|| decode_exact::<LedgerCall>(&call.data).ok())
        .flatten();
    json!({
        "program": call.program.0,
        "data": hex::encode(&call.data.0),
        "meaning": meaning.map(|meaning| ledger_call(&meaning)),
    })
}

fn ledger_call(call: &LedgerCall) -> Value {
    match call {
        LedgerCall::Transfer { to, asset, amount } => json!({ "transfer":
            { "to": to.to_string(), "asset": asset.symbol(), "amount": amount.to_string() } }),
        LedgerCall::CreateAsset { asset, decimals, authority } => json!({ "createAsset":
            { "asset": asset.symbol(), "decimals": decimals, "authority": authority.to_string() } }),
        LedgerCall::Mint { asset, to, amount } => json!({ "mint":
            { "asset": asset.symbol(), "to": to.to_string(), "amount": amount.to_string() } }),
        LedgerCall::Burn { asset, amount } => json!({ "burn":
            { "asset": asset.symbol(), "amount": amount.to_string() } }),
    }
}
