//! Numbers for a block's keys.

use heddle_types::StateKey;

/// Gives each key of a block a number, from 0 in the order in which they come. The numbers are places in memory and never reach a
/// result.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    keys: Vec<StateKey>,
    fingerprints: Vec<u64>,
    /// The high half of a fingerprint and one more than a number; 0 where there is none. A power of two of them, at most half used.
    table: Vec<u64>,
}

/// The part of a place in the table that is a number.
const NUMBER_MASK: u64 = 0xffff_ffff;

impl Interner {
    /// Forgets all keys, and makes room for about as many.
    pub(crate) fn clear(&mut self, about: usize) {
        self.keys.clear();
        self.fingerprints.clear();
        self.table.clear();
        self.table.resize(about.saturating_mul(2).next_power_of_two().max(64), 0);
    }

    /// The number of `key`, whose fingerprint this is.
    pub(crate) fn intern(&mut self, key: &StateKey, fingerprint: u64) -> u32 {
        let place = match self.search(key, fingerprint) {
            Ok(number) => return number,
            Err(place) => place,
        };
        let number = u32::try_from(self.keys.len()).expect("fewer than 2^32 keys");
        self.keys.push(*key);
        self.fingerprints.push(fingerprint);
        self.table[place] = entry(fingerprint, number);
        if self.keys.len() * 2 > self.table.len() {
            self.grow();
        }
        number
    }

    /// The number of `key`, if it has one.
    #[inline]
    pub(crate) fn find(&self, key: &StateKey, fingerprint: u64) -> Option<u32> {
        self.search(key, fingerprint).ok()
    }

    /// All keys, by number.
    pub(crate) fn keys(&self) -> &[StateKey] {
        &self.keys
    }

    /// Its number, or where in the table it would be.
    #[inline]
    fn search(&self, key: &StateKey, fingerprint: u64) -> Result<u32, usize> {
        let mask = self.table.len().wrapping_sub(1);
        let mut place = low_half(fingerprint) & mask;
        loop {
            let found = match self.table.get(place) {
                None | Some(0) => return Err(place),
                Some(found) => *found,
            };
            if (found ^ fingerprint) & !NUMBER_MASK == 0 {
                let number = (found & NUMBER_MASK) - 1;
                if self.keys[low_half(number)] == *key {
                    return Ok(u32::try_from(number).expect("its number has 32 bits"));
                }
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let len = self.table.len() * 2;
        self.table.clear();
        self.table.resize(len, 0);
        for (number, fingerprint) in (0_u32..).zip(&self.fingerprints) {
            let mut place = low_half(*fingerprint) & (len - 1);
            while self.table[place] != 0 {
                place = (place + 1) & (len - 1);
            }
            self.table[place] = entry(*fingerprint, number);
        }
    }
}

const fn entry(fingerprint: u64, number: u32) -> u64 {
    fingerprint & !NUMBER_MASK | (number as u64 + 1)
}

fn low_half(bits: u64) -> usize {
    usize::try_from(bits & NUMBER_MASK).expect("32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use heddle_types::ProgramId;
    use heddle_types::fingerprint;

    fn key(n: u32) -> StateKey {
        StateKey::new(ProgramId(1), &[&n.to_le_bytes()]).unwrap()
    }

    #[test]
    fn each_key_has_one_number_however_many_there_are() {
        let mut interner = Interner::default();
        for about in [0, 10_000] {
            interner.clear(about);
            for n in 0..5_000 {
                assert_eq!(interner.find(&key(n), fingerprint(&key(n))), None);
                assert_eq!(interner.intern(&key(n), fingerprint(&key(n))), n);
                assert_eq!(interner.intern(&key(n / 2), fingerprint(&key(n / 2))), n / 2);
            }
            let found = |n| interner.find(&key(n), fingerprint(&key(n)));
            assert!((0..5_000).all(|n| found(n) == Some(n)));
            assert_eq!(interner.keys().len(), 5_000);
        }
    }

    #[test]
    fn keys_whose_fingerprints_are_equal_have_different_numbers() {
        let mut interner = Interner::default();
        interner.clear(0);
        for n in 0..100 {
            assert_eq!(interner.intern(&key(n), 7), n);
        }
        assert!((0..100).all(|n| interner.find(&key(n), 7) == Some(n)));
        assert_eq!(interner.find(&key(100), 7), None);
    }
}
