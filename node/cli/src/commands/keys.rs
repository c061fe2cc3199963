//! `heddle keys new|show`.

use std::path::PathBuf;

use clap::Subcommand;
use heddle_types::SecretKey;
use heddle_validator::home::KeyFile;
use serde_json::Value;
use serde_json::json;

use crate::error::CliError;
use crate::output::Output;

/// Key files.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  heddle keys new --out me.json")]
pub(crate) enum KeysCommand {
    /// Make a key and write it to a file that only you can read
    #[command(after_help = "Example:\n  heddle keys new --out me.json")]
    New {
        /// The file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show a key file's public part
    #[command(after_help = "Example:\n  heddle keys show me.json")]
    Show {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(crate) fn run(command: KeysCommand, output: Output) -> Result<(), CliError> {
    let key = match command {
        KeysCommand::New { out } => {
            let key = random_key()?;
            key.write_new(&out)?;
            key
        }
        KeysCommand::Show { file } => KeyFile::read(&file)?,
    };
    let value = json!({
        "scheme": "ed25519",
        "publicKey": key.public_key().to_string(),
        "address": key.address().to_string(),
    });
    output.result(&value, text)
}

fn random_key() -> Result<KeyFile, CliError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(CliError::no_random)?;
    Ok(KeyFile::new(SecretKey::from_seed(seed)))
}

fn text(key: &Value) -> String {
    let part = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
    format!(
        "scheme      {}\npublic key  {}\naddress     {}",
        part("scheme"),
        part("publicKey"),
        part("address")
    )
}
