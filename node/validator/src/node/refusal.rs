//! Why a submission was refused, as users are told.

use heddle_mempool::Refusal;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::NonceUse;
use heddle_rpc_api::RpcError;
use heddle_types::Nonce;
use heddle_types::Transaction;

use crate::node::driver::SendRefusal;
use crate::node::shared::Shared;

/// The sequence that a transaction uses, for messages.
pub(crate) fn sequence_of(transaction: &Transaction) -> Option<u64> {
    match transaction.body.nonce {
        Nonce::Lane { sequence, .. } => Some(sequence),
        Nonce::Window { .. } => None,
    }
}
