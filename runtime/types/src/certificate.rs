//! Proofs that a quorum signed.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::canonical::canonical;
use crate::codec;
use crate::codec::Canonical;
use crate::committee::Committee;
use crate::ed25519::Signature;
use crate::ed25519::SignedMessage;
use crate::hash::ChainId;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::limits;
use crate::quantity::Epoch;
use crate::quantity::ValidatorIndex;
use crate::quantity::View;
use crate::scheme::VoteScheme;
use crate::vote::TimeoutData;
use crate::vote::VoteData;
use crate::vote::VoteKind;

/// One signer's part of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct VoterSignature {
    /// Whose.
    pub voter: ValidatorIndex,
    /// Over the certificate's message.
    pub signature: Signature,
}

/// One signer's part of a timeout certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TimeoutEntry {
    /// Whose.
    pub voter: ValidatorIndex,
    /// The view of the highest certificate that the signer held.
    pub high_qc_view: View,
    /// Over [`TimeoutData::message`].
    pub signature: Signature,
}

canonical! {
    /// 2f+1 votes for one block: it may be extended.
    pub struct QuorumCert {
        /// What was voted for.
        pub data: VoteData,
        /// The votes, by ascending voter; none for genesis.
        pub signatures: Vec<VoterSignature> => limits::VALIDATORS_MAX,
    }

    /// 2f+1 commit votes for one block: it and its ancestors are final.
    pub struct CommitCert {
        /// What was voted for.
        pub data: VoteData,
        /// The commit votes, by ascending voter; none for genesis.
        pub signatures: Vec<VoterSignature> => limits::VALIDATORS_MAX,
    }

    /// 2f+1 timeouts of one view: the next may begin.
    pub struct TimeoutCert {
        /// The chain.
        pub chain: ChainId,
        /// The epoch.
        pub epoch: Epoch,
        /// The view given up.
        pub view: View,
        /// The timeouts, by ascending voter.
        pub entries: Vec<TimeoutEntry> => limits::VALIDATORS_MAX,
    }
}

impl QuorumCert {
    /// The certificate that genesis has by definition.
    pub fn genesis(data: VoteData) -> Self {
        Self { data, signatures: Vec::new() }
    }

    /// Whether a quorum of `committee` signed it, or it is genesis's, whose data is `genesis`.
    pub fn verify(
        &self,
        committee: &Committee,
        genesis: &VoteData,
        scheme: &dyn VoteScheme,
    ) -> bool {
        if self.data.view == View::ZERO {
            return self.data == *genesis && self.signatures.is_empty();
        }
        verify_votes(&self.data, &self.signatures, VoteKind::Vote, committee, scheme)
    }
}

impl CommitCert {
    /// The certificate that genesis has by definition.
    pub fn genesis(data: VoteData) -> Self {
        Self { data, signatures: Vec::new() }
    }

    /// Whether a quorum of `committee` signed it, or it is genesis's, whose data is `genesis`.
    pub fn verify(
        &self,
        committee: &Committee,
        genesis: &VoteData,
        scheme: &dyn VoteScheme,
    ) -> bool {
        if self.data.view == View::ZERO {
            return self.data == *genesis && self.signatures.is_empty();
        }
        verify_votes(&self.data, &self.signatures, VoteKind::CommitVote, committee, scheme)
    }
}

impl TimeoutCert {
    /// The highest certificate's view that a signer reported; a leader that uses this certificate must build on one at
    /// least as high.
    pub fn highest_qc_view(&self) -> View {
        self.entries.iter().map(|entry| entry.high_qc_view).max().unwrap_or(View::ZERO)
    }

    /// The hash by which a safety record names it.
    pub fn hash(&self) -> Hash32 {
        Hash32::of(Domain::TIMEOUT_CERT, &[&codec::encode(self)])
    }

    /// Whether a quorum of `committee` signed it.
    pub fn verify(&self, committee: &Committee, scheme: &dyn VoteScheme) -> bool {
        let voters = self.entries.iter().map(|entry| entry.voter);
        if self.chain != committee.chain()
            || self.epoch != committee.epoch()
            || !committee.is_quorum(voters)
        {
            return false;
        }
        let signed = self.entries.iter().map(|entry| {
            let data = TimeoutData {
                chain: self.chain,
                epoch: self.epoch,
                view: self.view,
                high_qc_view: entry.high_qc_view,
            };
            let key = committee.validator(entry.voter)?.public_key;
            Some(SignedMessage { key, message: data.message(), signature: entry.signature })
        });
        let below = self.entries.iter().all(|entry| entry.high_qc_view < self.view);
        below && all_good(signed.collect(), scheme)
    }
}

fn verify_votes(
    data: &VoteData,
    signatures: &[VoterSignature],
    kind: VoteKind,
    committee: &Committee,
    scheme: &dyn VoteScheme,
) -> bool {
    let voters = signatures.iter().map(|signature| signature.voter);
    if data.chain != committee.chain()
        || data.epoch != committee.epoch()
        || !committee.is_quorum(voters)
    {
        return false;
    }
    let message = data.message(kind);
    let signed = signatures.iter().map(|part| {
        let key = committee.validator(part.voter)?.public_key;
        Some(SignedMessage { key, message, signature: part.signature })
    });
    all_good(signed.collect(), scheme)
}

fn all_good(signed: Option<Vec<SignedMessage>>, scheme: &dyn VoteScheme) -> bool {
    signed.is_some_and(|signed| scheme.verify_each(&signed).iter().all(|good| *good))
}

impl Canonical for QuorumCert {
    const NAME: &'static str = "quorum certificate";
    const BYTES_MAX: usize = 4096;
}

impl Canonical for CommitCert {
    const NAME: &'static str = "commit certificate";
    const BYTES_MAX: usize = 4096;
}

impl Canonical for TimeoutCert {
    const NAME: &'static str = "timeout certificate";
    const BYTES_MAX: usize = 8192;
}
