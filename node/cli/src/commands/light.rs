//! `heddle light`: reading the chain through nodes that are not trusted.

mod session;
mod trust_file;

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use heddle_ledger::balance_key;
use heddle_ledger::decode_amount;
use heddle_light::Checkpoint;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_validator::home;
use serde_json::Value;
use serde_json::json;

use crate::amount;
use crate::commands::market::now_ms;
use crate::error::CliError;
use crate::hex_arg;
use crate::output::Output;
use crate::program_arg;
use crate::target::Target;
use session::Session;
use trust_file::TrustFile;

/// Read the chain through nodes that are not trusted: a file says which committee is, and every answer is proved.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  heddle light init --genesis .heddle/localnet/validator-0/genesis.json --trust trust.json\n  \
    heddle light follow --trust trust.json --home .heddle/localnet\n  \
    heddle light account --trust trust.json --home .heddle/localnet 8a88…5c"
)]
pub(crate) enum LightCommand {
    /// Begin with the committee of a genesis
    #[command(
        after_help = "The genesis must come from somebody you trust, and the chain be so young that you trust its first committee still.\n\n\
        Example:\n  heddle light init --genesis genesis.json --trust trust.json"
    )]
    Init {
        /// The genesis
        #[arg(long, value_name = "FILE")]
        genesis: PathBuf,
        /// The file to make, which must not exist yet
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
    },
    /// Go on to the newest committee and the newest final header, and write them to the file
    #[command(
        after_help = "Example:\n  heddle light follow --trust trust.json --rpc http://127.0.0.1:26000"
    )]
    Follow {
        #[command(flatten)]
        source: Source,
    },
    /// The value at a program's key, proved
    #[command(
        after_help = "Example:\n  heddle light query --trust trust.json ledger 6148444c000000000000000000"
    )]
    Query {
        #[command(flatten)]
        source: Source,
        /// The program, by number or name
        #[arg(value_name = "PROGRAM", value_parser = program_arg::parse_program)]
        program: ProgramId,
        /// The program's own key, as hex
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// What an account holds of an asset, proved
    #[command(after_help = "Example:\n  heddle light account --trust trust.json 8a88…5c")]
    Account {
        #[command(flatten)]
        source: Source,
        /// The account, 64 hex digits
        #[arg(value_name = "ADDRESS")]
        address: Address,
        /// The asset
        #[arg(long, value_name = "A", default_value_t = AssetId::HDL)]
        asset: AssetId,
    },
}

/// What is trusted, and who is asked.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// What is trusted: a committee, and the newest header that was proved. Written again after every answer
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(command: LightCommand, output: Output) -> Result<(), CliError> {
    match command {
        LightCommand::Init { genesis, trust } => {
            let genesis = home::read_genesis(&genesis)?;
            let checkpoint = Checkpoint::of_genesis(&genesis)
                .map_err(|error| CliError::refused(format!("--genesis: {error}")))?;
            TrustFile::create(&trust, &checkpoint)?;
            output.result(&place(&checkpoint), place_text)
        }
        LightCommand::Follow { source } => {
            let mut session = Session::begin(&source.trust, &source.target)?;
            session.follow()?;
            output.result(&place(&session.end()?), place_text)
        }
        LightCommand::Query { source, program, key } => {
            let bytes = hex_arg::bytes(&key)?;
            let key = StateKey::new(program, &[&bytes]).ok_or_else(|| {
                let found = bytes.len();
                CliError::usage(format!(
                    "KEY: found {found} bytes, expected at most 59; shorten it"
                ))
            })?;
            let (entry, mut value) = read(&source, &key)?;
            let bytes = entry.map(|entry| hex::encode(entry.value.as_bytes()));
            value["value"] = json!(bytes);
            output.result(&value, |value| {
                format!("{}\n{}", value["value"].as_str().unwrap_or("nothing"), place_text(value))
            })
        }
        LightCommand::Account { source, address, asset } => {
            let (entry, mut value) = read(&source, &balance_key(&address, &asset))?;
            let held = match &entry {
                None => Some(Amount::ZERO),
                Some(entry) => decode_amount(entry.value.as_bytes()),
            };
            let held = held.ok_or_else(|| {
                CliError::refused("balance: found bytes that are no amount, expected one; check that this program is as new as the chain")
            })?;
            value["address"] = json!(address.to_string());
            value["asset"] = json!(asset.to_string());
            value["amount"] = json!(held.to_string());
            output.result(&value, |value| {
                format!("{}\n{}", held_text(held, asset), place_text(value))
            })
        }
    }
}

/// What stands at a key, and where.
fn read(source: &Source, key: &StateKey) -> Result<(Option<Entry>, Value), CliError> {
    let mut session = Session::begin(&source.trust, &source.target)?;
    let (entry, height) = session.read(key)?;
    let mut value = place(&session.end()?);
    value["stateHeight"] = json!(height.get());
    Ok((entry, value))
}

fn place(checkpoint: &Checkpoint) -> Value {
    json!({
        "chainId": checkpoint.chain.to_string(),
        "epoch": checkpoint.epoch.get(),
        "validators": checkpoint.members.len(),
        "height": checkpoint.height.get(),
        "block": checkpoint.block.map(|block| block.to_string()),
        "timeMs": checkpoint.time.get(),
        "ageMs": now_ms().saturating_sub(checkpoint.time.get()),
    })
}

fn place_text(value: &Value) -> String {
    let state = value["stateHeight"].as_u64().map(|height| format!(", state after block {height}"));
    format!(
        "proved by the {} validators of epoch {}: block {}{}, proposed {} s ago",
        value["validators"],
        value["epoch"],
        value["height"],
        state.unwrap_or_default(),
        value["ageMs"].as_u64().unwrap_or(0) / 1000,
    )
}

fn held_text(held: Amount, asset: AssetId) -> String {
    if asset == AssetId::HDL {
        return format!("{} HDL", amount::format_ui(held, amount::HDL_DECIMALS));
    }
    format!("{held} base units of {asset}")
}
