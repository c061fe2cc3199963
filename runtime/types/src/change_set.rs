//! What a block does to state.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::state_key::Entry;
use crate::state_key::StateKey;

/// Read access to one state, such as that after a block.
pub trait StateView: Sync {
    /// What is at `key`.
    fn entry(&self, key: &StateKey) -> Option<Entry>;

    /// Appends what is at each of `keys` to `found`, in their order. For many keys at once, which may be quicker.
    fn entries(&self, keys: &[StateKey], found: &mut Vec<Option<Entry>>) {
        found.extend(keys.iter().map(|key| self.entry(key)));
    }
}

/// New entries by key; none means that the key is deleted. Strictly ascending by key, each key once.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize)]
pub struct ChangeSet(Vec<(StateKey, Option<Entry>)>);

impl ChangeSet {
    /// From changes in any order; of several to one key the last holds.
    pub fn new(mut changes: Vec<(StateKey, Option<Entry>)>) -> Self {
        changes.reverse();
        changes.sort_by_key(|change| change.0);
        changes.dedup_by_key(|change| change.0);
        Self(changes)
    }

    /// From changes in strictly ascending order by key.
    ///
    /// # Panics
    /// When they are not.
    pub fn from_ascending(changes: Vec<(StateKey, Option<Entry>)>) -> Self {
        assert!(changes.is_sorted_by(|a, b| a.0 < b.0), "strictly ascending by key");
        Self(changes)
    }

    /// The changes, ascending by key.
    pub fn as_slice(&self) -> &[(StateKey, Option<Entry>)] {
        &self.0
    }

    /// How many keys change.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl BorshDeserialize for ChangeSet {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let changes = Vec::<(StateKey, Option<Entry>)>::deserialize_reader(reader)?;
        if changes.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            Ok(Self(changes))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "keys must be strictly ascending"))
        }
    }
}
