//! Blocks and the tree that they make.

/// A view; 0 is genesis's.
pub type View = u8;

/// The highest view that a model may have.
pub const VIEWS_MAX: View = 7;

/// A block: its view, and which of the two that the view's leader signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    view: View,
    twin: u8,
}

impl Block {
    /// Block 0, which is certified and final for everybody.
    pub const GENESIS: Self = Self { view: 0, twin: 0 };

    /// A block of `view`.
    ///
    /// # Panics
    /// If `twin` is neither 0 nor 1.
    pub const fn new(view: View, twin: u8) -> Self {
        assert!(twin < 2, "a view has two blocks at most");
        Self { view, twin }
    }

    /// Its view.
    pub const fn view(self) -> View {
        self.view
    }

    /// Its place in a set of a view's blocks.
    pub(crate) const fn bit(self) -> u8 {
        1 << self.twin
    }

    const fn index(self) -> usize {
        2 * self.view as usize + self.twin as usize
    }
}

/// Which blocks there are, by their parents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tree {
    parents: [Option<Block>; 2 * (VIEWS_MAX as usize + 1)],
}

impl Tree {
    /// Genesis alone.
    pub(crate) const fn new() -> Self {
        Self { parents: [None; 2 * (VIEWS_MAX as usize + 1)] }
    }

    pub(crate) const fn add(&mut self, block: Block, parent: Block) {
        self.parents[block.index()] = Some(parent);
    }

    pub(crate) const fn remove(&mut self, block: Block) {
        self.parents[block.index()] = None;
    }

    pub(crate) const fn parent(&self, block: Block) -> Option<Block> {
        self.parents[block.index()]
    }

    /// The blocks of a view.
    pub(crate) fn of(&self, view: View) -> impl Iterator<Item = Block> {
        let genesis = (view == 0).then_some(Block::GENESIS);
        let twins = [0, 1].map(|twin| Block::new(view, twin));
        genesis.into_iter().chain(twins.into_iter().filter(|block| self.parent(*block).is_some()))
    }

    /// A block of `view` that is not there yet, if the view has room for one.
    pub(crate) fn fresh(&self, view: View) -> Option<Block> {
        let twins = [0, 1].map(|twin| Block::new(view, twin));
        twins.into_iter().find(|block| self.parent(*block).is_none())
    }

    /// Whether one is the other or an ancestor of it.
    pub(crate) fn agree(&self, a: Block, b: Block) -> bool {
        let (low, high) = (a.min(b), a.max(b));
        std::iter::successors(Some(high), |block| self.parent(*block)).any(|block| block == low)
    }

    /// Swaps the names of a view's two blocks.
    pub(crate) fn swap_twins(&mut self, view: View) {
        let first = Block::new(view, 0).index();
        self.parents.swap(first, first + 1);
        for parent in self.parents.iter_mut().flatten() {
            *parent = parent.swapped(view);
        }
    }
}

impl Block {
    /// Its name after the twins of `view` have swapped theirs.
    pub(crate) const fn swapped(self, view: View) -> Self {
        if self.view == view { Self { view, twin: 1 - self.twin } } else { self }
    }
}
