//! Who is who among the peers: by key, as the transport knows them, and by place in the committee, as the machine does.
//!
//! Places are the driver's thread's business alone: what one of them means changes with the epoch, between two inputs.

use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_types::Committee;
use heddle_types::PublicKey;
use heddle_types::ValidatorIndex;

/// The peers of this node.
#[derive(Debug)]
pub(crate) struct Peers {
    committee: Arc<Committee>,
    /// Those that are told to be connected.
    up: BTreeSet<PublicKey>,
}

impl Peers {
    /// Of a node that has nobody connected.
    pub(crate) const fn new(committee: Arc<Committee>) -> Self {
        Self { committee, up: BTreeSet::new() }
    }

    /// The peer is connected. True when it was already: it was gone for a moment, which nobody has told.
    pub(crate) fn on_up(&mut self, peer: PublicKey) -> bool {
        !self.up.insert(peer)
    }

    /// The peer is not connected any more. False when that was known.
    pub(crate) fn on_down(&mut self, peer: &PublicKey) -> bool {
        self.up.remove(peer)
    }

    /// How many are connected.
    pub(crate) fn connected(&self) -> usize {
        self.up.len()
    }

    /// The place of a key; none when it has none.
    pub(crate) fn index_of(&self, key: &PublicKey) -> Option<ValidatorIndex> {
        self.committee.index_of(key)
    }

    /// The key at a place.
    pub(crate) fn key_at(&self, index: ValidatorIndex) -> Option<PublicKey> {
        Some(self.committee.validator(index)?.public_key)
    }
}
