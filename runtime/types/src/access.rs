//! What a transaction declares that it will touch.

use std::collections::BTreeMap;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::limits;
use crate::state_key::StateKey;

/// How a key is touched.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum AccessMode {
    /// Its value is read and stays as it is.
    Read = 0,
    /// A number is added to it, unseen. Adds commute and cannot fail.
    Add = 1,
    /// An entry is appended, unseen; a phase reads the entries in block order.
    Append = 2,
    /// It is read and replaced or deleted.
    Write = 3,
}

impl AccessMode {
    /// The weakest mode that allows what either allows: two different modes on one key make it a `Write`.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        if self == other { self } else { Self::Write }
    }
}

/// The keys that a transaction declares, each once, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessSet(BTreeMap<StateKey, AccessMode>);

impl AccessSet {
    /// Declares `key`; joins the modes when it is declared already. False when the set is full and nothing was declared.
    #[must_use]
    pub fn declare(&mut self, key: StateKey, mode: AccessMode) -> bool {
        if let Some(declared) = self.0.get_mut(&key) {
            *declared = declared.join(mode);
            return true;
        }
        if self.0.len() >= limits::ACCESS_KEYS_MAX {
            return false;
        }
        self.0.insert(key, mode);
        true
    }

    /// The mode that `key` is declared with.
    pub fn mode(&self, key: &StateKey) -> Option<AccessMode> {
        self.0.get(key).copied()
    }

    /// All of them, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&StateKey, AccessMode)> {
        self.0.iter().map(|(key, mode)| (key, *mode))
    }

    /// How many keys are declared.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
