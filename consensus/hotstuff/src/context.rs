//! Who decides, how signatures are made and verified, and which validator this is.

use std::sync::Arc;

use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Hash32;
use heddle_types::Proof;
use heddle_types::QuorumCert;
use heddle_types::Signature;
use heddle_types::SignedStatement;
use heddle_types::Statement;
use heddle_types::TimeoutCert;
use heddle_types::ValidatorIndex;
use heddle_types::VoteData;
use heddle_types::VoteScheme;
use heddle_types::VoteSigner;
use heddle_types::VoterSignature;

use crate::replica::Config;

/// What stays the same for as long as a replica lives.
pub(crate) struct Context {
    pub(crate) committee: Arc<Committee>,
    pub(crate) genesis: VoteData,
    /// See [`crate::Config::epoch_blocks_min`].
    pub(crate) epoch_blocks_min: u64,
    scheme: Arc<dyn VoteScheme>,
    signer: Option<Arc<dyn VoteSigner>>,
    me: Option<ValidatorIndex>,
}

impl Context {
    pub(crate) fn new(config: &Config) -> Self {
        let Config { committee, genesis, scheme, signer, epoch_blocks_min, .. } = config.clone();
        let me = signer.as_ref().and_then(|signer| committee.index_of(&signer.public_key()));
        Self { committee, genesis, epoch_blocks_min, scheme, signer, me }
    }

    /// How votes are verified.
    pub(crate) fn scheme(&self) -> &dyn VoteScheme {
        self.scheme.as_ref()
    }

    /// This validator, if it is one.
    pub(crate) const fn me(&self) -> Option<ValidatorIndex> {
        self.me
    }

    /// This validator and its signature of `message`, if it is one.
    pub(crate) fn sign(&self, message: &Hash32) -> Option<(ValidatorIndex, Signature)> {
        Some((self.me?, self.signer.as_ref()?.sign(message)))
    }

    /// Whether data of a vote or a certificate is about this chain and epoch.
    pub(crate) fn is_ours(&self, data: &VoteData) -> bool {
        data.chain == self.committee.chain() && data.epoch == self.committee.epoch()
    }

    pub(crate) fn verify(
        &self,
        voter: ValidatorIndex,
        message: Hash32,
        signature: Signature,
    ) -> bool {
        self.verify_each(message, &[VoterSignature { voter, signature }]) == [true]
    }

    /// Verifies signatures of one message.
    pub(crate) fn verify_each(&self, message: Hash32, parts: &[VoterSignature]) -> Vec<bool> {
        let signed = parts.iter().map(|part| {
            let signer = self.committee.validator(part.voter)?;
            let statement = Statement { signer, message };
            Some(SignedStatement { statement, signature: part.signature })
        });
        let signed: Option<Vec<_>> = signed.collect();
        signed.map_or_else(|| vec![false; parts.len()], |signed| self.scheme.verify_each(&signed))
    }

    pub(crate) fn verify_qc(&self, qc: &QuorumCert) -> bool {
        qc.verify(&self.committee, &self.genesis, self.scheme.as_ref())
    }

    pub(crate) fn verify_commit(&self, cert: &CommitCert) -> bool {
        cert.verify(&self.committee, &self.genesis, self.scheme.as_ref())
    }

    pub(crate) fn verify_tc(&self, tc: &TimeoutCert) -> bool {
        tc.verify(&self.committee, self.scheme.as_ref())
    }

    /// The certificate with as few of its signatures, heaviest first, as make a quorum: what a safety record has room for.
    /// An aggregate is small.
    pub(crate) fn trim(&self, qc: &QuorumCert) -> QuorumCert {
        let Proof::Each(signatures) = &qc.proof else { return qc.clone() };
        let parts = qc.voters.iter().zip(signatures);
        let parts = parts.map(|(voter, signature)| VoterSignature { voter, signature: *signature });
        let parts = self.heaviest(parts.collect());
        QuorumCert {
            data: qc.data,
            voters: parts.iter().map(|part| part.voter).collect(),
            proof: Proof::Each(parts.into_iter().map(|part| part.signature).collect()),
        }
    }

    fn heaviest(&self, mut signatures: Vec<VoterSignature>) -> Vec<VoterSignature> {
        let power = |part: &VoterSignature| {
            self.committee.validator(part.voter).map_or(0, |validator| validator.power)
        };
        signatures.sort_by_key(|part| (std::cmp::Reverse(power(part)), part.voter));
        let mut sum = 0_u64;
        let enough = signatures.iter().position(|part| {
            sum = sum.saturating_add(power(part));
            sum >= self.committee.quorum_power()
        });
        if let Some(last) = enough {
            signatures.truncate(last + 1);
        }
        signatures.sort_by_key(|part| part.voter);
        signatures
    }
}

#[cfg(test)]
mod tests;
