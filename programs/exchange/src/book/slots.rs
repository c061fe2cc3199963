//! Which slots of a table are free. The lowest is always given first, so that the next slot follows from which are taken, and a
//! table that was loaded gives the same ones as the table that was stored.

/// Slots that can be told apart: three levels of words of 64.
pub(super) const SLOTS_MAX: u32 = 1 << 18;

/// The free ones, as bits, with two levels of bits above that say which words have any.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    top: u64,
    middle: Box<[u64]>,
    bottom: Box<[u64]>,
}

impl Slots {
    /// All free.
    pub(super) fn new() -> Self {
        Self {
            top: u64::MAX,
            middle: vec![u64::MAX; 1 << 6].into_boxed_slice(),
            bottom: vec![u64::MAX; 1 << 12].into_boxed_slice(),
        }
    }

    /// The lowest free one, which is taken from now on.
    #[inline]
    pub(super) fn take(&mut self) -> Option<u32> {
        if self.top == 0 {
            return None;
        }
        let middle = self.top.trailing_zeros();
        let bottom = (middle << 6) | self.middle[middle as usize].trailing_zeros();
        let slot = (bottom << 6) | self.bottom[bottom as usize].trailing_zeros();
        self.clear(slot);
        Some(slot)
    }

    /// Takes this one, as a stored table had it.
    pub(super) fn claim(&mut self, slot: u32) {
        self.clear(slot);
    }

    /// Makes one free.
    #[inline]
    pub(super) fn free(&mut self, slot: u32) {
        let (bottom, middle) = (slot >> 6, slot >> 12);
        self.bottom[bottom as usize] |= bit(slot);
        self.middle[middle as usize] |= bit(bottom);
        self.top |= bit(middle);
    }

    /// Whether it is taken.
    pub(super) fn is_taken(&self, slot: u32) -> bool {
        self.bottom[(slot >> 6) as usize] & bit(slot) == 0
    }

    #[inline]
    fn clear(&mut self, slot: u32) {
        let (bottom, middle) = (slot >> 6, slot >> 12);
        self.bottom[bottom as usize] &= !bit(slot);
        if self.bottom[bottom as usize] == 0 {
            self.middle[middle as usize] &= !bit(bottom);
            if self.middle[middle as usize] == 0 {
                self.top &= !bit(middle);
            }
        }
    }
}

/// The bit of a number within its word.
#[inline]
const fn bit(number: u32) -> u64 {
    1_u64.rotate_left(number)
}

#[cfg(test)]
mod tests;
