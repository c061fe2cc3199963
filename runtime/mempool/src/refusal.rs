//! What the pool answers to a transaction.

use heddle_types::Amount;
use heddle_types::Height;
use thiserror::Error;

/// A transaction is in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is new.
    Admitted,
    /// It was there already; this is no error.
    AlreadyPending,
}

/// Why a transaction is not in the pool. Unless [`Refusal::never`], it means "not accepted here, now".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It is for another chain.
    #[error("transaction.body.chain: another chain's")]
    WrongChain,
    /// A signature is wrong.
    #[error(
        "transaction.auth: the signature is not the sender's, or not the payer's, over this transaction's id"
    )]
    BadSignature,
    /// Its authorisation is of a reserved scheme.
    #[error("transaction.auth: this scheme is reserved, use Ed25519")]
    UnsupportedAuth,
    /// Its nonce is of a reserved kind.
    #[error("transaction.body.nonce: time windows are reserved, use a lane")]
    UnsupportedNonce,
    /// Every block up to its last height is executed and none holds it.
    #[error(
        "transaction.body.valid_until: height {valid_until}, and {executed} is executed already"
    )]
    Expired {
        /// The last height that it allows.
        valid_until: Height,
        /// The last executed height.
        executed: Height,
    },
    /// An executed final block used its nonce.
    #[error("transaction.body.nonce: sequence {sequence} was used, expected {expected}")]
    NonceUsed {
        /// Its sequence.
        sequence: u64,
        /// The sequence to use, counting what is pending here.
        expected: u64,
    },
    /// Another pending transaction has its nonce. No block need ever hold that one, so this is not for ever.
    #[error(
        "transaction.body.nonce: sequence {sequence} is another pending transaction's, expected {expected}"
    )]
    NonceTaken {
        /// Its sequence.
        sequence: u64,
        /// The sequence to use, counting what is pending here.
        expected: u64,
    },
    /// An earlier one of its lane is missing.
    #[error("transaction.body.nonce: sequence {sequence} comes too early, expected {expected}")]
    NonceGap {
        /// Its sequence.
        sequence: u64,
        /// The sequence to use, counting what is pending here.
        expected: u64,
    },
    /// It offers less than it would cost.
    #[error("transaction.body.max_fee: {offered}, at least {required} is required")]
    FeeTooLow {
        /// What it offers.
        offered: Amount,
        /// What it takes.
        required: Amount,
    },
    /// Its payer's balance does not cover the maximum fees of all the payer's pending transactions and this one.
    #[error(
        "transaction.body.max_fee: the payer has {balance}, its pending transactions and this one may cost {required}"
    )]
    InsufficientFeeFunds {
        /// The payer's balance in the native asset at the last executed height.
        balance: Amount,
        /// The sum of the maximum fees, this one's included; the largest amount if it is past that.
        required: Amount,
    },
    /// The pool is full.
    #[error("the pool is full, try again later or elsewhere")]
    PoolFull,
    /// The sender has as much pending as one sender may.
    #[error("the sender has too much pending here, wait until some of it is final")]
    SenderLimit,
}

impl Refusal {
    /// Whether no block will ever hold the refused bytes.
    pub const fn never(&self) -> bool {
        match self {
            Self::WrongChain
            | Self::BadSignature
            | Self::Expired { .. }
            | Self::NonceUsed { .. } => true,
            Self::UnsupportedAuth
            | Self::UnsupportedNonce
            | Self::NonceTaken { .. }
            | Self::NonceGap { .. }
            | Self::FeeTooLow { .. }
            | Self::InsufficientFeeFunds { .. }
            | Self::PoolFull
            | Self::SenderLimit => false,
        }
    }

    /// Whether the same bytes may be accepted here a moment later with nothing changed by their sender.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::PoolFull
            | Self::SenderLimit
            | Self::NonceGap { .. }
            | Self::InsufficientFeeFunds { .. } => true,
            Self::WrongChain
            | Self::BadSignature
            | Self::Expired { .. }
            | Self::NonceUsed { .. }
            | Self::UnsupportedAuth
            | Self::UnsupportedNonce
            | Self::NonceTaken { .. }
            | Self::FeeTooLow { .. } => false,
        }
    }

    /// The `kind` that the RPC answers with.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::WrongChain => "wrongChain",
            Self::BadSignature => "badSignature",
            Self::UnsupportedAuth | Self::UnsupportedNonce => "unsupported",
            Self::Expired { .. } => "expired",
            Self::NonceUsed { .. } | Self::NonceTaken { .. } => "nonceUsed",
            Self::NonceGap { .. } => "nonceGap",
            Self::FeeTooLow { .. } => "feeTooLow",
            Self::InsufficientFeeFunds { .. } => "insufficientFeeFunds",
            Self::PoolFull => "poolFull",
            Self::SenderLimit => "senderLimit",
        }
    }

    /// The sequence to use instead, where the nonce is what is wrong.
    pub const fn expected(&self) -> Option<u64> {
        match self {
            Self::NonceUsed { expected, .. }
            | Self::NonceTaken { expected, .. }
            | Self::NonceGap { expected, .. } => Some(*expected),
            Self::WrongChain
            | Self::BadSignature
            | Self::UnsupportedAuth
            | Self::UnsupportedNonce
            | Self::Expired { .. }
            | Self::FeeTooLow { .. }
            | Self::InsufficientFeeFunds { .. }
            | Self::PoolFull
            | Self::SenderLimit => None,
        }
    }
}
