//! What validators say to each other.

use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_hotstuff::Message;
use heddle_types::CheckedTransaction;

use crate::channel::Channel;
use crate::encode::encode;
use crate::tag::Tag;

/// A message between validators whose stateless checks are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerMessage {
    /// About agreement.
    Consensus(Message),
    /// Transactions for the next leaders. Their signatures were checked; a bad one shows in the transaction.
    Transactions(Vec<Arc<CheckedTransaction>>),
    /// A question of catching up.
    Request {
        /// Names the answer.
        id: RequestId,
        /// The question.
        request: Request,
    },
    /// The answer to one.
    Response {
        /// Names the question.
        id: RequestId,
        /// The answer.
        response: Response,
    },
    /// Asks whether the peer is there now.
    Ping(u64),
    /// It is: with the ping's number.
    Pong(u64),
}

impl PeerMessage {
    /// Which connection carries it.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Consensus(_) | Self::Ping(_) | Self::Pong(_) => Channel::Ctl,
            Self::Transactions(_) | Self::Request { .. } | Self::Response { .. } => Channel::Bulk,
        }
    }

    /// Whether it may be dropped when a queue is full, the newest first: whoever sent it will send it again, or to another.
    pub const fn is_droppable(&self) -> bool {
        match self {
            Self::Consensus(_) | Self::Ping(_) | Self::Pong(_) => false,
            Self::Transactions(_) | Self::Request { .. } | Self::Response { .. } => true,
        }
    }
}

/// A ping or a pong, which whoever holds a connection answers itself: nothing behind it could say that the connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// Asks whether the peer is there now.
    Ping(u64),
    /// It is: with the ping's number.
    Pong(u64),
}

impl Liveness {
    /// From a frame's body; none if it is another message, or malformed.
    pub fn from_body(body: &[u8]) -> Option<Self> {
        let (tag, nonce) = body.split_first()?;
        let nonce = u64::from_le_bytes(nonce.try_into().ok()?);
        match Tag::from_byte(*tag)? {
            Tag::Ping => Some(Self::Ping(nonce)),
            Tag::Pong => Some(Self::Pong(nonce)),
            Tag::Proposal
            | Tag::Vote
            | Tag::CommitVote
            | Tag::Timeout
            | Tag::Certificates
            | Tag::UnmuteRequest
            | Tag::UnmuteAnswer
            | Tag::EpochEnd
            | Tag::Transactions
            | Tag::RequestBlock
            | Tag::RequestRange
            | Tag::ResponseBlock
            | Tag::ResponseRange => None,
        }
    }

    /// As a frame's body.
    pub fn to_body(self) -> Vec<u8> {
        match self {
            Self::Ping(nonce) => encode(&PeerMessage::Ping(nonce)),
            Self::Pong(nonce) => encode(&PeerMessage::Pong(nonce)),
        }
    }
}
