//! The keys that an open transaction has touched, in the order in which it first touched them.

use heddle_types::StateKey;
use heddle_types::fingerprint;
use heddle_types::limits;

/// Up to this many keys are found by comparing fingerprints one by one; for more there is a table.
const LINEAR_MAX: usize = 16;

/// Keys by slot, and where to find a key's slot.
#[derive(Debug, Default)]
pub(crate) struct OpenedKeys {
    keys: Vec<StateKey>,
    fingerprints: Vec<u64>,
    /// One more than a slot, or 0; a power of two of them, at most half used. Empty while there are few keys.
    table: Vec<u16>,
}

const _: () = assert!(limits::ACCESS_KEYS_MAX < u16::MAX as usize);

impl OpenedKeys {
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.fingerprints.clear();
        self.table.clear();
    }

    pub(crate) fn as_slice(&self) -> &[StateKey] {
        &self.keys
    }

    /// The slot of `key`, if it was touched before.
    pub(crate) fn slot(&self, key: &StateKey) -> Option<usize> {
        self.find(key, fingerprint(key))
    }

    /// The slot of a key that was not touched before.
    pub(crate) fn push(&mut self, key: StateKey) -> usize {
        let slot = self.keys.len();
        let fingerprint = fingerprint(&key);
        self.keys.push(key);
        self.fingerprints.push(fingerprint);
        if self.table.is_empty() && slot < LINEAR_MAX {
            return slot;
        }
        if self.keys.len() * 2 > self.table.len() {
            self.table.clear();
            self.table.resize(self.keys.len().next_power_of_two() * 4, 0);
            (0..slot).for_each(|slot| self.enter(slot));
        }
        self.enter(slot);
        slot
    }

    fn find(&self, key: &StateKey, fingerprint: u64) -> Option<usize> {
        let is_it = |slot: usize| self.fingerprints[slot] == fingerprint && self.keys[slot] == *key;
        if self.table.is_empty() {
            return (0..self.keys.len()).find(|slot| is_it(*slot));
        }
        let mut place = self.place(fingerprint);
        while let Some(slot) = usize::from(self.table[place]).checked_sub(1) {
            if is_it(slot) {
                return Some(slot);
            }
            place = (place + 1) % self.table.len();
        }
        None
    }

    fn enter(&mut self, slot: usize) {
        let mut place = self.place(self.fingerprints[slot]);
        while self.table[place] != 0 {
            place = (place + 1) % self.table.len();
        }
        self.table[place] = u16::try_from(slot + 1).expect("a transaction has at most 1024 keys");
    }

    fn place(&self, fingerprint: u64) -> usize {
        let mask = self.table.len() - 1;
        usize::try_from(fingerprint >> 32).expect("32 bits") & mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heddle_types::ProgramId;

    #[test]
    fn every_key_is_found_at_its_slot_and_no_other_is_however_many_there_are() {
        let key = |n: usize| StateKey::new(ProgramId(1), &[&n.to_le_bytes()]).unwrap();
        let mut opened = OpenedKeys::default();
        for _again in 0..2 {
            opened.clear();
            for n in 0..limits::ACCESS_KEYS_MAX {
                assert_eq!(opened.slot(&key(n)), None);
                assert_eq!(opened.push(key(n)), n);
                assert_eq!(opened.slot(&key(n / 2)), Some(n / 2));
                assert_eq!(opened.slot(&key(n)), Some(n));
            }
            let all: Vec<_> = (0..limits::ACCESS_KEYS_MAX).collect();
            assert!(all.iter().all(|n| opened.slot(&key(*n)) == Some(*n)));
            assert_eq!(opened.as_slice().len(), all.len());
        }
    }
}
