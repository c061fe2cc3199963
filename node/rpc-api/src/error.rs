//! What a refusal looks like.

use std::fmt;

use heddle_types::Height;
use serde::Deserialize;
use serde::Serialize;
use thiserror::Error;

use crate::limits;
use crate::params::ParamError;

/// A JSON-RPC error object. An error reply to a send means that this request did not and will not cause inclusion.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct RpcError {
    /// A standard JSON-RPC code, or one of ours from -32001 down.
    pub code: i32,
    /// One line: what was found, what was expected.
    pub message: String,
    /// For programs.
    pub data: ErrorData,
}

/// What a program branches on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorData {
    /// Which refusal.
    pub kind: ErrorKind,
    /// Whether the same bytes, sent again later, may be accepted.
    pub retryable: bool,
    /// Whether no block will ever hold this transaction, wherever it was sent.
    pub never: bool,
    /// What to do.
    pub hint: String,
    /// The sequence expected, of `nonceGap` and `nonceUsed`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<u64>,
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident($code:literal, $retryable:literal, $hint:literal);)+) => {
        /// Every refusal there is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum ErrorKind {
            $($(#[$meta])* $name,)+
        }

        impl ErrorKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its JSON-RPC code.
            pub const fn code(self) -> i32 {
                match self { $(Self::$name => $code,)+ }
            }

            /// Whether the same bytes, sent again later, may be accepted.
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)+ }
            }

            /// What to do about it.
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)+ }
            }
        }
    };
}

kinds! {
    /// The body is no JSON.
    ParseError(-32700, false, "send one JSON object, or an array of up to 100, in UTF-8");
    /// JSON, but no JSON-RPC 2.0 request.
    InvalidRequest(-32600, false, "send {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":NAME,\"params\":{}}");
    /// No such method here.
    MethodNotFound(-32601, false, "see the method table of the documentation");
    /// The node failed, not the request.
    Internal(-32603, true, "look into the node's log");
    /// A parameter (code -32602), or the bytes of a transaction, are not what they should be.
    Malformed(-32001, false, "correct the field that the message names");
    /// A signature does not verify.
    BadSignature(-32002, false, "sign the transaction's id with the sender's key");
    /// For another chain.
    WrongChain(-32003, false, "build the transaction with this chain's id, see getStatus");
    /// `valid_until` has passed.
    Expired(-32004, false, "build it again with a later valid_until");
    /// An earlier sequence is missing.
    NonceGap(-32005, true, "send the expected sequence of this lane first");
    /// The sequence is taken.
    NonceUsed(-32006, false, "build it again with the expected sequence");
    /// The payer cannot pay the maximum fee.
    InsufficientFeeFunds(-32007, true, "fund the payer or lower max_fee");
    /// This node's pool has no room.
    PoolFull(-32008, true, "send it again in a moment, or to another node");
    /// The sender has too many transactions pending.
    SenderLimit(-32009, true, "wait until some of the sender's transactions are final");
    /// `max_fee` is below what the transaction costs at least.
    FeeTooLow(-32010, false, "raise max_fee, see getFee");
    /// Larger than its limit.
    TooLarge(-32011, false, "send less in one piece");
    /// Too many requests.
    RateLimited(-32012, true, "slow down");
    /// There is no such thing, or not yet.
    NotFound(-32013, true, "check the height, hash or id");
    /// It was here and is no longer kept.
    Pruned(-32014, false, "ask a node that keeps all history");
    /// This node is not up to date.
    Behind(-32015, true, "wait until /health answers 200, or ask another node");
    /// Not built into this node.
    Unsupported(-32016, false, "use Lane nonces, Ed25519 and the methods of the documentation");
    /// A kind that this version does not know; only ever read, from a newer node.
    #[serde(other)]
    Other(-32099, false, "see the message");
}

/// Where a sequence was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceUse {
    /// By a transaction at a final height: no block will hold another.
    Final,
    /// By one that this node holds pending.
    Pending,
}

