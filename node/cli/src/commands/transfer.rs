//! `heddle transfer`: fetch the nonce, build, sign, send.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use heddle_ledger::AssetInfo;
use heddle_ledger::asset_key;
use heddle_rpc_api::GetState;
use heddle_rpc_api::Sent;
use heddle_rpc_api::StateReply;
use heddle_rpc_api::TransactionInfo;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Millis;
use heddle_types::Nonce;
use heddle_types::decode_exact;
use heddle_validator::home;
use heddle_validator::home::KeyFile;

use crate::amount;
use crate::amount::UiAmount;
use crate::commands::tx::build::MAX_FEE_DEFAULT;
use crate::error::CliError;
use crate::nonce;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::sending;
use crate::submission::Submission;
use crate::submission::Submitted;
use crate::target::Target;

/// Pay somebody.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle transfer --home .heddle/localnet --from .heddle/localnet/accounts/alice.json \
    --to 8a88…5c --amount-ui 1.5 --wait"
)]
pub(crate) struct TransferArgs {
    /// The payer's key file
    #[arg(long, value_name = "KEYFILE")]
    from: PathBuf,
    /// Who receives
    #[arg(long, value_name = "ADDRESS")]
    to: Address,
    #[command(flatten)]
    amount: AmountArgs,
    /// What is paid
    #[arg(long, value_name = "ASSET", default_value = "HDL")]
    asset: AssetId,
    /// The transaction's place in the sender's order, if not the next of lane 0
    #[arg(long, value_name = "LANE:SEQUENCE", value_parser = nonce::parse)]
    nonce: Option<Nonce>,
    /// The most that it may cost in fees, in base units of HDL
    #[arg(long, value_name = "N", value_parser = amount::parse_units, default_value = MAX_FEE_DEFAULT)]
    max_fee: Amount,
    /// Wait until it is final
    #[arg(long)]
    wait: bool,
    /// How long to wait
    #[arg(long, value_name = "TIME", value_parser = home::parse_span, default_value = "60s")]
    timeout: Millis,
    #[command(flatten)]
    target: Target,
}

/// How much.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct AmountArgs {
    /// How much, in base units: a whole number
    #[arg(long, value_name = "N", value_parser = amount::parse_units, allow_hyphen_values = true)]
    amount: Option<Amount>,
    /// How much, in whole assets: a decimal number
    #[arg(long, value_name = "1.5", value_parser = UiAmount::parse, allow_hyphen_values = true)]
    amount_ui: Option<UiAmount>,
}

pub(crate) fn run(args: &TransferArgs, output: Output) -> Result<(), CliError> {
    let key = KeyFile::read(&args.from)?;
    let rpc = Rpc::new(&args.target)?;
    let amount = units(args, &rpc)?;
    let submission = Submission {
        key: &key,
        calls: vec![heddle_ledger::transfer_call(args.to, args.asset, amount)],
        access: Access::DERIVED,
        nonce: args.nonce,
        max_fee: args.max_fee,
        wait: args.wait.then(|| Duration::from_millis(args.timeout.get())),
    };
    match submission.submit(&rpc)? {
        Submitted::Sent(sent) => output.result(&sent, |Sent { id }| format!("sent {id}")),
        Submitted::Settled(info) => report(&info, output),
    }
}

fn report(info: &TransactionInfo, output: Output) -> Result<(), CliError> {
    output.result(info, |info| {
        let height = info.height.map(|height| format!(" at height {height}")).unwrap_or_default();
        let fee = info.receipt.as_ref().map(|receipt| {
            let fee = amount::format_ui(receipt.fee_paid, amount::HDL_DECIMALS);
            format!(", fee {fee} HDL")
        });
        let status = sending::status_text(info.status);
        format!("{} {status}{height}{}", info.id, fee.unwrap_or_default())
    })?;
    sending::check(info).map_err(CliError::printed)
}

fn units(args: &TransferArgs, rpc: &Rpc) -> Result<Amount, CliError> {
    let ui = match (&args.amount.amount, &args.amount.amount_ui) {
        (Some(amount), _) => return Ok(*amount),
        (None, Some(ui)) => ui,
        (None, None) => {
            return Err(CliError::usage(
                "amount: found none, expected one; give --amount or --amount-ui",
            ));
        }
    };
    let decimals =
        if args.asset == AssetId::HDL { amount::HDL_DECIMALS } else { decimals(rpc, args.asset)? };
    ui.to_units(decimals).ok_or_else(|| {
        CliError::usage(format!(
            "--amount-ui: found more than {decimals} decimals or than 2^120 - 1 base units, expected an amount of {}; \
             give fewer digits",
            args.asset
        ))
    })
}

fn decimals(rpc: &Rpc, asset: AssetId) -> Result<u8, CliError> {
    let key = asset_key(&asset);
    let request = GetState::Key { program: key.program(), key: key.bytes().to_vec().into() };
    let info = match rpc.call(&request)? {
        StateReply::Value(Some(bytes)) => decode_exact::<AssetInfo>(&bytes).ok(),
        StateReply::Value(None) | StateReply::Page(_) => None,
    };
    info.map(|info| info.decimals).ok_or_else(|| {
        CliError::refused(format!(
            "--asset: found no {asset} on this chain, expected an asset that was created; check its symbol"
        ))
    })
}
