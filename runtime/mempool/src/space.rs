//! What there is once for each kind of block space.

use heddle_types::BlockSpace;

/// Both kinds, what must get through first.
pub(crate) const SPACES: [BlockSpace; 2] = [BlockSpace::Reserved, BlockSpace::Ordinary];

/// One of each kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct BySpace<T> {
    ordinary: T,
    reserved: T,
}

impl<T> BySpace<T> {
    pub(crate) const fn of_mut(&mut self, space: BlockSpace) -> &mut T {
        match space {
            BlockSpace::Ordinary => &mut self.ordinary,
            BlockSpace::Reserved => &mut self.reserved,
        }
    }

    pub(crate) const fn of(&self, space: BlockSpace) -> &T {
        match space {
            BlockSpace::Ordinary => &self.ordinary,
            BlockSpace::Reserved => &self.reserved,
        }
    }
}
