//! Why the oracle refuses. Codes and names are fixed.

use heddle_sdk::CallError;
use heddle_sdk::ErrorText;

/// Why the oracle refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum OracleError {
    /// The bytes are no call of the oracle, or it has too many posts or none.
    MalformedCall = 1,
    /// There is no such feed.
    UnknownFeed = 2,
    /// The signer is not one of the feed's publishers.
    NotPublisher = 3,
    /// The publisher has posted for this time, or for a later one.
    TimeNotLater = 4,
    /// The post's time is after the block's.
    TimeInFuture = 5,
    /// The signer is not the authority.
    NotAuthority = 6,
    /// The number is not that of the next feed.
    NotNextFeed = 7,
    /// There are as many feeds as there may be.
    TooManyFeeds = 8,
    /// A feed's name, exponent or limit is out of bounds.
    InvalidFeed = 9,
    /// Publishers are none, too many, not in order, or without weight.
    InvalidPublishers = 10,
    /// The bytes are no section of a genesis for the oracle.
    MalformedSection = 11,
    /// What is in state is not what this program writes: a broken invariant.
    CorruptState = 12,
    /// The signer publishes the feed: what it last posted is kept.
    StillPublisher = 13,
}

impl OracleError {
    /// All of them, by code.
    pub const ALL: [Self; 13] = [
        Self::MalformedCall,
        Self::UnknownFeed,
        Self::NotPublisher,
        Self::TimeNotLater,
        Self::TimeInFuture,
        Self::NotAuthority,
        Self::NotNextFeed,
        Self::TooManyFeeds,
        Self::InvalidFeed,
        Self::InvalidPublishers,
        Self::MalformedSection,
        Self::CorruptState,
        Self::StillPublisher,
    ];

    /// Its stable code.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The error with this code.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.code() == code)
    }

    /// Its name and message.
    pub const fn text(self) -> ErrorText {
        let (name, message) = match self {
            Self::MalformedCall => ("MalformedCall", "the bytes are no oracle call"),
            Self::UnknownFeed => ("UnknownFeed", "there is no such feed"),
            Self::NotPublisher => ("NotPublisher", "the signer does not publish this feed"),
            Self::TimeNotLater => {
                ("TimeNotLater", "the post is not later than the publisher's last one")
            }
            Self::TimeInFuture => ("TimeInFuture", "the post's time is after the block's"),
            Self::NotAuthority => ("NotAuthority", "the signer is not the oracle's authority"),
            Self::NotNextFeed => ("NotNextFeed", "the number is not that of the next feed"),
            Self::TooManyFeeds => ("TooManyFeeds", "there are as many feeds as there may be"),
            Self::InvalidFeed => {
                ("InvalidFeed", "a name, exponent or limit of the feed is out of bounds")
            }
            Self::InvalidPublishers => (
                "InvalidPublishers",
                "publishers are none, too many, not in order of address, or without weight",
            ),
            Self::MalformedSection => {
                ("MalformedSection", "the bytes are no oracle section of a genesis")
            }
            Self::CorruptState => ("CorruptState", "the oracle's state is corrupt"),
            Self::StillPublisher => (
                "StillPublisher",
                "the signer still publishes this feed, and its last post is kept",
            ),
        };
        ErrorText { name, message }
    }
}

impl From<OracleError> for CallError {
    fn from(error: OracleError) -> Self {
        Self::Refused(error.code())
    }
}
