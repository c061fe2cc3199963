//! What became of a transaction, in words.

use heddle_rpc_api::ErrorText;
use heddle_rpc_api::Receipt;
use heddle_rpc_api::RpcError;
use heddle_rpc_api::TransactionInfo;
use heddle_rpc_api::TxStatus;
use heddle_storage::TxLocation;
use heddle_types::AccessTrace;
use heddle_types::ProgramError;
use heddle_types::TxFailure;
use heddle_types::TxId;

use crate::node::backend::internal;
use crate::node::events;
use crate::node::pending::Standing;
use crate::node::shared::Shared;

/// A transaction as this node knows it.
pub(crate) fn read(shared: &Shared, id: TxId) -> Result<TransactionInfo, RpcError> {
    if let Some(info) = read_final(shared, id)? {
        return Ok(info);
    }
    let standing = shared.standings.get(&id);
    // It may have become final between the two looks.
    if let Some(info) = read_final(shared, id)? {
        return Ok(info);
    }
    let status = match standing {
        Some(Standing::Pending) => TxStatus::Pending,
        Some(Standing::Expired) => TxStatus::Expired,
        None => TxStatus::Unknown,
    };
    Ok(TransactionInfo::without_receipt(id, status))
}

fn read_final(shared: &Shared, id: TxId) -> Result<Option<TransactionInfo>, RpcError> {
    let place = shared.storage.transaction(&id).map_err(|error| internal(&error))?;
    let durable = shared.durable.read().height;
    let Some(TxLocation { height, index }) = place.filter(|place| place.height <= durable) else {
        return Ok(None);
    };
    let block = shared.receipts.read(&shared.storage, height).map_err(|error| internal(&error))?;
    if block.is_none() && height < shared.storage.oldest() {
        return Ok(None);
    }
    let position = usize::try_from(index.get()).unwrap_or(usize::MAX);
    let receipt = block.as_ref().and_then(|block| block.receipts.get(position));
    let Some(receipt) = receipt.filter(|receipt| receipt.id == id) else {
        return Err(internal(&format!("transaction {id} has no receipt at height {height}")));
    };
    let trace = block.as_ref().and_then(|block| block.traces.get(position));
    let trace = trace.map(AccessTrace::from).unwrap_or_default();
    Ok(Some(TransactionInfo {
        id,
        status: TxStatus::Final,
        height: Some(height),
        index: Some(index),
        receipt: Some(in_words(shared, receipt, &trace)),
    }))
}

/// A receipt as the API shows it.
pub(crate) fn in_words(
    shared: &Shared,
    receipt: &heddle_types::Receipt,
    trace: &AccessTrace,
) -> Receipt {
    let describe = |event: &heddle_types::Event| events::describe(&shared.programs, event);
    Receipt::new(receipt, trace, |error| names(shared, error), describe)
}

fn names(shared: &Shared, error: &ProgramError) -> ErrorText {
    let text = shared.programs.explain(&TxFailure::Program(*error));
    ErrorText { name: text.name.to_owned(), message: text.message }
}
