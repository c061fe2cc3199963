//! Why a submission was refused, as users are told.

use heddle_mempool::Refusal;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::NonceUse;
use heddle_rpc_api::RpcError;
use heddle_types::ChainId;

use crate::node::driver::SendRefusal;
use crate::node::shared::Shared;

/// What users are told when more waits than this node verifies and admits in time.
pub(crate) fn no_room() -> RpcError {
    RpcError::new(ErrorKind::RateLimited, "this node has more to verify than it can")
}

/// What users are told.
pub(crate) fn to_error(shared: &Shared, refusal: &SendRefusal, chain: ChainId) -> RpcError {
    let refusal = match refusal {
        SendRefusal::Form(error) => return RpcError::new(ErrorKind::Malformed, error.to_string()),
        SendRefusal::NoRoom => return no_room(),
        SendRefusal::Pool(refusal) => *refusal,
    };
    let plain = |kind| RpcError::new(kind, refusal.to_string());
    match refusal {
        Refusal::WrongChain => RpcError::wrong_chain(chain, shared.committees.chain()),
        Refusal::BadSignature => RpcError::bad_signature("transaction.auth"),
        Refusal::UnsupportedAuth | Refusal::UnsupportedNonce => plain(ErrorKind::Unsupported),
        Refusal::Expired { valid_until, executed } => RpcError::expired(valid_until, executed),
        Refusal::NonceUsed { sequence, expected } => {
            RpcError::nonce_used(sequence, expected, NonceUse::Final)
        }
        Refusal::NonceTaken { sequence, expected } => {
            RpcError::nonce_used(sequence, expected, NonceUse::Pending)
        }
        Refusal::NonceGap { sequence, expected } => RpcError::nonce_gap(sequence, expected),
        Refusal::FeeTooLow { .. } => plain(ErrorKind::FeeTooLow),
        Refusal::InsufficientFeeFunds { .. } => plain(ErrorKind::InsufficientFeeFunds),
        Refusal::PoolFull => plain(ErrorKind::PoolFull),
        Refusal::SenderLimit => plain(ErrorKind::SenderLimit),
    }
}
