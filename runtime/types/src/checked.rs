//! Transactions and blocks whose stateless checks are done: the only form in which the node's cores see them.

use std::sync::Arc;
use std::sync::OnceLock;

use thiserror::Error;

use crate::block::Block;
use crate::block::BlockHeader;
use crate::block::Payload;
use crate::codec;
use crate::codec::DecodeError;
use crate::declared::Declared;
use crate::ed25519;
use crate::ed25519::SignedMessage;
use crate::hash::BlockHash;
use crate::hash::TxId;
use crate::limits;
use crate::transaction::Auth;
use crate::transaction::Transaction;
use crate::transaction::TransactionBody;
use crate::transaction::TransactionError;

/// A well-formed transaction with its id, its size, and whether its signatures are good.
///
/// One with a bad signature can stand in a block; the plan pass skips it.
#[derive(Clone, Debug)]
pub struct CheckedTransaction {
    transaction: Transaction,
    id: TxId,
    bytes: usize,
    signature_ok: bool,
    declared: OnceLock<Arc<Declared>>,
}

impl CheckedTransaction {
    /// Checks the form and the signatures of `transaction`.
    ///
    /// # Errors
    /// [`TransactionError`] for its form. A bad signature is no error here, see [`Self::signature_ok`].
    pub fn check(transaction: Transaction) -> Result<Self, TransactionError> {
        let mut checked = Self::check_form(transaction)?;
        checked.signature_ok = match checked.transaction.signed_messages(checked.id) {
            None => false,
            Some((sender, payer)) => {
                let signed: Vec<_> = std::iter::once(sender).chain(payer).collect();
                ed25519::verify_each(&signed).iter().all(|good| *good)
            }
        };
        Ok(checked)
    }

    /// Checks many at once; quicker for each than alone. `is_known` says that exactly this id was found good before with
    /// exactly this authorisation: the verdict reaches state, so other signature bytes must be verified on their own. It is
    /// asked only of transactions without a payer of their own.
    ///
    /// # Errors
    /// The position of the first malformed one, and what is wrong with it.
    pub fn check_all(
        transactions: Vec<Transaction>,
        is_known: impl Fn(&TxId, &Auth) -> bool,
    ) -> Result<Vec<Self>, (usize, TransactionError)> {
        let mut checked = Vec::with_capacity(transactions.len());
        for (position, transaction) in transactions.into_iter().enumerate() {
            checked.push(Self::check_form(transaction).map_err(|e| (position, e))?);
        }
        let mut signed: Vec<SignedMessage> = Vec::with_capacity(checked.len());
        let mut owners = Vec::with_capacity(checked.len());
        for (position, one) in checked.iter_mut().enumerate() {
            if one.transaction.payer_auth.is_none() && is_known(&one.id, &one.transaction.auth) {
                one.signature_ok = true;
            } else if let Some((sender, payer)) = one.transaction.signed_messages(one.id) {
                one.signature_ok = true;
                owners.push(position);
                signed.push(sender);
                if let Some(payer) = payer {
                    owners.push(position);
                    signed.push(payer);
                }
            }
        }
        for (position, good) in owners.into_iter().zip(ed25519::verify_each(&signed)) {
            checked[position].signature_ok &= good;
        }
        Ok(checked)
    }

    fn check_form(transaction: Transaction) -> Result<Self, TransactionError> {
        transaction.check_form()?;
        let bytes = codec::encode(&transaction).len();
        if bytes > limits::TRANSACTION_BYTES_MAX {
            return Err(TransactionError::TooLarge { bytes });
        }
        let id = transaction.id();
        Ok(Self { transaction, id, bytes, signature_ok: false, declared: OnceLock::new() })
    }

    /// The transaction.
    pub const fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Its id.
    pub const fn id(&self) -> TxId {
        self.id
    }

    /// Its encoded size.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether all its signatures are good.
    pub const fn signature_ok(&self) -> bool {
        self.signature_ok
    }

