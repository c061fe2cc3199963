//! Which pages of a table changed since they were last stored.

/// Numbers of pages, as bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Dirty(Vec<u64>);

impl Dirty {
    /// Page `number` changed.
    #[inline]
    pub(super) fn mark(&mut self, number: u32) {
        let word = (number >> 6) as usize;
        if word >= self.0.len() {
            self.grow(word);
        }
        self.0[word] |= 1_u64.rotate_left(number);
    }

    /// The pages that changed, in order, of which none has from now on.
    pub(super) fn drain(&mut self) -> Vec<u32> {
        let mut pages = Vec::new();
        for (word, bits) in (0_u32..).zip(&mut self.0) {
            while *bits != 0 {
                pages.push((word << 6) | bits.trailing_zeros());
                *bits &= bits.wrapping_sub(1);
            }
        }
        pages
    }

    #[cold]
    fn grow(&mut self, word: usize) {
        self.0.resize(word.saturating_add(1), 0);
    }
}
