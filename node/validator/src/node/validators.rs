//! Who decides, and who is to decide next, as RPC clients are told.

use heddle_rpc_api::CandidateInfo;
use heddle_rpc_api::ValidatorInfo;
use heddle_rpc_api::ValidatorSet;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_validators::Member;
use heddle_validators::Members;

use crate::node::shared::Shared;

/// The committee, and the members in the executed state.
pub(crate) fn read(shared: &Shared) -> ValidatorSet {
    let committee = shared.committees.present();
    let (authority, members) = {
        let state = shared.state.read();
        (heddle_validators::authority(&*state), heddle_validators::members(&*state))
    };
    let members = members.as_ref().map_or(&[][..], Members::as_slice);
    ValidatorSet {
        epoch: committee.epoch(),
        validators: committee.indices().zip(committee.validators()).map(validator).collect(),
        authority,
        candidates: members.iter().map(candidate).collect(),
    }
}

fn validator((index, validator): (ValidatorIndex, &Validator)) -> ValidatorInfo {
    let Validator { public_key, vote_key, power } = *validator;
    ValidatorInfo { index, public_key, vote_key, power }
}

fn candidate(member: &Member) -> CandidateInfo {
    let Member { public_key, vote_key, power, operator, quic } = *member;
    CandidateInfo { public_key, vote_key, power, operator, quic }
}
