//! A message's first byte.

use crate::channel::Channel;

/// What kind of message follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    Proposal = 0,
    Vote = 1,
    CommitVote = 2,
    Timeout = 3,
    Certificates = 4,
    UnmuteRequest = 5,
    UnmuteAnswer = 6,
    Ping = 7,
    Pong = 8,
    EpochEnd = 9,
    Transactions = 16,
    RequestBlock = 17,
    RequestRange = 18,
    ResponseBlock = 19,
    ResponseRange = 20,
}

impl Tag {
    pub(crate) const ALL: [Self; 15] = [
        Self::Proposal,
        Self::Vote,
        Self::CommitVote,
        Self::Timeout,
        Self::Certificates,
        Self::UnmuteRequest,
        Self::UnmuteAnswer,
        Self::Ping,
        Self::Pong,
        Self::EpochEnd,
        Self::Transactions,
        Self::RequestBlock,
        Self::RequestRange,
        Self::ResponseBlock,
        Self::ResponseRange,
    ];

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|tag| *tag as u8 == byte)
    }

    /// Which connection it may come on. Pings test the connection that they come on.
    pub(crate) const fn may_come_on(self, channel: Channel) -> bool {
        match self {
            Self::Ping | Self::Pong => true,
            Self::Proposal
            | Self::Vote
            | Self::CommitVote
            | Self::Timeout
            | Self::Certificates
            | Self::UnmuteRequest
            | Self::UnmuteAnswer
            | Self::EpochEnd => matches!(channel, Channel::Ctl),
            Self::Transactions
            | Self::RequestBlock
            | Self::RequestRange
            | Self::ResponseBlock
            | Self::ResponseRange => matches!(channel, Channel::Bulk),
        }
    }
}