impl RpcError {
    /// The refusal `kind` with its own code. `never` is false: only the constructors that can know say it.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let data = ErrorData {
            kind,
            retryable: kind.is_retryable(),
            never: false,
            hint: kind.hint().to_owned(),
            expected: None,
        };
        Self { code: kind.code(), message: message.into(), data }
    }

    /// A parameter is missing, unknown or not what it should be.
    pub fn invalid_params(error: &ParamError) -> Self {
        Self { code: -32602, ..Self::new(ErrorKind::Malformed, error.to_string()) }
    }

    /// There is no method of this name.
    pub fn method_not_found(method: &str) -> Self {
        let method = quoted(method);
        Self::new(
            ErrorKind::MethodNotFound,
            format!("method: found {method}, expected a method of this node"),
        )
    }

    /// The signature of `field` does not verify; no block will hold these bytes.
    pub fn bad_signature(field: &str) -> Self {
        Self::new(ErrorKind::BadSignature, format!("{field}: the signature does not verify"))
            .never()
    }

    /// The transaction names another chain; no block of this one will hold it.
    pub fn wrong_chain(found: heddle_types::ChainId, expected: heddle_types::ChainId) -> Self {
        let message = format!("transaction.body.chain: found {found}, expected {expected}");
        Self::new(ErrorKind::WrongChain, message).never()
    }

    /// The chain's final height is past `valid_until`.
    pub fn expired(valid_until: Height, final_height: Height) -> Self {
        let message = format!(
            "transaction.body.valid_until: {valid_until}, but the final height is {final_height}"
        );
        Self::new(ErrorKind::Expired, message).never()
    }

    /// The sequence skips `expected`, counting what this node holds pending.
    pub fn nonce_gap(found: u64, expected: u64) -> Self {
        let message =
            format!("transaction.body.nonce.sequence: found {found}, expected {expected}");
        Self::new(ErrorKind::NonceGap, message).expecting(expected)
    }

    /// The sequence is taken; `expected` is the next one.
    pub fn nonce_used(found: u64, expected: u64, by: NonceUse) -> Self {
        let message =
            format!("transaction.body.nonce.sequence: {found} is used, expected {expected}");
        let error = Self::new(ErrorKind::NonceUsed, message).expecting(expected);
        match by {
            NonceUse::Final => error.never(),
            NonceUse::Pending => error,
        }
    }

    /// The block at `height` is final, but blocks below `oldest` are not kept here.
    pub fn pruned(height: Height, oldest: Height) -> Self {
        let message = format!(
            "height: found {height}, expected {oldest} or above: this node does not keep older blocks"
        );
        let mut error = Self::new(ErrorKind::Pruned, message);
        error.data.hint = "ask a node that keeps all blocks".to_owned();
        error
    }

    /// The block at `height` was executed, but what happened meanwhile is not kept.
    pub fn execution_not_kept(height: Height, oldest: Option<Height>) -> Self {
        let kept = match oldest {
            Some(oldest) => format!("{oldest} or above"),
            None => "one executed since this node's start".to_owned(),
        };
        let message = format!(
            "height: found {height}, expected {kept}: how a block was executed is this node's own and is kept in memory only"
        );
        let mut error = Self::new(ErrorKind::Pruned, message);
        error.data.hint = format!("ask within {} blocks", limits::EXECUTIONS_MAX);
        error
    }

    fn never(mut self) -> Self {
        self.data.never = true;
        self
    }

    fn expecting(mut self, expected: u64) -> Self {
        self.data.expected = Some(expected);
        self
    }
}

impl From<ParamError> for RpcError {
    fn from(error: ParamError) -> Self {
        Self::invalid_params(&error)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// `text` in quotes, shortened: an error never grows with the request.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(limits::QUOTED_CHARS_MAX) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}… ({} bytes)", &text[..end], text.len()),
    }
}
