//! What a transaction declares that it will touch.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::fingerprint::fingerprint;
use crate::limits;
use crate::state_key::ProgramId;
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

    /// Whether a key declared in this mode may be touched in the mode `touched`.
    #[inline]
    pub fn allows(self, touched: Self) -> bool {
        self == touched || self == Self::Write
    }
}

/// Up to this many keys are compared one by one; more are searched by halves.
const LINEAR_MAX: usize = 8;

/// The keys that a transaction declares, each once, in key order. A key's position is its *slot*.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessSet(Vec<DeclaredKey>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DeclaredKey {
    key: StateKey,
    mode: AccessMode,
    fingerprint: u64,
}

impl AccessSet {
    /// Declares `key`; joins the modes when it is declared already. False when the set is full and nothing was declared.
    #[must_use]
    pub fn declare(&mut self, key: StateKey, mode: AccessMode) -> bool {
        // Whoever declares many keys does so in their order, nearly.
        let slot = match self.0.last() {
            Some(last) if last.key >= key => {
                self.0.binary_search_by(|declared| declared.key.cmp(&key))
            }
            Some(_) | None => Err(self.0.len()),
        };
        match slot {
            Ok(slot) => {
                let declared = &mut self.0[slot].mode;
                *declared = declared.join(mode);
            }
            Err(_) if self.0.len() >= limits::ACCESS_KEYS_MAX => return false,
            Err(slot) => {
                let fingerprint = fingerprint(&key);
                self.0.insert(slot, DeclaredKey { key, mode, fingerprint });
            }
        }
        true
    }

    /// Makes room for so many keys more, so that declaring them takes no more memory.
    pub fn reserve(&mut self, keys: usize) {
        self.0.reserve(keys.min(limits::ACCESS_KEYS_MAX.saturating_sub(self.0.len())));
    }

    /// The slot of `key`.
    #[inline]
    pub fn slot(&self, key: &StateKey) -> Option<usize> {
        if self.0.len() <= LINEAR_MAX {
            // Nearly all keys differ early: after a tag, most have an address.
            let head = key.head();
            self.0.iter().position(|declared| declared.key.head() == head && declared.key == *key)
        } else {
            self.search(key)
        }
    }

    /// The slot of `key` among many. Apart, so that what looks among few stays small where it is inlined.
    #[inline(never)]
    fn search(&self, key: &StateKey) -> Option<usize> {
        self.0.binary_search_by(|declared| declared.key.cmp(key)).ok()
    }

    /// The slot of `key`, if it is declared and may be touched in `mode`.
    #[inline]
    pub fn slot_for(&self, key: &StateKey, mode: AccessMode) -> Option<usize> {
        if self.0.len() > LINEAR_MAX {
            return self.search(key).filter(|slot| self.0[*slot].mode.allows(mode));
        }
        let head = key.head();
        for (slot, declared) in self.0.iter().enumerate() {
            if declared.key.head() == head && declared.key == *key {
                return declared.mode.allows(mode).then_some(slot);
            }
        }
        None
    }

    /// The key at `slot`.
    ///
    /// # Panics
    /// When there are not that many.
    #[inline]
    pub fn key(&self, slot: usize) -> &StateKey {
        &self.0[slot].key
    }

    /// The mode that the key at `slot` is declared with.
    ///
    /// # Panics
    /// When there are not that many.
    #[inline]
    pub fn mode_at(&self, slot: usize) -> AccessMode {
        self.0[slot].mode
    }

    /// The mode that `key` is declared with.
    pub fn mode(&self, key: &StateKey) -> Option<AccessMode> {
        self.slot(key).map(|slot| self.mode_at(slot))
    }

    /// All of them, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&StateKey, AccessMode)> {
        self.0.iter().map(|declared| (&declared.key, declared.mode))
    }

    /// All of them, each with its [`fingerprint`], in key order.
    pub fn iter_hashed(&self) -> impl Iterator<Item = (&StateKey, AccessMode, u64)> {
        self.0.iter().map(|declared| (&declared.key, declared.mode, declared.fingerprint))
    }

    /// How many of the keys are the system program's; they come first.
    pub fn system_keys(&self) -> usize {
        self.iter().take_while(|(key, _)| key.program() == ProgramId::SYSTEM).count()
    }

    /// How many keys are declared.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is declared.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
