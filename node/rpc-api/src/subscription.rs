//! What comes over a WebSocket besides replies.

use serde::Deserialize;
use serde::Serialize;

/// The reply of `subscribe…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    /// The number that its messages carry.
    pub subscription: u64,
}

/// One message of a subscription. Sequences of a subscription rise by one; what is missing is named in a [`Gap`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Message<T> {
    /// Something happened.
    Item(Item<T>),
    /// The reader was too slow, or asked for what is no longer kept.
    Gap(GapMessage),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item<T> {
    /// Whose message.
    pub subscription: u64,
    /// Its number; for blocks the height.
    pub seq: u64,
    /// The height that it is about; null before a transaction has one.
    pub height: Option<u64>,
    /// What.
    pub data: T,
}

/// Messages that will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapMessage {
    /// Whose.
    pub subscription: u64,
    /// Which.
    pub gap: Gap,
}

/// A range of sequences, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}
