//! Where a version of a key's value is.

/// One place, in 32 bits: [`Place::kind`] says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u32);

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Among the values that the block was given, at its key.
    Value,
    /// In the cell of this slot.
    Cell(u32),
    /// Nowhere yet: it is what was there before, and what this slot and earlier ones add. Readers take its fold.
    Added(u32),
    /// In the cell of a fold: a sum up to some add, worked out once for all who read it.
    Folded(u32),
}

const NUMBER_BITS: u32 = 30;
const CELL: u32 = 0;
const ADDED: u32 = 1;
const FOLDED: u32 = 2;

impl Place {
    /// Among the values that the block was given.
    pub(crate) const VALUE: Self = Self(u32::MAX);

    /// The cell of a slot.
    #[inline]
    pub(crate) const fn cell(slot: u32) -> Self {
        Self(slot | CELL << NUMBER_BITS)
    }

    /// After the add of a slot.
    #[inline]
    pub(crate) const fn added(slot: u32) -> Self {
        Self(slot | ADDED << NUMBER_BITS)
    }

    /// The cell of a fold.
    #[inline]
    pub(crate) const fn folded(fold: u32) -> Self {
        Self(fold | FOLDED << NUMBER_BITS)
    }

    #[inline]
    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    #[inline]
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether it is [`Kind::Value`].
    #[inline]
    pub(crate) const fn is_value(self) -> bool {
        self.0 == Self::VALUE.0
    }

    /// Whether it is [`Kind::Added`].
    #[inline]
    pub(crate) const fn is_added(self) -> bool {
        self.0 >> NUMBER_BITS == ADDED
    }

    /// Whether it is [`Kind::Folded`].
    #[inline]
    pub(crate) const fn is_folded(self) -> bool {
        self.0 >> NUMBER_BITS == FOLDED
    }

    #[inline]
    pub(crate) const fn kind(self) -> Kind {
        let number = self.0 & ((1 << NUMBER_BITS) - 1);
        match self.0 >> NUMBER_BITS {
            CELL => Kind::Cell(number),
            ADDED => Kind::Added(number),
            FOLDED => Kind::Folded(number),
            _ => Kind::Value,
        }
    }
}
