//! Commit certificates as JSON.

use heddle_types::BlockHash;
use heddle_types::BlsSignature;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::Proof;
use heddle_types::PublicKey;
use heddle_types::Signature;
use heddle_types::View;
use serde::Deserialize;
use serde::Serialize;

use crate::number;
use crate::text;

/// 2f+1 commit votes for a block; which of the validators may differ between nodes. Their signatures stand there one by one, or
/// as their sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The epoch.
    #[serde(with = "number")]
    pub epoch: Epoch,
    /// The block's view.
    #[serde(with = "number")]
    pub view: View,
    /// The block's height.
    #[serde(with = "number")]
    pub height: Height,
    /// The block.
    #[serde(with = "text")]
    pub hash: BlockHash,
    /// The signers' keys, by their positions in the committee; none for genesis.
    #[serde(with = "text::list")]
    pub signers: Vec<PublicKey>,
    /// Their signatures, in the same order; none where they are summed.
    #[serde(with = "text::list")]
    pub signatures: Vec<Signature>,
    /// The sum of their BLS signatures, where the validators have vote keys.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::option")]
    pub aggregate: Option<BlsSignature>,
}

impl Certificate {
    /// From a certificate that `committee` signed; none if a signer is not in it.
    pub fn new(certificate: &CommitCert, committee: &Committee) -> Option<Self> {
        let data = &certificate.data;
        let key = |voter| committee.validator(voter).map(|validator| validator.public_key);
        Some(Self {
            epoch: data.epoch,
            view: data.view,
            height: data.height,
            hash: data.block,
            signers: certificate.voters.iter().map(key).collect::<Option<_>>()?,
            signatures: certificate.proof.signatures().to_vec(),
            aggregate: match certificate.proof {
                Proof::Each(_) => None,
                Proof::Aggregate(sum) => Some(sum),
            },
        })
    }
}
