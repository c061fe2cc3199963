//! What admission needs to know of state.

use std::sync::Arc;

use heddle_machine::Candidate;
use heddle_mempool::AccountView;
use heddle_mempool::Terms;
use heddle_sdk::native;
use heddle_types::CheckedTransaction;
use heddle_types::Nonce;
use heddle_types::StateView;

/// Looks up what the pool must know of a transaction's accounts.
pub(crate) fn candidate(
    state: &dyn StateView,
    transaction: Arc<CheckedTransaction>,
    terms: Terms,
) -> Candidate {
    let body = &transaction.transaction().body;
    let next_sequence = match body.nonce {
        Nonce::Lane { lane, .. } => {
            native::next_sequence(state.entry(&native::nonce_key(&body.sender, lane)).as_ref())
        }
        // The pool refuses these by their form.
        Nonce::Window { .. } => 0,
    };
    let balance = state.entry(&native::native_balance_key(&body.payer()));
    let balance = balance.and_then(|entry| native::decode_amount(entry.value.as_bytes()));
    let account = AccountView { next_sequence, fee_balance: balance.unwrap_or_default() };
    Candidate { transaction, account, terms }
}