    /// What it declares. `derive` is asked by whoever needs it first: a process has one set of programs, so that there is one
    /// answer.
    pub fn declared(&self, derive: impl FnOnce(&TransactionBody) -> Declared) -> &Arc<Declared> {
        self.declared.get_or_init(|| Arc::new(derive(&self.transaction.body)))
    }

    /// What it declares, if that was asked for before.
    pub fn known_declared(&self) -> Option<&Arc<Declared>> {
        self.declared.get()
    }
}

/// What a transaction declares follows from its bytes, and is no part of what it is.
impl PartialEq for CheckedTransaction {
    fn eq(&self, other: &Self) -> bool {
        let all = |one: &Self| (one.id, one.bytes, one.signature_ok);
        all(self) == all(other) && self.transaction == other.transaction
    }
}

impl Eq for CheckedTransaction {}

/// A block whose payload is present, matches its header and is well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBlock {
    header: BlockHeader,
    hash: BlockHash,
    transactions: Vec<Arc<CheckedTransaction>>,
}

/// Why a block is malformed, whoever signed it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BlockError {
    /// Its bytes are no block.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Another format.
    #[error("block.header.version: {found}, expected {}", BlockHeader::VERSION)]
    Version {
        /// The version found.
        found: u8,
    },
    /// The payload is not the one that the header names.
    #[error("block.payload: does not hash to header.payload")]
    PayloadHash,
    /// Lanes are not built yet.
    #[error("block.payload: a cut, which this version does not accept")]
    Cut,
    /// A transaction in it is malformed.
    #[error("block.payload[{position}]: {error}")]
    Transaction {
        /// Its position.
        position: usize,
        /// What is wrong with it.
        error: TransactionError,
    },
    /// More bytes of transactions than a block may have.
    #[error("block.payload: {bytes} bytes, at most {} are allowed", limits::PAYLOAD_BYTES_MAX)]
    TooLarge {
        /// Bytes of transactions.
        bytes: usize,
    },
}

impl CheckedBlock {
    /// Checks a block's payload; `is_known` as for [`CheckedTransaction::check_all`].
    ///
    /// # Errors
    /// See [`BlockError`].
    pub fn check(
        block: Block,
        is_known: impl Fn(&TxId, &Auth) -> bool,
    ) -> Result<Self, BlockError> {
        if block.header.version != BlockHeader::VERSION {
            return Err(BlockError::Version { found: block.header.version });
        }
        if block.payload.hash() != block.header.payload {
            return Err(BlockError::PayloadHash);
        }
        let Payload::Inline(transactions) = block.payload else {
            return Err(BlockError::Cut);
        };
        let transactions = CheckedTransaction::check_all(transactions, is_known)
            .map_err(|(position, error)| BlockError::Transaction { position, error })?;
        let bytes = transactions.iter().map(CheckedTransaction::bytes).sum();
        if bytes > limits::PAYLOAD_BYTES_MAX {
            return Err(BlockError::TooLarge { bytes });
        }
        let transactions = transactions.into_iter().map(Arc::new).collect();
        Ok(Self { hash: block.header.hash(), header: block.header, transactions })
    }

    /// A block of transactions that were checked one by one, such as a leader's own. The header's payload hash is set
    /// to match.
    pub fn build(mut header: BlockHeader, transactions: Vec<Arc<CheckedTransaction>>) -> Self {
        header.payload = payload_of(&transactions).hash();
        Self { hash: header.hash(), header, transactions }
    }

    /// The header.
    pub const fn header(&self) -> &BlockHeader {
        &self.header
    }

    /// The block's hash.
    pub const fn hash(&self) -> BlockHash {
        self.hash
    }

    /// The transactions, in block order.
    pub fn transactions(&self) -> &[Arc<CheckedTransaction>] {
        &self.transactions
    }

    /// The block as it is sent and stored.
    pub fn to_block(&self) -> Block {
        Block { header: self.header.clone(), payload: payload_of(&self.transactions) }
    }
}

fn payload_of(transactions: &[Arc<CheckedTransaction>]) -> Payload {
    Payload::Inline(transactions.iter().map(|checked| checked.transaction.clone()).collect())
}
