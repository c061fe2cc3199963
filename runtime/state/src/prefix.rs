//! The first bits of paths: which subtree a chunk is.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::path::Path;

/// All paths that begin with these bits, and so a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Prefix {
    /// The bits, the first one highest; zeros behind them.
    bits: u64,
    depth: u8,
}

impl Prefix {
    /// The most bits that one has. Two keys whose paths share 64 bits take 2^32 attempts to find, a chunk full of them more than
    /// anybody has.
    pub const DEPTH_MAX: u8 = 64;
    /// Of all paths.
    pub const ALL: Self = Self { bits: 0, depth: 0 };

    /// The first `depth` of `bits`, the first one highest; none when there are more than [`Self::DEPTH_MAX`], or a bit behind
    /// them is set.
    pub const fn new(bits: u64, depth: u8) -> Option<Self> {
        if depth > Self::DEPTH_MAX || bits & !mask(depth) != 0 {
            return None;
        }
        Some(Self { bits, depth })
    }

    /// The prefixes of these lengths that follow each other from the first path on; none when they are not exactly all paths.
    pub fn cover(depths: &[u8]) -> Option<Vec<Self>> {
        let mut prefixes = Vec::with_capacity(depths.len());
        for depth in depths {
            let prefix = match prefixes.last() {
                None => Self::new(0, *depth)?,
                Some(last) => Self::next(*last, *depth)?,
            };
            prefixes.push(prefix);
        }
        prefixes.last().is_some_and(|last| last.is_last()).then_some(prefixes)
    }

    /// How many bits it has.
    pub const fn depth(self) -> u8 {
        self.depth
    }

    /// Those that are one bit longer, first with 0 and then with 1; none when it has as many bits as can be.
    pub fn children(self) -> Option<[Self; 2]> {
        if self.depth == Self::DEPTH_MAX {
            return None;
        }
        let depth = self.depth + 1;
        let last = 1 << (u64::BITS - u32::from(depth));
        Some([Self { bits: self.bits, depth }, Self { bits: self.bits | last, depth }])
    }

    /// Without the last bit, and that bit; none when there is none.
    pub fn parent(self) -> Option<(Self, bool)> {
        let depth = self.depth.checked_sub(1)?;
        let bits = self.bits & mask(depth);
        Some((Self { bits, depth }, bits != self.bits))
    }

    /// The one that differs in the last bit; none when there is none.
    pub fn sibling(self) -> Option<Self> {
        let (parent, is_right) = self.parent()?;
        let [left, right] = parent.children()?;
        Some(if is_right { left } else { right })
    }

    /// The one of `depth` bits that the paths after all of these begin with; none when these are the last, or no path that
    /// begins so is the first after these.
    pub fn next(self, depth: u8) -> Option<Self> {
        let width = u64::BITS.checked_sub(u32::from(self.depth))?;
        let bits = self.bits.checked_add(1_u64.checked_shl(width)?)?;
        Self::new(bits, depth)
    }

    /// Whether these are the last paths of all.
    pub const fn is_last(self) -> bool {
        self.bits == mask(self.depth)
    }

    /// Whether `path` begins with it.
    pub fn contains(self, path: &Path) -> bool {
        path.head() & mask(self.depth) == self.bits
    }
}

/// The highest `depth` bits.
const fn mask(depth: u8) -> u64 {
    match u64::MAX.checked_shr(depth as u32) {
        Some(rest) => !rest,
        None => u64::MAX,
    }
}

impl BorshDeserialize for Prefix {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let bits = u64::deserialize_reader(reader)?;
        let depth = u8::deserialize_reader(reader)?;
        Self::new(bits, depth).ok_or_else(|| {
            let message = format!("bits {bits:#018x} and length {depth} are no prefix");
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_no_bits_behind_its_length() {
        assert_eq!(Prefix::new(0, 0), Some(Prefix::ALL));
        assert_eq!(Prefix::new(1, 0), None);
        assert_eq!(Prefix::new(1, 63), None);
        assert!(Prefix::new(1, 64).is_some());
        assert_eq!(Prefix::new(1, 65), None);
        assert!(Prefix::new(1 << 63, 1).is_some());
    }

    #[test]
    fn children_parents_and_siblings_agree() {
        let mut prefix = Prefix::ALL;
        while let Some([left, right]) = prefix.children() {
            assert_eq!(left.parent(), Some((prefix, false)));
            assert_eq!(right.parent(), Some((prefix, true)));
            assert_eq!((left.sibling(), right.sibling()), (Some(right), Some(left)));
            assert_eq!(left.next(right.depth()), Some(right));
            prefix = if prefix.depth().is_multiple_of(3) { right } else { left };
        }
        assert_eq!(prefix.depth(), Prefix::DEPTH_MAX);
        assert_eq!((Prefix::ALL.parent(), Prefix::ALL.sibling()), (None, None));
    }

    #[test]
    fn a_cover_is_all_paths_and_none_twice() {
        let cover = Prefix::cover(&[2, 3, 3, 1]).unwrap();
        let at = |bits: u64, depth: u8| Prefix::new(bits << 61, depth).unwrap();
        assert_eq!(cover, [at(0b000, 2), at(0b010, 3), at(0b011, 3), at(0b100, 1)]);
        assert_eq!(Prefix::cover(&[0]), Some(vec![Prefix::ALL]));
        for wrong in [&[][..], &[1], &[1, 2], &[2, 1, 2], &[1, 1, 1], &[0, 0], &[65], &[2, 3, 1]] {
            assert_eq!(Prefix::cover(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_next_one_begins_where_this_one_ends() {
        let at = |bits: u64, depth: u8| Prefix::new(bits << 60, depth).unwrap();
        assert_eq!(at(0b0100, 2).next(1), Some(at(0b1000, 1)));
        assert_eq!(at(0b0100, 2).next(4), Some(at(0b1000, 4)));
        assert_eq!(at(0b0000, 2).next(1), None, "01 is not where any half begins");
        assert_eq!(at(0b1100, 2).next(2), None);
        assert_eq!(Prefix::ALL.next(0), None);
        let ends = [Prefix::ALL, at(0b1100, 2), Prefix::new(u64::MAX, 64).unwrap()];
        assert!(ends.into_iter().all(Prefix::is_last));
        assert!(!at(0b1000, 2).is_last());
        assert!(!at(0b0000, 1).is_last());
    }
}
