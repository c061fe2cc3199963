//! Batches whose stateless checks are done: the only form in which the node's cores see them.

use std::sync::Arc;

use thiserror::Error;

use crate::batch::Batch;
use crate::batch::BatchBody;
use crate::batch::BatchHeader;
use crate::batch::SignedBatchHeader;
use crate::checked::CheckedTransaction;
use crate::codec;
use crate::codec::Bytes;
use crate::codec::DecodeError;
use crate::committee::Committee;
use crate::hash::Hash32;
use crate::hash::TxId;
use crate::quantity::Epoch;
use crate::scheme::VoteScheme;
use crate::scheme::VoteSigner;
use crate::transaction::Auth;
use crate::transaction::TransactionError;

/// A batch that its lane's owner signed, whose body is the one that its header names, and is well formed.
///
/// A transaction with a bad signature can stand in a batch; the plan pass skips it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBatch {
    signed: SignedBatchHeader,
    digest: Hash32,
    transactions: Vec<Arc<CheckedTransaction>>,
}

/// Why a batch is malformed, whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// Its bytes, or its body's, are no batch.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// No first batch comes before number 1.
    #[error("batch.header.sequence: 0; a lane begins with 1")]
    Sequence,
    /// It is of another epoch. Its sender may be honest, and ahead or behind.
    #[error("batch.header.epoch: {found}, expected {expected}")]
    Epoch {
        /// The batch's.
        found: Epoch,
        /// The committee's.
        expected: Epoch,
    },
    /// The body is not the one that the header names.
    #[error("batch.body: does not have the hash, bytes and transactions that batch.header says")]
    Body,
    /// It holds nothing.
    #[error("batch.body.transactions: none")]
    Empty,
    /// Its lane's owner did not sign it.
    #[error("batch.signature: not of the lane's owner")]
    Signature,
    /// A transaction in it is malformed.
    #[error("batch.body.transactions[{position}]: {error}")]
    Transaction {
        /// Its position.
        position: usize,
        /// What is wrong with it.
        error: TransactionError,
    },
}

impl CheckedBatch {
    /// Checks everything that needs no state; the cheap and the signature first, so that nobody but the lane's owner costs
    /// more. `is_known` as for [`CheckedTransaction::check_all`].
    ///
    /// # Errors
    /// See [`BatchError`].
    pub fn check(
        batch: Batch,
        committee: &Committee,
        scheme: &dyn VoteScheme,
        is_known: impl Fn(&TxId, &Auth) -> bool,
    ) -> Result<Self, BatchError> {
        let Batch { signed, body } = batch;
        let header = &signed.header;
        if header.sequence == 0 {
            return Err(BatchError::Sequence);
        }
        let (found, expected) = (header.epoch, committee.epoch());
        if found != expected {
            return Err(BatchError::Epoch { found, expected });
        }
        if u32::try_from(body.len()) != Ok(header.bytes) {
            return Err(BatchError::Body);
        }
        if !signed.verify(committee, scheme) {
            return Err(BatchError::Signature);
        }
        if BatchHeader::hash_body(&body) != header.body {
            return Err(BatchError::Body);
        }
        let BatchBody { transactions } = codec::decode_exact(&body)?;
        if transactions.is_empty() {
            return Err(BatchError::Empty);
        }
        if u32::try_from(transactions.len()) != Ok(header.transactions) {
            return Err(BatchError::Body);
        }
        let transactions = CheckedTransaction::check_all(transactions, is_known)
            .map_err(|(position, error)| BatchError::Transaction { position, error })?;
        let transactions = transactions.into_iter().map(Arc::new).collect();
        Ok(Self { digest: header.digest(), signed, transactions })
    }

    /// A batch of transactions that were checked one by one, signed: the owner's own. The header's body, bytes and number of
    /// transactions are set to match.
    ///
    /// # Panics
    /// When there are none, or more bytes than [`crate::limits::BATCH_BYTES_MAX`]: the caller counts them.
    pub fn build(
        mut header: BatchHeader,
        transactions: Vec<Arc<CheckedTransaction>>,
        signer: &dyn VoteSigner,
    ) -> Self {
        let body = body_of(&transactions);
        assert!(!transactions.is_empty(), "a batch holds something");
        assert!(transactions.len() <= crate::limits::BATCH_TXS_MAX, "a batch is within its limits");
        assert!(body.len() <= crate::limits::BATCH_BYTES_MAX, "a batch is within its limits");
        header.body = BatchHeader::hash_body(&body);
        header.bytes = u32::try_from(body.len()).expect("asserted above");
        header.transactions = u32::try_from(transactions.len()).expect("asserted above");
        let digest = header.digest();
        let signed = SignedBatchHeader { signature: signer.sign(&digest), header };
        Self { signed, digest, transactions }
    }

    /// The header.
    pub const fn header(&self) -> &BatchHeader {
        &self.signed.header
    }

    /// The header with its owner's signature.
    pub const fn signed(&self) -> &SignedBatchHeader {
        &self.signed
    }

    /// What a cut names it by.
    pub const fn digest(&self) -> Hash32 {
        self.digest
    }

    /// The transactions, in the order in which they are to be executed.
    pub fn transactions(&self) -> &[Arc<CheckedTransaction>] {
        &self.transactions
    }

    /// The batch as it is sent and stored.
    pub fn to_batch(&self) -> Batch {
        Batch { signed: self.signed.clone(), body: Bytes(body_of(&self.transactions)) }
    }
}

/// As a [`BatchBody`] is encoded, without a copy of the transactions.
fn body_of(transactions: &[Arc<CheckedTransaction>]) -> Vec<u8> {
    let bytes: usize = transactions.iter().map(|checked| checked.bytes()).sum();
    let mut body = Vec::with_capacity(4 + bytes);
    let len = u32::try_from(transactions.len()).expect("what fits memory bounds counts fewer");
    body.extend_from_slice(&len.to_le_bytes());
    for checked in transactions {
        borsh::to_writer(&mut body, checked.transaction()).expect("writing to a Vec cannot fail");
    }
    body
}
