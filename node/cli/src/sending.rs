//! Sending a signed transaction, and waiting for what becomes of it.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_rpc_api::TransactionInfo;
use heddle_rpc_api::TxStatus;
use heddle_types::Transaction;

use crate::error::CliError;
use crate::rpc::CallError;
use crate::rpc::Rpc;

/// How long one question may wait; the node allows at most 10 s.
const ASK_MAX: Duration = Duration::from_secs(5);
/// Between two questions that were answered at once.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends `transaction` until it is final and executed, or expired. Sending again is safe: the same bytes have one outcome.
///
/// A refusal of the first send is one; later, after the transaction may have been included, no answer within `wait` means
/// an unknown outcome.
pub(crate) fn send_and_wait(
    rpc: &Rpc,
    transaction: &Transaction,
    wait: Duration,
) -> Result<TransactionInfo, CallError> {
    let end = Instant::now() + wait;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let info =
            rpc.wait(async |client| client.send_and_wait(transaction, left.min(ASK_MAX)).await)?;
        if info.is_settled() {
            return Ok(info);
        }
        if Instant::now() >= end {
            return Err(CallError::Failed(CliError::unknown(format!(
                "transaction {}: found it {} after {} s, expected it to be final; ask again with getTransaction, or \
                 send the same bytes again, which is safe",
                info.id,
                status_text(info.status),
                wait.as_secs()
            ))));
        }
        thread::sleep(PAUSE);
    }
}

/// Whether a settled transaction did what it should.
pub(crate) fn check(info: &TransactionInfo) -> Result<(), CliError> {
    let Some(receipt) = &info.receipt else {
        return Err(CliError::refused(format!(
            "transaction {}: found it expired, expected it to be final; build it again",
            info.id
        )));
    };
    match &receipt.error {
        None => Ok(()),
        Some(error) => Err(CliError::refused(format!(
            "transaction {}: found {} ({}), expected it to succeed; correct it and build it again",
            info.id, error.name, error.message
        ))),
    }
}

/// A transaction's status as people read it.
pub(crate) const fn status_text(status: TxStatus) -> &'static str {
    match status {
        TxStatus::Unknown => "unknown",
        TxStatus::Pending => "pending",
        TxStatus::Final => "final",
        TxStatus::Expired => "expired",
    }
}
