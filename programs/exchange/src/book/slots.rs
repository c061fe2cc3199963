//! Which slots of a table are free. The lowest is always given first, so that the next slot follows from which are taken, and a
//! table that was loaded gives the same ones as the table that was stored.

/// Slots that can be told apart.
pub(super) const SLOTS_MAX: u32 = 1 << 18;

/// The free ones, as bits in words of 64, with one level of bits above that say which words have any.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    /// The first word that has any; past the end when none has.
    first: u32,
    words: Box<[u64]>,
    upper: [u64; UPPER as usize],
}

const WORDS: u32 = SLOTS_MAX >> 6;
const UPPER: u32 = WORDS >> 6;

impl Slots {
    /// All free.
    pub(super) fn new() -> Self {
        Self {
            first: 0,
            words: vec![u64::MAX; WORDS as usize].into_boxed_slice(),
            upper: [u64::MAX; UPPER as usize],
        }
    }

    /// The lowest free one, which is taken from now on.
    #[inline]
    pub(super) fn take(&mut self) -> Option<u32> {
        let word = self.words.get_mut(self.first as usize)?;
        let slot = (self.first << 6) | word.trailing_zeros();
        *word &= word.wrapping_sub(1);
        if *word == 0 {
            self.use_up(self.first);
        }
        Some(slot)
    }

    /// Takes this one, as a stored table had it.
    pub(super) fn claim(&mut self, slot: u32) {
        let word = slot >> 6;
        self.words[word as usize] &= !bit(slot);
        if self.words[word as usize] == 0 {
            self.use_up(word);
        }
    }

    /// Makes one free.
    #[inline]
    pub(super) fn free(&mut self, slot: u32) {
        let number = slot >> 6;
        let word = &mut self.words[number as usize];
        let was = std::mem::replace(word, *word | bit(slot));
        if was == 0 {
            self.upper[(number >> 6) as usize] |= bit(number);
        }
        self.first = self.first.min(number);
    }

    /// Whether it is taken.
    pub(super) fn is_taken(&self, slot: u32) -> bool {
        self.words[(slot >> 6) as usize] & bit(slot) == 0
    }

    /// A word has no free slot any more. Below the first that has any, none has.
    #[inline]
    fn use_up(&mut self, word: u32) {
        self.upper[(word >> 6) as usize] &= !bit(word);
        let mut number = self.first >> 6;
        while let Some(bits) = self.upper.get(number as usize) {
            if *bits != 0 {
                self.first = (number << 6) | bits.trailing_zeros();
                return;
            }
            number = number.wrapping_add(1);
        }
        self.first = WORDS;
    }
}

/// The bit of a number within its word.
#[inline]
const fn bit(number: u32) -> u64 {
    1_u64.rotate_left(number)
}

#[cfg(test)]
mod tests;
