//! `heddle tx simulate`.

use clap::Args;
use heddle_rpc_api::SimulateTransaction;
use heddle_rpc_api::Simulation;
use heddle_types::Transaction;
use heddle_types::encode;

use crate::amount;
use crate::error::CliError;
use crate::hex_arg;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::target::Target;

/// See what a signed transaction would do on the newest state; nothing is sent on.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle tx simulate --home .heddle/localnet 02cd…")]
pub(crate) struct SimulateArgs {
    /// The signed transaction
    #[arg(value_name = "HEX")]
    transaction: String,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(args: &SimulateArgs, output: Output) -> Result<(), CliError> {
    let transaction: Transaction = hex_arg::decode(&args.transaction)?;
    let request = SimulateTransaction { transaction: encode(&transaction).into() };
    let simulation = Rpc::new(&args.target)?.call(&request)?;
    output.result(&simulation, text)?;
    match &simulation.receipt.error {
        None => Ok(()),
        Some(error) => Err(CliError::refused(format!(
            "simulation: found {} ({}), expected it to succeed; correct the transaction",
            error.name, error.message
        ))
        .printed()),
    }
}

fn text(simulation: &Simulation) -> String {
    let Simulation { receipt, access } = simulation;
    let verdict = if receipt.ok { "would succeed" } else { "would fail" };
    let fee = amount::format_ui(receipt.fee_paid, amount::HDL_DECIMALS);
    let mut lines = vec![format!("{verdict}, fee {fee} HDL, {} events", receipt.events.len())];
    lines.extend(access.iter().map(|touched| {
        format!("  {:?} {}/{}", touched.mode, touched.program, hex::encode(&touched.key.0))
    }));
    lines.join("\n")
}
