//! Why this node, or its peer, ended a connection.

use quinn::Connection;
use quinn::ConnectionError;
use quinn::VarInt;

/// An application's close code. Numbers travel: they are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum CloseCode {
    /// The node stops.
    Stopping = 0,
    /// The key is no validator's.
    UnknownKey = 1,
    /// No hello, or one of another version or chain.
    BadHello = 2,
    /// A node with this key is connected and there.
    SameKeyElsewhere = 3,
    /// A frame was no message, or came too soon after such a frame.
    BadFrame = 4,
    /// What waits for the peer does not get through.
    Stuck = 5,
    /// A newer connection takes this one's place.
    Replaced = 6,
    /// A probe was heard, and nobody else has its key.
    ProbeHeard = 7,
    /// The other end of the pair dials.
    WrongDirection = 8,
    /// The key is the dialled node's own.
    OwnKey = 9,
    /// Too many at once.
    Busy = 10,
    /// The connection cannot be used for lack of a stream.
    Broken = 11,
    /// The key was a validator's, and is not any more.
    NoPeer = 12,
}

impl CloseCode {
    pub(crate) fn close(self, connection: &Connection) {
        connection.close(self.code(), b"");
    }

    pub(crate) fn code(self) -> VarInt {
        VarInt::from_u32(u32::from(self as u8))
    }

    /// Whether the peer ended the connection for this reason.
    pub(crate) fn is_reason(self, error: &ConnectionError) -> bool {
        matches!(error, ConnectionError::ApplicationClosed(close) if close.error_code == self.code())
    }
}
