//! Proofs that somebody holds a validator's key: made here, or by somebody else with `heddle validator prove`.

use std::path::PathBuf;

use clap::Args;
use heddle_types::Address;
use heddle_types::ChainId;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::Signature;
use heddle_validator::home;
use heddle_validator::home::KeyFile;
use heddle_validators::prove_possession;
use serde_json::json;

use super::names;
use crate::error::CliError;
use crate::output::Output;

/// What a proof is made from.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// The validator's key file
    #[arg(long, value_name = "KEYFILE")]
    key: PathBuf,
    /// The account that answers for the validator
    #[arg(long, value_name = "ADDRESS")]
    operator: Address,
    #[command(flatten)]
    chain: ChainArgs,
}

/// Which chain.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ChainArgs {
    /// The chain's genesis file
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// The chain's id, as getStatus has it
    #[arg(long, value_name = "ID", value_parser = parse_chain)]
    chain: Option<ChainId>,
}

pub(crate) fn run(args: &ProveArgs, output: Output) -> Result<(), CliError> {
    let key = KeyFile::read(&args.key)?;
    let chain = args.chain.id()?;
    let proof = prove_possession(key.secret(), &chain, &args.operator);
    let value = json!({
        "publicKey": key.public_key().to_string(),
        "operator": args.operator.to_string(),
        "chainId": chain.to_string(),
        "proof": proof.to_string(),
    });
    output.result(&value, |_| format!("public key  {}\nproof       {proof}", key.public_key()))
}

impl ChainArgs {
    fn id(&self) -> Result<ChainId, CliError> {
        match (&self.genesis, self.chain) {
            (Some(path), _) => Ok(home::read_genesis(path)?.chain_id()),
            (None, Some(chain)) => Ok(chain),
            (None, None) => Err(CliError::usage(
                "chain: found none, expected one; give --genesis FILE or --chain ID",
            )),
        }
    }
}

fn parse_chain(text: &str) -> Result<ChainId, String> {
    let hash: Hash32 = text.parse().map_err(|error| format!("{error}"))?;
    Ok(ChainId(hash))
}

/// A validator's new key: its file, from which the proof is made, or the proof of whoever has it.
#[derive(Debug, Args)]
pub(super) struct NewKeyArgs {
    /// The validator's key file
    #[arg(long, value_name = "KEYFILE", conflicts_with_all = ["public_key", "proof"])]
    key: Option<PathBuf>,
    /// The validator's key, if its file is elsewhere
    #[arg(long, value_name = "KEY", value_parser = names::parse_key, requires = "proof")]
    public_key: Option<PublicKey>,
    /// What `heddle validator prove` printed there
    #[arg(long, value_name = "PROOF", value_parser = names::parse_signature, requires = "public_key")]
    proof: Option<Signature>,
}

impl NewKeyArgs {
    /// The key, and the proof that somebody holds it.
    pub(super) fn proved(
        &self,
        chain: &ChainId,
        operator: &Address,
    ) -> Result<(PublicKey, Signature), CliError> {
        match (&self.key, self.public_key, self.proof) {
            (Some(path), _, _) => {
                let key = KeyFile::read(path)?;
                Ok((key.public_key(), prove_possession(key.secret(), chain, operator)))
            }
            (None, Some(key), Some(proof)) => Ok((key, proof)),
            (None, None | Some(_), None | Some(_)) => Err(CliError::usage(
                "key: found none, expected one; give --key KEYFILE, or --public-key KEY and --proof PROOF",
            )),
        }
    }
}
