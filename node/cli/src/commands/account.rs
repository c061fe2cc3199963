//! `heddle account ADDRESS`.

use clap::Args;
use heddle_rpc_api::Account;
use heddle_rpc_api::GetAccount;
use heddle_types::Address;
use heddle_types::AssetId;

use crate::amount;
use crate::error::CliError;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::target::Target;

/// What an account holds, and its next nonces.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle account --home .heddle/localnet 8a88…5c")]
pub(crate) struct AccountArgs {
    /// The account, 64 hex digits
    #[arg(value_name = "ADDRESS")]
    address: Address,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(args: &AccountArgs, output: Output) -> Result<(), CliError> {
    let rpc = Rpc::new(&args.target)?;
    let account = rpc.call(&GetAccount { address: args.address })?;
    output.result(&account, text)
}

fn text(account: &Account) -> String {
    let mut lines = vec![format!("account  {}", account.address)];
    for (asset, balance) in &account.balances {
        lines.push(if *asset == AssetId::HDL {
            format!("holds    {} HDL", amount::format_ui(*balance, amount::HDL_DECIMALS))
        } else {
            format!("holds    {balance} base units of {asset}")
        });
    }
    if account.balances.is_empty() {
        lines.push("holds    nothing".to_owned());
    }
    for (lane, sequence) in &account.nonces {
        lines.push(format!("nonce    {lane}:{sequence} is next"));
    }
    if account.nonces.is_empty() {
        lines.push("nonce    0:0 is next".to_owned());
    }
    lines.join("\n")
}
