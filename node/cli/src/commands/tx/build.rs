//! `heddle tx build`.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::AuthScheme;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::TransactionBody;
use heddle_types::encode;
use heddle_validator::home;
use serde_json::json;

use crate::amount;
use crate::error::CliError;
use crate::nonce;
use crate::output;

/// 0.001 HDL: about a hundred times what a transfer costs; what is not used is not taken.
pub(crate) const MAX_FEE_DEFAULT: &str = "1000000";

/// What to build.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  heddle tx build transfer --help")]
pub(crate) enum BuildCommand {
    /// A transfer; prints {"unsigned","id"}
    Transfer(BuildTransferArgs),
}

/// A transfer.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  heddle tx build transfer --from 8a88…5c --to 0b1c…77 --amount 1500000000 --nonce 0:0 \
    --genesis .heddle/localnet/validator-0/genesis.json"
)]
pub(crate) struct BuildTransferArgs {
    /// Who pays
    #[arg(long, value_name = "ADDRESS")]
    from: Address,
    /// Who receives
    #[arg(long, value_name = "ADDRESS")]
    to: Address,
    /// How much, in base units
    #[arg(long, value_name = "N", value_parser = amount::parse_units, allow_hyphen_values = true)]
    amount: Amount,
    /// What is paid
    #[arg(long, value_name = "ASSET", default_value = "HDL")]
    asset: AssetId,
    /// The transaction's place in the sender's order
    #[arg(long, value_name = "LANE:SEQUENCE", value_parser = nonce::parse)]
    nonce: Nonce,
    /// The chain's genesis.json
    #[arg(long, value_name = "FILE")]
    genesis: PathBuf,
    /// The last height at which it may be included; without it, it does not expire
    #[arg(long, value_name = "HEIGHT")]
    valid_until: Option<u64>,
    /// The most that it may cost in fees, in base units of HDL
    #[arg(long, value_name = "N", value_parser = amount::parse_units, default_value = MAX_FEE_DEFAULT)]
    max_fee: Amount,
}

pub(crate) fn run(command: &BuildCommand) -> Result<(), CliError> {
    let BuildCommand::Transfer(args) = command;
    let body = TransactionBody {
        version: TransactionBody::VERSION,
        chain: home::read_genesis(&args.genesis)?.chain_id(),
        sender: args.from,
        payer: None,
        nonce: args.nonce,
        valid_until: Height::new(args.valid_until.unwrap_or(u64::MAX)),
        max_fee: args.max_fee,
        access: Access::DERIVED,
        calls: vec![heddle_ledger::transfer_call(args.to, args.asset, args.amount)],
    };
    let id = body.id(AuthScheme::Ed25519, None);
    output::print_json(&json!({ "unsigned": hex::encode(encode(&body)), "id": id.to_string() }))
}
