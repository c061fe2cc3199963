//! What validators say to each other.

use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_hotstuff::Message;
use heddle_types::CheckedTransaction;

use crate::channel::Channel;

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
