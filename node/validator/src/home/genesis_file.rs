//! `genesis.json`: a chain's beginning in a form for people. The chain's identity is the hash of its canonical bytes.

use std::iter;
use std::path::Path;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::BlsSignature;
use heddle_types::Bytes;
use heddle_types::ChainId;
use heddle_types::Committee;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::Hash32;
use heddle_types::ProgramId;
use heddle_types::PublicKey;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_types::limits;
use serde_json::Value;
use serde_json::json;

use crate::home::FieldError;
use crate::home::HomeError;
use crate::home::HomeFile;
use crate::home::fields::Field;
use crate::home::fields::Fields;
use crate::home::file;
use crate::home::json;

const KNOWN: [&str; 8] =
    ["version", "chainId", "timeMs", "dev", "validators", "accounts", "faucet", "sections"];
/// JSON numbers above this are not exact everywhere.
const JSON_INTEGER_MAX: u64 = (1 << 53) - 1;

/// Reads a genesis and checks that it can begin a chain and that its `chainId` is that of what it says.
///
/// # Errors
/// See [`HomeError`].
pub fn read_genesis(path: &Path) -> Result<Genesis, HomeError> {
    let contents = file::read(HomeFile::Genesis, path)?;
    let genesis = json::parse_json(&contents.bytes).and_then(parse);
    let genesis = genesis.map_err(|error| HomeError::field(HomeFile::Genesis, path, error))?;
    committee(&genesis, path).map(|_| genesis)
}

/// Writes a genesis, replacing what is there.
///
/// # Errors
/// [`HomeError::Io`].
pub fn write_genesis(path: &Path, genesis: &Genesis) -> Result<(), HomeError> {
    let mut text = format!("{:#}", to_json(genesis));
    text.push('\n');
    file::replace_file(path, text.as_bytes(), 0o644)
}

/// The first committee of a genesis that was read from `path`.
pub(super) fn committee(genesis: &Genesis, path: &Path) -> Result<Committee, HomeError> {
    genesis.committee().map_err(|error| {
        let error = FieldError {
            field: String::new(),
            found: error.to_string(),
            expected: "a genesis that can begin a chain".to_owned(),
        };
        HomeError::field(HomeFile::Genesis, path, error)
    })
}

fn to_json(genesis: &Genesis) -> Value {
    let Genesis { version, time, dev, validators, possessions, accounts, faucet, sections } =
        genesis;
    let proofs = possessions.iter().map(Some).chain(iter::repeat(None));
    let validators = validators.iter().zip(proofs);
    let accounts = accounts.iter();
    let sections = sections.iter();
    json!({
        "version": version,
        "chainId": genesis.chain_id().to_string(),
        "timeMs": time.get(),
        "dev": dev,
        "validators": validators
            .map(|(validator, proof)| validator_json(validator, proof))
            .collect::<Vec<_>>(),
        "accounts": accounts
            .map(|a| json!({ "address": a.address.to_string(), "amount": a.amount.to_string() }))
            .collect::<Vec<_>>(),
        "faucet": faucet.map(|address| address.to_string()),
        "sections": sections
            .map(|s| json!({ "program": s.program.0, "data": hex::encode(&s.data.0) }))
            .collect::<Vec<_>>(),
    })
}

/// Without the vote key and its proof where there are none.
fn validator_json(validator: &Validator, proof: Option<&BlsSignature>) -> Value {
    let Validator { public_key, vote_key, power } = validator;
    let mut object = json!({ "publicKey": public_key.to_string(), "power": power });
    if let Some(vote_key) = vote_key {
        object["voteKey"] = vote_key.to_string().into();
    }
    if let Some(proof) = proof {
        object["voteProof"] = proof.to_string().into();
    }
    object
}

fn parse(document: Value) -> Result<Genesis, FieldError> {
    let mut fields = Fields::document(document, &KNOWN)?;
    let version = fields.take("version")?;
    let version =
        u8::try_from(version.integer(u64::from(Genesis::VERSION), u64::from(Genesis::VERSION))?)
            .map_err(|_| version.wrong("a format"))?;
    let chain_id = fields.take("chainId")?;
    let claimed: ChainId = chain_id.parsed("64 hex digits")?;
    let faucet = fields.optional("faucet").filter(|field| !field.is_null());
    let (validators, possessions): (Vec<_>, Vec<_>) =
        list(fields.take("validators")?, limits::VALIDATORS_MAX, validator)?.into_iter().unzip();
    let genesis = Genesis {
        version,
        time: UnixMillis::new(fields.take("timeMs")?.integer(0, JSON_INTEGER_MAX)?),
        dev: fields.take("dev")?.boolean()?,
        validators,
        possessions: possessions.into_iter().flatten().collect(),
        accounts: list(fields.take("accounts")?, limits::GENESIS_ACCOUNTS_MAX, account)?,
        faucet: faucet.map(|field| field.parsed("an address of 64 hex digits")).transpose()?,
        sections: list(fields.take("sections")?, limits::GENESIS_SECTIONS_MAX, section)?,
    };
    let actual = genesis.chain_id();
    if claimed != actual {
        return Err(chain_id.wrong(&format!("{actual}, the hash of what the file says")));
    }
    Ok(genesis)
}

fn list<T>(
    field: Field,
    max: usize,
    item: fn(Field) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    field.list(max)?.into_iter().map(item).collect()
}

/// A validator, and that it holds its vote key.
fn validator(field: Field) -> Result<(Validator, Option<BlsSignature>), FieldError> {
    let mut fields = field.table(&["publicKey", "power", "voteKey", "voteProof"])?;
    let Hash32(key) = fields.take("publicKey")?.parsed("a public key of 64 hex digits")?;
    let power = fields.take("power")?.integer(1, JSON_INTEGER_MAX)?;
    let vote_key = fields.optional("voteKey");
    let vote_proof = fields.optional("voteProof");
    if let (None, Some(proof)) | (Some(proof), None) = (&vote_key, &vote_proof) {
        return Err(proof.wrong("voteKey and voteProof, both or neither"));
    }
    let vote_key = vote_key.map(|key| key.parsed("a BLS key of 192 hex digits")).transpose()?;
    let vote_proof =
        vote_proof.map(|proof| proof.parsed("a proof of 96 hex digits")).transpose()?;
    Ok((Validator { public_key: PublicKey(key), vote_key, power }, vote_proof))
}

fn account(field: Field) -> Result<GenesisAccount, FieldError> {
    let mut fields = field.table(&["address", "amount"])?;
    let address: Address = fields.take("address")?.parsed("an address of 64 hex digits")?;
    let amount = fields.take("amount")?;
    // `u128` would also read a leading plus sign.
    let digits = amount.text()?.bytes().all(|byte| byte.is_ascii_digit());
    let expected = "a decimal text of base units, at most 2^120 - 1";
    let units: u128 = amount.parsed(expected)?;
    let units = Amount::new(units).filter(|_| digits).ok_or_else(|| amount.wrong(expected))?;
    Ok(GenesisAccount { address, amount: units })
}

fn section(field: Field) -> Result<GenesisSection, FieldError> {
    let mut fields = field.table(&["program", "data"])?;
    let program = fields.take("program")?;
    let number = u32::try_from(program.integer(1, u64::from(u32::MAX))?)
        .map_err(|_| program.wrong("a program's number"))?;
    let data = fields.take("data")?;
    let bytes = hex::decode(data.text()?).ok().filter(|bytes| !bytes.is_empty());
    let bytes = bytes.ok_or_else(|| data.wrong("bytes in hex, at least one"))?;
    Ok(GenesisSection { program: ProgramId(number), data: Bytes(bytes) })
}
