//! The file that says what is trusted.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use heddle_light::Checkpoint;
use heddle_types::BlockHash;
use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::PublicKey;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use serde::Deserialize;
use serde::Serialize;

use crate::error::CliError;

/// A file with a checkpoint.
#[derive(Debug)]
pub(super) struct TrustFile {
    path: PathBuf,
}

/// What stands in it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    chain_id: String,
    epoch: u64,
    members: Vec<Member>,
    height: u64,
    block: Option<String>,
    time_ms: u64,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Member {
    public_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vote_key: Option<String>,
    power: u64,
}

impl TrustFile {
    /// Makes a new one.
    pub(super) fn create(path: &Path, checkpoint: &Checkpoint) -> Result<(), CliError> {
        let mut file = File::create_new(path).map_err(|error| {
            io(path, &error, "choose the name of a file that does not exist in a folder that does")
        })?;
        let written = file.write_all(text(checkpoint)?.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| io(path, &error, "check the disk"))
    }

    /// Reads one.
    pub(super) fn read(path: &Path) -> Result<(Self, Checkpoint), CliError> {
        let text = fs::read_to_string(path)
            .map_err(|error| io(path, &error, "make one with `heddle light init`"))?;
        let document: Result<Document, _> = serde_json::from_str(&text);
        let checkpoint = document.map_err(|error| error.to_string()).and_then(parse);
        let checkpoint = checkpoint.map_err(|found| {
            CliError::refused(format!(
                "{}: found {found}, expected a checkpoint; restore the file, or make one with `heddle light init`",
                path.display()
            ))
        })?;
        Ok((Self { path: path.to_owned() }, checkpoint))
    }

    /// Replaces what stands in it.
    pub(super) fn replace(&self, checkpoint: &Checkpoint) -> Result<(), CliError> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let new = self.path.with_file_name(name);
        let text = text(checkpoint)?;
        let written = File::create(&new)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&new, &self.path));
        written.map_err(|error| io(&self.path, &error, "check the disk and the folder's rights"))
    }
}

fn io(path: &Path, error: &std::io::Error, remedy: &str) -> CliError {
    CliError::refused(format!("{}: found {error}, expected to use it; {remedy}", path.display()))
}

fn text(checkpoint: &Checkpoint) -> Result<String, CliError> {
    let member = |member: &Validator| Member {
        public_key: member.public_key.to_string(),
        vote_key: member.vote_key.map(|key| key.to_string()),
        power: member.power,
    };
    let document = Document {
        chain_id: checkpoint.chain.to_string(),
        epoch: checkpoint.epoch.get(),
        members: checkpoint.members.iter().map(member).collect(),
        height: checkpoint.height.get(),
        block: checkpoint.block.map(|block| block.to_string()),
        time_ms: checkpoint.time.get(),
    };
    let text = serde_json::to_string_pretty(&document);
    text.map(|text| text + "\n").map_err(|error| CliError::refused(format!("checkpoint: {error}")))
}

fn parse(document: Document) -> Result<Checkpoint, String> {
    let hash = |field: &str, text: &str| -> Result<Hash32, String> {
        text.parse().map_err(|_| format!("{field} {text:?}, no 64 hex digits"))
    };
    let member = |member: Member| {
        let public_key = PublicKey(hash("publicKey", &member.public_key)?.0);
        let vote_key = member
            .vote_key
            .map(|key| key.parse().map_err(|_| format!("voteKey {key:?}, no 192 hex digits")));
        Ok(Validator { public_key, vote_key: vote_key.transpose()?, power: member.power })
    };
    let block = document.block.map(|block| hash("block", &block)).transpose()?;
    Ok(Checkpoint {
        chain: ChainId(hash("chainId", &document.chain_id)?),
        epoch: Epoch::new(document.epoch),
        members: document.members.into_iter().map(member).collect::<Result<_, String>>()?,
        height: Height::new(document.height),
        block: block.map(BlockHash),
        time: UnixMillis::new(document.time_ms),
    })
}
