//! What a light client asks for: final headers with what makes them final, and how epochs ended.

use heddle_types::Bytes;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::Proof;
use heddle_types::Signature;
use heddle_types::ValidatorIndex;
use heddle_types::VoteData;
use heddle_types::Voters;
use serde::Deserialize;
use serde::Serialize;

use crate::certificate::Certificate;
use crate::number;
use crate::params::ParamError;
use crate::params::Params;
use crate::request::Request;
use crate::text;

/// `getFinalHeader`: the newest final header, and what makes it final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GetFinalHeader {}

/// `getEpochEnd`: how an epoch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GetEpochEnd {
    /// Which.
    #[serde(with = "number")]
    pub epoch: Epoch,
}

/// The reply of `getFinalHeader`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalHeader {
    /// The header's canonical bytes.
    #[serde(with = "text")]
    pub header: Bytes,
    /// Those of its descendants up to the one that the certificate is of, oldest first; none when it is of the header's block.
    #[serde(with = "text::list")]
    pub descendants: Vec<Bytes>,
    /// The commit certificate.
    pub certificate: Certificate,
}

/// The reply of `getEpochEnd`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochEnd {
    /// The canonical bytes of the proof; null when the epoch has not ended here.
    #[serde(with = "text::option")]
    pub proof: Option<Bytes>,
}

impl Request for GetFinalHeader {
    const METHOD: &'static str = "getFinalHeader";
    type Reply = FinalHeader;

    fn from_params(params: Params) -> Result<Self, ParamError> {
        params.finish("no parameters")?;
        Ok(Self {})
    }
}

impl Request for GetEpochEnd {
    const METHOD: &'static str = "getEpochEnd";
    type Reply = EpochEnd;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let epoch = params.number("epoch")?;
        params.finish("epoch")?;
        Ok(Self { epoch })
    }
}

impl Certificate {
    /// The certificate that this shows, if `committee` has all who signed, each once. Whether they did is not checked.
    pub fn to_commit_cert(&self, committee: &Committee) -> Option<CommitCert> {
        let data = VoteData {
            chain: committee.chain(),
            epoch: self.epoch,
            view: self.view,
            height: self.height,
            block: self.hash,
        };
        let signers = self.signers.iter().map(|key| committee.index_of(key));
        let signers = signers.collect::<Option<Vec<_>>>()?;
        let voters: Voters = signers.iter().copied().collect();
        let proof = match self.aggregate {
            Some(sum) => self.signatures.is_empty().then_some(Proof::Aggregate(sum))?,
            None => Proof::Each(in_order(&signers, &self.signatures)?),
        };
        (voters.len() == signers.len()).then_some(CommitCert { data, voters, proof })
    }
}

/// The signatures by ascending signer; none if they are not as many.
fn in_order(signers: &[ValidatorIndex], signatures: &[Signature]) -> Option<Vec<Signature>> {
    let mut pairs: Vec<_> = signers.iter().zip(signatures).collect();
    pairs.sort_by_key(|(signer, _)| *signer);
    let ordered = pairs.into_iter().map(|(_, signature)| *signature).collect();
    (signers.len() == signatures.len()).then_some(ordered)
}

#[cfg(test)]
mod tests {
    use heddle_types::BlockHash;
    use heddle_types::BlsSignature;
    use heddle_types::ChainId;
    use heddle_types::Hash32;
    use heddle_types::Height;
    use heddle_types::SecretKey;
    use heddle_types::Validator;
    use heddle_types::View;

    use super::*;

    fn committee() -> Committee {
        let key = |seed: u8| SecretKey::from_seed([seed; 32]).public_key();
        let member = |seed| Validator::new(key(seed), 1);
        Committee::new(ChainId(Hash32([1; 32])), Epoch::new(3), (1..=4).map(member).collect())
            .unwrap()
    }

    fn certificate() -> CommitCert {
        let data = VoteData {
            chain: committee().chain(),
            epoch: Epoch::new(3),
            view: View::new(5),
            height: Height::new(4),
            block: BlockHash(Hash32([2; 32])),
        };
        let voters = [0, 2, 3].map(ValidatorIndex::new).into_iter().collect();
        let proof = Proof::Each([0, 2, 3].map(|voter| Signature([voter; 64])).to_vec());
        CommitCert { data, voters, proof }
    }

    fn aggregate() -> CommitCert {
        CommitCert { proof: Proof::Aggregate(BlsSignature([5; 48])), ..certificate() }
    }

    #[test]
    fn a_certificate_comes_back_as_it_was_in_any_order() {
        let mut shown = Certificate::new(&certificate(), &committee()).unwrap();
        shown.signers.reverse();
        shown.signatures.reverse();
        assert_eq!(shown.to_commit_cert(&committee()), Some(certificate()));
        let mut shown = Certificate::new(&aggregate(), &committee()).unwrap();
        shown.signers.reverse();
        assert_eq!(shown.to_commit_cert(&committee()), Some(aggregate()));
    }

    #[test]
    fn an_aggregate_is_told_where_there_is_one() {
        let json = |cert| serde_json::to_value(Certificate::new(&cert, &committee())).unwrap();
        let each = json(certificate());
        assert_eq!(each.get("aggregate"), None);
        let sum = json(aggregate());
        assert_eq!(
            (&sum["aggregate"], &sum["signatures"]),
            (&"05".repeat(48).into(), &serde_json::json!([]))
        );
        for (json, cert) in [(each, certificate()), (sum, aggregate())] {
            let shown: Certificate = serde_json::from_value(json).unwrap();
            assert_eq!(shown.to_commit_cert(&committee()), Some(cert));
        }
    }

    #[test]
    fn strangers_doubles_and_missing_signatures_are_no_certificate() {
        let shown = Certificate::new(&certificate(), &committee()).unwrap();
        let mut stranger = shown.clone();
        stranger.signers[0] = SecretKey::from_seed([9; 32]).public_key();
        let mut double = shown.clone();
        double.signers[0] = double.signers[1];
        let mut missing = shown;
        missing.signatures.pop();
        let mut both = Certificate::new(&aggregate(), &committee()).unwrap();
        both.signatures.push(Signature([0; 64]));
        let mut double_sum = Certificate::new(&aggregate(), &committee()).unwrap();
        double_sum.signers[0] = double_sum.signers[1];
        for bad in [stranger, double, missing, both, double_sum] {
            assert_eq!(bad.to_commit_cert(&committee()), None);
        }
    }
}
