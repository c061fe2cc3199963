//! Who is who among the peers: by key, as the network's threads know them, and by place, as the machine does.
//!
//! Places are the driver's thread's business alone: what one of them means changes with the epoch, between two inputs.

use std::collections::BTreeSet;

use heddle_types::Committee;
use heddle_types::PublicKey;
use heddle_types::ValidatorIndex;

/// The peers of this node.
#[derive(Debug)]
pub(crate) struct Peers {
    /// By place.
    keys: Vec<PublicKey>,
    /// Those that are told to be connected.
    up: BTreeSet<PublicKey>,
}

impl Peers {
    /// The members of a committee, nobody of whom is connected yet.
    pub(crate) fn of_committee(committee: &Committee) -> Self {
        Self::of_endpoints(committee.validators().iter().map(|one| one.public_key).collect())
    }

    /// The nodes that a follower asks.
    pub(crate) const fn of_endpoints(keys: Vec<PublicKey>) -> Self {
        Self { keys, up: BTreeSet::new() }
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
        let position = self.keys.iter().position(|known| known == key)?;
        u16::try_from(position).ok().map(ValidatorIndex::new)
    }

    /// The key at a place.
    pub(crate) fn key_at(&self, index: ValidatorIndex) -> Option<PublicKey> {
        self.keys.get(usize::from(index.get())).copied()
    }
}
