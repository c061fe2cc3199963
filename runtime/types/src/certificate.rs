//! Proofs that a quorum signed.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::canonical::canonical;
use crate::codec;
use crate::codec::Canonical;
use crate::committee::Committee;
use crate::ed25519::Signature;
use crate::hash::ChainId;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::limits;
use crate::proof::Proof;
use crate::quantity::Epoch;
use crate::quantity::ValidatorIndex;
use crate::quantity::View;
use crate::scheme::Statement;
use crate::scheme::VoteScheme;
use crate::vote::TimeoutData;
use crate::vote::VoteData;
use crate::vote::VoteKind;
use crate::voters::Voters;

/// One signer's part of a certificate in the making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoterSignature {
    /// Whose.
    pub voter: ValidatorIndex,
    /// Over the certificate's message.
    pub signature: Signature,
}

/// What one signer of a timeout certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TimeoutEntry {
    /// Whose.
    pub voter: ValidatorIndex,
    /// The view of the highest certificate that the signer held.
    pub high_qc_view: View,
}

canonical! {
    /// 2f+1 votes for one block: it may be extended.
    pub struct QuorumCert {
        /// What was voted for.
        pub data: VoteData,
        /// Who voted; nobody for genesis.
        pub voters: Voters,
        /// That they did.
        pub proof: Proof,
    }

    /// 2f+1 commit votes for one block: it and its ancestors are final.
    pub struct CommitCert {
        /// What was voted for.
        pub data: VoteData,
        /// Who voted; nobody for genesis.
        pub voters: Voters,
        /// That they did.
        pub proof: Proof,
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
        /// That they are their voters', over [`TimeoutData::message`].
        pub proof: Proof,
    }
}

impl QuorumCert {
    /// The certificate that genesis has by definition.
    pub const fn genesis(data: VoteData) -> Self {
        Self { data, voters: Voters::NONE, proof: Proof::NONE }
    }

    /// Of votes that `scheme` found good, by ascending voter.
    pub fn new(data: VoteData, votes: &[VoterSignature], scheme: &dyn VoteScheme) -> Self {
        let (voters, proof) = prove(votes, scheme);
        Self { data, voters, proof }
    }

    /// Whether a quorum of `committee` signed it, or it is genesis's, whose data is `genesis`.
    pub fn verify(
        &self,
        committee: &Committee,
        genesis: &VoteData,
        scheme: &dyn VoteScheme,
    ) -> bool {
        if self.data.view == View::ZERO {
            return *self == Self::genesis(*genesis);
        }
        let statements = statements(&self.data, VoteKind::Vote, self.voters, committee);
        statements.is_some_and(|statements| scheme.verify_proof(&statements, &self.proof))
    }
}

impl CommitCert {
    /// The certificate that genesis has by definition.
    pub const fn genesis(data: VoteData) -> Self {
        Self { data, voters: Voters::NONE, proof: Proof::NONE }
    }

    /// Of commit votes that `scheme` found good, by ascending voter.
    pub fn new(data: VoteData, votes: &[VoterSignature], scheme: &dyn VoteScheme) -> Self {
        let (voters, proof) = prove(votes, scheme);
        Self { data, voters, proof }
    }

    /// Whether a quorum of `committee` signed it, or it is genesis's, whose data is `genesis`.
    pub fn verify(
        &self,
        committee: &Committee,
        genesis: &VoteData,
        scheme: &dyn VoteScheme,
    ) -> bool {
        if self.data.view == View::ZERO {
            return *self == Self::genesis(*genesis);
        }
        let statements = statements(&self.data, VoteKind::CommitVote, self.voters, committee);
        statements.is_some_and(|statements| scheme.verify_proof(&statements, &self.proof))
    }
}

impl TimeoutCert {
    /// Of timeouts of `view` in the committee's epoch that `scheme` found good, by ascending voter.
    pub fn new(
        committee: &Committee,
        view: View,
        timeouts: &[(TimeoutEntry, Signature)],
        scheme: &dyn VoteScheme,
    ) -> Self {
        Self {
            chain: committee.chain(),
            epoch: committee.epoch(),
            view,
            entries: timeouts.iter().map(|(entry, _)| *entry).collect(),
            proof: scheme.prove(timeouts.iter().map(|(_, signature)| *signature).collect()),
        }
    }

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
        let statements = self.entries.iter().map(|entry| {
            let data = TimeoutData {
                chain: self.chain,
                epoch: self.epoch,
                view: self.view,
                high_qc_view: entry.high_qc_view,
            };
            Some(Statement { signer: committee.validator(entry.voter)?, message: data.message() })
        });
        let below = self.entries.iter().all(|entry| entry.high_qc_view < self.view);
        let statements: Option<Vec<_>> = statements.collect();
        below && statements.is_some_and(|all| scheme.verify_proof(&all, &self.proof))
    }
}

fn prove(votes: &[VoterSignature], scheme: &dyn VoteScheme) -> (Voters, Proof) {
    let voters = votes.iter().map(|vote| vote.voter).collect();
    (voters, scheme.prove(votes.iter().map(|vote| vote.signature).collect()))
}

/// What `voters` are to have signed, if they are a quorum of the committee that `data` is for.
fn statements<'a>(
    data: &VoteData,
    kind: VoteKind,
    voters: Voters,
    committee: &'a Committee,
) -> Option<Vec<Statement<'a>>> {
    if data.chain != committee.chain()
        || data.epoch != committee.epoch()
        || !committee.is_quorum(voters.iter())
    {
        return None;
    }
    let message = data.message(kind);
    let signers = voters.iter().map(|voter| committee.validator(voter));
    signers.map(|signer| Some(Statement { signer: signer?, message })).collect()
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
