//! Why a call did not give its reply.

use std::fmt;

use heddle_rpc_api::RpcError;
use hyper::StatusCode;
use thiserror::Error;

use crate::NodeUrl;
use crate::limits;

/// What a caller branches on: refused, unknown, or nonsense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The URL is none that this client can use. Nothing was sent.
    #[error("{found:?} is no node's URL, expected http://HOST:PORT")]
    Url {
        /// What was given, shortened.
        found: String,
    },
    /// The node refused: this request had, and will have, no effect.
    #[error("refused ({}): {}; {}", .0.data.kind, .0.message, .0.data.hint)]
    Refused(RpcError),
    /// The node refused before looking at the request: it had, and will have, no effect.
    #[error("refused with HTTP {status}: {body}")]
    Http {
        /// The status.
        status: StatusCode,
        /// The reply's text, shortened.
        body: String,
    },
    /// There was no answer; whether the request took effect is unknown.
    #[error("no answer from {url}: {detail}; check that the node runs, then ask what became of it")]
    NoAnswer {
        /// The node.
        url: String,
        /// What happened, for a person.
        detail: String,
    },
    /// There was an answer that is none of this API; whether the request took effect is unknown.
    #[error("malformed answer from {url}: {detail}; check that it is a node of this version")]
    Malformed {
        /// The node.
        url: String,
        /// What is wrong, for a person.
        detail: String,
    },
}

impl ClientError {
    /// The refusal, when the node gave one.
    pub const fn refusal(&self) -> Option<&RpcError> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Url { .. }
            | Self::Http { .. }
            | Self::NoAnswer { .. }
            | Self::Malformed { .. } => None,
        }
    }

    /// Whether it is unknown if the request took effect.
    pub const fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Malformed { .. } => true,
            Self::Url { .. } | Self::Refused(_) | Self::Http { .. } => false,
        }
    }

    pub(crate) fn no_answer(url: &NodeUrl, detail: impl fmt::Display) -> Self {
        Self::NoAnswer { url: url.to_string(), detail: detail.to_string() }
    }

    pub(crate) fn malformed(url: &NodeUrl, detail: impl fmt::Display) -> Self {
        Self::Malformed { url: url.to_string(), detail: detail.to_string() }
    }

    pub(crate) fn http(status: StatusCode, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        Self::Http { status, body: text.trim().chars().take(limits::QUOTED_CHARS_MAX).collect() }
    }
}
