//! From a name to a slot: open addressing with a fixed hash. It is never iterated, so that its order shows nowhere.

/// A table of slots by the hash of their names. Names themselves stand with what they name.
#[derive(Clone, Debug)]
pub(super) struct Index {
    cells: Vec<Cell>,
    len: usize,
}

/// Of an empty cell the slot is [`EMPTY`].
#[derive(Clone, Copy, Debug)]
struct Cell {
    hash: u32,
    slot: u32,
}

const EMPTY: u32 = u32::MAX;
const CELLS_MIN: usize = 64;

/// The hash of a name. Names are numbers that are given out in order, so it only has to spread them; two rounds keep strides
/// that a sender could choose from lining up.
#[inline]
pub(super) const fn hash(name: u64) -> u32 {
    let mixed = name.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> 32) as u32
}

impl Index {
    /// Without a name.
    pub(super) fn new() -> Self {
        Self { cells: vec![Cell { hash: 0, slot: EMPTY }; CELLS_MIN], len: 0 }
    }

    /// The slot with this hash that `is_it` knows as the one.
    #[inline]
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let cell = self.cells[at];
            if cell.slot == EMPTY {
                return None;
            }
            if cell.hash == hash && is_it(cell.slot) {
                return Some(cell.slot);
            }
            at = self.after(at);
        }
    }

    /// Puts in a slot that is not there.
    #[inline]
    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        // Half full at most.
        if self.len >= self.cells.len() >> 1 {
            self.grow();
        }
        self.len = self.len.wrapping_add(1);
        self.put(Cell { hash, slot });
    }

    /// Takes out a slot that is there.
    ///
    /// # Panics
    /// When it is not.
    #[inline]
    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        let mut hole = self.home(hash);
        while self.cells[hole].slot != slot {
            assert!(self.cells[hole].slot != EMPTY, "what is taken out of an index is in it");
            hole = self.after(hole);
        }
        self.len = self.len.wrapping_sub(1);
        self.close(hole);
    }

    /// Moves back what stands after the hole only because its own places were taken, so that no search ends too early.
    #[inline]
    fn close(&mut self, mut hole: usize) {
        let mask = self.mask();
        let mut at = hole;
        loop {
            at = self.after(at);
            let cell = self.cells[at];
            if cell.slot == EMPTY {
                break;
            }
            // How far it is from where it wants to be, and how far the hole is.
            let wanted = at.wrapping_sub(self.home(cell.hash)) & mask;
            if wanted >= at.wrapping_sub(hole) & mask {
                self.cells[hole] = cell;
                hole = at;
            }
        }
        self.cells[hole].slot = EMPTY;
    }

    fn put(&mut self, cell: Cell) {
        let mut at = self.home(cell.hash);
        while self.cells[at].slot != EMPTY {
            at = self.after(at);
        }
        self.cells[at] = cell;
    }

    #[cold]
    fn grow(&mut self) {
        let empty = vec![Cell { hash: 0, slot: EMPTY }; self.cells.len() << 1];
        for cell in std::mem::replace(&mut self.cells, empty) {
            if cell.slot != EMPTY {
                self.put(cell);
            }
        }
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        hash as usize & self.mask()
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.mask()
    }

    #[inline]
    fn mask(&self) -> usize {
        self.cells.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests;
