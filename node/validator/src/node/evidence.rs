//! Evidence as `getEvidence` shows it.

use heddle_hotstuff::Evidence;
use heddle_rpc_api::EvidenceKind;
use heddle_types::Bytes;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::encode;

/// In the form of the reply; none when the signer is not in the committee, which cannot be.
pub(crate) fn to_reply(
    evidence: &Evidence,
    committee: &Committee,
) -> Option<heddle_rpc_api::Evidence> {
    match evidence {
        Evidence::Proposals(pair) => {
            let header = &pair[0].0;
            let place = (header.proposer, header.epoch, header.view);
            reply(committee, place, EvidenceKind::Proposal, [encode(&pair[0]), encode(&pair[1])])
        }
        Evidence::Votes(pair) => {
            let place = (pair[0].voter, pair[0].data.epoch, pair[0].data.view);
            reply(committee, place, EvidenceKind::Vote, [encode(&pair[0]), encode(&pair[1])])
        }
        Evidence::CommitVotes(pair) => {
            let place = (pair[0].voter, pair[0].data.epoch, pair[0].data.view);
            reply(committee, place, EvidenceKind::CommitVote, [encode(&pair[0]), encode(&pair[1])])
        }
    }
}

fn reply(
    committee: &Committee,
    (signer, epoch, view): (ValidatorIndex, Epoch, View),
    kind: EvidenceKind,
    [first, second]: [Vec<u8>; 2],
) -> Option<heddle_rpc_api::Evidence> {
    let public_key = committee.validator(signer)?.public_key;
    Some(heddle_rpc_api::Evidence {
        public_key,
        epoch,
        view,
        kind,
        first: Bytes(first),
        second: Bytes(second),
    })
}
