//! What the oracle reports.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::Abort;
use heddle_sdk::Described;
use heddle_sdk::Workspace;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::call::describe_publishers;
use crate::feed::FeedId;
use crate::feed::Publisher;
use crate::limits::NAME_BYTES_MAX;
use crate::limits::PUBLISHERS_MAX;
use crate::snapshot::Snapshot;

/// What the oracle reports. The variant's number is the event's kind, the fields in order are its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OracleEvent {
    /// Kind 1: a feed's price, confidence or time changed, as a block began.
    PriceSnapshot(PriceSnapshot),
    /// Kind 2: a feed was created.
    FeedCreated(FeedCreated),
    /// Kind 3: a feed has these publishers from the next block on.
    PublishersChanged(PublishersChanged),
    /// Kind 4: there is another authority.
    AuthorityChanged(Address),
}

/// A feed's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PriceSnapshot {
    /// Of which feed.
    pub feed: FeedId,
    /// The price.
    pub snapshot: Snapshot,
}

/// A new feed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FeedCreated {
    /// Which.
    pub feed: FeedId,
    /// Its name.
    pub name: String,
    /// Prices are whole numbers of 10 to this power.
    pub exponent: i8,
}

/// The publishers of a feed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PublishersChanged {
    /// Of which feed.
    pub feed: FeedId,
    /// All of them, by address.
    pub publishers: Vec<Publisher>,
}

impl OracleEvent {
    /// The event of this kind and these bytes; none when there is none.
    pub fn decode(kind: u16, data: &[u8]) -> Option<Self> {
        match kind {
            1 => decode_exact(data).ok().map(Self::PriceSnapshot),
            2 => decode_exact(data).ok().map(Self::FeedCreated),
            3 => decode_exact(data).ok().map(Self::PublishersChanged),
            4 => data.try_into().ok().map(|bytes| Self::AuthorityChanged(Address(bytes))),
            _ => None,
        }
    }

    /// In words.
    pub fn describe(&self) -> Described {
        match self {
            Self::PriceSnapshot(PriceSnapshot { feed, snapshot }) => Described {
                name: "PriceSnapshot",
                fields: vec![
                    ("feed", feed.to_string()),
                    ("price", snapshot.price.to_string()),
                    ("confidence", snapshot.confidence.to_string()),
                    ("exponent", snapshot.exponent.to_string()),
                    ("time", snapshot.time.get().to_string()),
                    ("publishers", snapshot.publishers.to_string()),
                    ("twap", snapshot.twap.to_string()),
                ],
            },
            Self::FeedCreated(FeedCreated { feed, name, exponent }) => Described {
                name: "FeedCreated",
                fields: vec![
                    ("feed", feed.to_string()),
                    ("name", name.clone()),
                    ("exponent", exponent.to_string()),
                ],
            },
            Self::PublishersChanged(PublishersChanged { feed, publishers }) => Described {
                name: "PublishersChanged",
                fields: vec![
                    ("feed", feed.to_string()),
                    ("publishers", describe_publishers(publishers)),
                ],
            },
            Self::AuthorityChanged(authority) => Described {
                name: "AuthorityChanged",
                fields: vec![("authority", authority.to_string())],
            },
        }
    }

    pub(crate) fn emit(&self, state: &mut Workspace<'_>) -> Result<(), Abort> {
        match self {
            Self::PriceSnapshot(event) => state.emit(1, encode(event)),
            Self::FeedCreated(event) => state.emit(2, encode(event)),
            Self::PublishersChanged(event) => state.emit(3, encode(event)),
            Self::AuthorityChanged(authority) => state.emit(4, authority.as_bytes()),
        }
    }
}

impl Canonical for PriceSnapshot {
    const NAME: &'static str = "price event";
    const BYTES_MAX: usize = 2 + Snapshot::BYTES_MAX;
}

impl Canonical for FeedCreated {
    const NAME: &'static str = "feed event";
    const BYTES_MAX: usize = 2 + 4 + NAME_BYTES_MAX + 1;
}

impl Canonical for PublishersChanged {
    const NAME: &'static str = "publishers event";
    const BYTES_MAX: usize = 2 + 4 + 36 * PUBLISHERS_MAX;
}

const _: () = assert!(PublishersChanged::BYTES_MAX <= heddle_types::limits::EVENT_BYTES_MAX);
