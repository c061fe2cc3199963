//! Proofs that somebody holds a validator's key: made here, or by somebody else with `heddle validator prove`.

use std::path::PathBuf;

use clap::Args;
use heddle_localnet::cluster::VoteScheme;
use heddle_types::Address;
use heddle_types::BlsPublicKey;
use heddle_types::BlsSignature;
use heddle_types::ChainId;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::Signature;
use heddle_validator::home;
use heddle_validator::home::KeyFile;
use heddle_validators::Claim;
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
    /// With which keys the chain's validators vote, ed25519 or bls; a genesis file says it
    #[arg(long, value_name = "SCHEME", conflicts_with = "genesis")]
    vote_scheme: Option<VoteScheme>,
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
    let (chain, scheme) = args.chain.id_and_scheme()?;
    let scheme = args.vote_scheme.unwrap_or(scheme);
    let proved = Proved::new(&key, (&chain, &args.operator), scheme);
    let mut value = json!({
        "publicKey": key.public_key().to_string(),
        "operator": args.operator.to_string(),
        "chainId": chain.to_string(),
        "proof": proved.proof.to_string(),
    });
    let mut text = format!("public key  {}\nproof       {}", key.public_key(), proved.proof);
    if let (Some(vote_key), Some(vote_proof)) = (proved.vote_key, proved.vote_proof) {
        value["voteKey"] = vote_key.to_string().into();
        value["voteProof"] = vote_proof.to_string().into();
        text += &format!("\nvote key    {vote_key}\nvote proof  {vote_proof}");
    }
    output.result(&value, |_| text)
}

/// How a chain's validators vote, by one of them.
pub(super) const fn scheme_of(vote_key: Option<&BlsPublicKey>) -> VoteScheme {
    match vote_key {
        Some(_) => VoteScheme::Bls,
        None => VoteScheme::Ed25519,
    }
}

/// A validator's keys, and the proofs that somebody holds them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proved {
    pub(super) public_key: PublicKey,
    pub(super) vote_key: Option<BlsPublicKey>,
    pub(super) proof: Signature,
    pub(super) vote_proof: Option<BlsSignature>,
}

impl Proved {
    fn new(key: &KeyFile, (chain, operator): (&ChainId, &Address), scheme: VoteScheme) -> Self {
        let (vote_key, vote_proof) = scheme.vote_key(key).unzip();
        let claim = Claim { chain: *chain, operator: *operator, vote_key };
        let proof = claim.prove(key.secret());
        Self { public_key: key.public_key(), vote_key, proof, vote_proof }
    }
}

impl ChainArgs {
    /// The chain, and how its validators vote as far as that is known.
    fn id_and_scheme(&self) -> Result<(ChainId, VoteScheme), CliError> {
        match (&self.genesis, self.chain) {
            (Some(path), _) => {
                let genesis = home::read_genesis(path)?;
                let first = genesis.validators.first().and_then(|one| one.vote_key.as_ref());
                Ok((genesis.chain_id(), scheme_of(first)))
            }
            (None, Some(chain)) => Ok((chain, VoteScheme::default())),
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
    #[arg(long, value_name = "KEYFILE", conflicts_with_all = ["public_key", "proof", "vote_key"])]
    key: Option<PathBuf>,
    /// The validator's key, if its file is elsewhere
    #[arg(long, value_name = "KEY", value_parser = names::parse_key, requires = "proof")]
    public_key: Option<PublicKey>,
    /// What `heddle validator prove` printed there
    #[arg(long, value_name = "PROOF", value_parser = names::parse_signature, requires = "public_key")]
    proof: Option<Signature>,
    /// Its vote key, on a chain that has such keys
    #[arg(long, value_name = "KEY", requires_all = ["public_key", "vote_proof"])]
    vote_key: Option<BlsPublicKey>,
    /// The proof of its vote key
    #[arg(long, value_name = "PROOF", requires = "vote_key")]
    vote_proof: Option<BlsSignature>,
}

impl NewKeyArgs {
    /// The keys, and the proofs that somebody holds them, as the chain's validators vote.
    pub(super) fn proved(
        &self,
        (chain, scheme): (&ChainId, VoteScheme),
        operator: &Address,
    ) -> Result<Proved, CliError> {
        let Self { vote_key, vote_proof, .. } = *self;
        match (&self.key, self.public_key, self.proof) {
            (Some(path), _, _) => Ok(Proved::new(&KeyFile::read(path)?, (chain, operator), scheme)),
            (None, Some(public_key), Some(proof)) => {
                Ok(Proved { public_key, vote_key, proof, vote_proof })
            }
            (None, None | Some(_), None | Some(_)) => Err(CliError::usage(
                "key: found none, expected one; give --key KEYFILE, or --public-key KEY and --proof PROOF",
            )),
        }
    }
}
