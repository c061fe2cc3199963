//! A light client that asks one node, and believes nothing that is not proved.

use std::path::Path;
use std::sync::Arc;

use heddle_light::Checkpoint;
use heddle_light::FinalHeader;
use heddle_light::LightClient;
use heddle_light::LightError;
use heddle_rpc_api::Certificate;
use heddle_rpc_api::GetEpochEnd;
use heddle_rpc_api::GetFinalHeader;
use heddle_rpc_api::GetProof;
use heddle_rpc_api::GetStatus;
use heddle_state::Proof;
use heddle_types::BlockHeader;
use heddle_types::Bytes;
use heddle_types::Canonical;
use heddle_types::CommitCert;
use heddle_types::Entry;
use heddle_types::EpochEnd;
use heddle_types::Height;
use heddle_types::KeyedScheme;
use heddle_types::StateKey;
use heddle_types::decode_exact;

use crate::commands::light::TrustFile;
use crate::error::CliError;
use crate::rpc::Rpc;
use crate::target::Target;

/// How often it goes on when an epoch ends between two questions.
const TRIES: u32 = 5;

/// One command's questions.
pub(super) struct Session {
    file: TrustFile,
    client: LightClient,
    rpc: Rpc,
}

impl Session {
    /// Reads what is trusted, and asks the node which chain it is on.
    pub(super) fn begin(trust: &Path, target: &Target) -> Result<Self, CliError> {
        let (file, checkpoint) = TrustFile::read(trust)?;
        let client =
            LightClient::new(&checkpoint, Arc::new(KeyedScheme::default())).map_err(|error| {
                CliError::refused(format!("{}: {error}; restore the file", trust.display()))
            })?;
        let rpc = Rpc::new(target)?;
        let (found, expected) = (rpc.call(&GetStatus {})?.chain_id, checkpoint.chain);
        if found != expected {
            return Err(CliError::refused(format!(
                "node: found chain {found}, expected {expected}; ask a node of the chain that {} is of",
                trust.display()
            )));
        }
        Ok(Self { file, client, rpc })
    }

    /// Goes on to the newest committee that the node knows.
    fn follow_epochs(&mut self) -> Result<(), CliError> {
        loop {
            let epoch = self.client.committee().epoch();
            let Some(bytes) = self.rpc.call(&GetEpochEnd { epoch })?.proof else { return Ok(()) };
            let end: EpochEnd = decode(&bytes)?;
            self.client.end_epoch(&end).map_err(|error| lie(&error))?;
            // Each step is kept: the next command need not go the whole way again.
            self.file.replace(&self.client.checkpoint())?;
        }
    }

    /// Goes on to the newest committee and the newest final header.
    pub(super) fn follow(&mut self) -> Result<(), CliError> {
        self.retry(|session| {
            let reply = session.rpc.call(&GetFinalHeader {})?;
            let shown = session.shown(&reply.header, &reply.descendants, &reply.certificate)?;
            Ok(session.client.accept(&shown))
        })
    }

    /// What stands at `key`, and after which height.
    pub(super) fn read(&mut self, key: &StateKey) -> Result<(Option<Entry>, Height), CliError> {
        let request = GetProof { program: key.program(), key: Bytes(key.bytes().to_vec()) };
        self.retry(|session| {
            let reply = session.rpc.call(&request)?;
            let shown = session.shown(&reply.header, &reply.descendants, &reply.certificate)?;
            let proof: Proof = decode(&reply.proof)?;
            let height = shown.header.executed.height;
            Ok(session.client.read(&shown, &proof, key).map(|entry| (entry, height)))
        })
    }

    /// Writes where it is.
    pub(super) fn end(self) -> Result<Checkpoint, CliError> {
        let checkpoint = self.client.checkpoint();
        self.file.replace(&checkpoint)?;
        Ok(checkpoint)
    }

    /// Asks again when the answer is of a newer epoch.
    fn retry<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self) -> Result<Result<T, LightError>, CliError>,
    ) -> Result<T, CliError> {
        for _ in 0..TRIES {
            self.follow_epochs()?;
            match ask(self)? {
                Err(LightError::OtherEpoch { found, expected }) if found > expected => {}
                answer => return answer.map_err(|error| lie(&error)),
            }
        }
        Err(CliError::refused(
            "node: found a header of an epoch whose beginning it does not prove, expected the proof; ask another node",
        ))
    }

    fn shown(
        &self,
        header: &Bytes,
        descendants: &[Bytes],
        certificate: &Certificate,
    ) -> Result<FinalHeader, CliError> {
        let descendants = descendants.iter().map(decode).collect::<Result<_, _>>()?;
        let committee = self.client.committee();
        let header: BlockHeader = decode(header)?;
        // With signers who are not in the committee it is one of nobody, which is then refused.
        let nobody = || CommitCert::genesis(header.vote_data());
        let certificate = certificate.to_commit_cert(committee).unwrap_or_else(nobody);
        Ok(FinalHeader { header, descendants, certificate })
    }
}

fn decode<T: Canonical>(bytes: &Bytes) -> Result<T, CliError> {
    decode_exact(&bytes.0).map_err(|error| {
        CliError::refused(format!("{}: found {error}, expected one; ask another node", T::NAME))
    })
}

/// The node's answer proves nothing.
fn lie(error: &LightError) -> CliError {
    CliError::refused(format!("answer: {error}; nothing of it is believed, ask another node"))
}
