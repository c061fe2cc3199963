//! From calls to a transaction that is sent: fetch the nonce, build, sign, send.

use std::time::Duration;

use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::GetAccount;
use heddle_rpc_api::GetStatus;
use heddle_rpc_api::GetTransaction;
use heddle_rpc_api::SendTransaction;
use heddle_rpc_api::Sent;
use heddle_rpc_api::TransactionInfo;
use heddle_rpc_api::TxStatus;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::encode;
use heddle_validator::home::KeyFile;

use crate::error::CliError;
use crate::nonce;
use crate::rpc::CallError;
use crate::rpc::Rpc;
use crate::sending;

/// How many heights a transaction stays valid, unless it is said: after that its outcome is known for certain.
const VALID_HEIGHTS: u64 = 1000;
/// Up to so many heights more, at random: two equal transactions asked for at the same moment must not be the same bytes, of
/// which only one would be made.
const VALID_HEIGHTS_SPREAD: u64 = 1024;
/// Times that a nonce which somebody else took meanwhile is replaced by the next.
const NONCE_TRIES: u32 = 5;

/// What is sent, and by whom.
pub(crate) struct Submission<'a> {
    /// Who signs and pays.
    pub(crate) key: &'a KeyFile,
    /// What it does.
    pub(crate) calls: Vec<Call>,
    /// What it says that it touches.
    pub(crate) access: Access,
    /// Its place in the sender's order, if not the next of lane 0.
    pub(crate) nonce: Option<Nonce>,
    /// The most that it may cost in fees.
    pub(crate) max_fee: Amount,
    /// How long to wait until it is final, if at all.
    pub(crate) wait: Option<Duration>,
}

/// What became of it.
pub(crate) enum Submitted {
    /// A node has it.
    Sent(Sent),
    /// It is final, or expired.
    Settled(TransactionInfo),
}

impl Submission<'_> {
    /// Sends it, and waits for it if that is wanted. One that is final may have failed.
    pub(crate) fn submit(self, rpc: &Rpc) -> Result<Submitted, CliError> {
        let Self { key, calls, access, nonce, max_fee, wait } = self;
        let status = rpc.call(&GetStatus {})?;
        let mut body = TransactionBody {
            version: TransactionBody::VERSION,
            chain: status.chain_id,
            sender: key.address(),
            payer: None,
            nonce: nonce.map_or_else(|| next_nonce(rpc, key.address()), Ok)?,
            valid_until: Height::new(status.final_height.get().saturating_add(valid_heights()?)),
            max_fee,
            access,
            calls,
        };
        for _ in 0..NONCE_TRIES {
            let transaction = Transaction::sign(body.clone(), key.secret());
            if nonce.is_none() && is_known(rpc, &transaction)? {
                // Somebody asked for an equal transaction just now; this is another one.
                body.nonce = after(body.nonce);
                continue;
            }
            match send(rpc, &transaction, wait) {
                Err(CallError::Refused(refusal))
                    if nonce.is_none() && refusal.data.kind == ErrorKind::NonceUsed =>
                {
                    // Another transaction of the sender is on its way; the node knows what comes after it.
                    let Some(sequence) = refusal.data.expected else {
                        return Err(CliError::of_refusal(&refusal));
                    };
                    body.nonce = Nonce::Lane { lane: 0, sequence };
                }
                outcome => return Ok(outcome?),
            }
        }
        Err(CliError::refused(format!(
            "nonce: found {} taken, and {NONCE_TRIES} before it, expected a free one; stop other senders with this key, or \
             name one with --nonce",
            nonce::format(body.nonce)
        )))
    }
}

fn send(
    rpc: &Rpc,
    transaction: &Transaction,
    wait: Option<Duration>,
) -> Result<Submitted, CallError> {
    if let Some(wait) = wait {
        return sending::send_and_wait(rpc, transaction, wait).map(Submitted::Settled);
    }
    let request = SendTransaction { transaction: encode(transaction).into() };
    rpc.try_call(&request).map(Submitted::Sent)
}

/// Whether the node has these very bytes already.
fn is_known(rpc: &Rpc, transaction: &Transaction) -> Result<bool, CliError> {
    let info = rpc.call(&GetTransaction { id: transaction.id() })?;
    Ok(info.status != TxStatus::Unknown)
}

fn after(nonce: Nonce) -> Nonce {
    match nonce {
        Nonce::Lane { lane, sequence } => {
            Nonce::Lane { lane, sequence: sequence.saturating_add(1) }
        }
        Nonce::Window { millis } => Nonce::Window { millis: millis.saturating_add(1) },
    }
}

/// How many heights a transaction stays valid.
fn valid_heights() -> Result<u64, CliError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(CliError::no_random)?;
    Ok(VALID_HEIGHTS + u64::from_le_bytes(bytes) % VALID_HEIGHTS_SPREAD)
}

fn next_nonce(rpc: &Rpc, address: Address) -> Result<Nonce, CliError> {
    let account = rpc.call(&GetAccount { address })?;
    Ok(Nonce::Lane { lane: 0, sequence: account.nonces.get(&0).copied().unwrap_or(0) })
}
