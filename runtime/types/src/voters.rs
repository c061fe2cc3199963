//! Which members of a committee signed.

use std::fmt;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::limits;
use crate::quantity::ValidatorIndex;

const _: () = assert!(limits::VALIDATORS_MAX <= u64::BITS as usize);

/// Members by index, as bits: ascending and without repetition by construction. One beyond the committee may be among
/// them; nothing that names it verifies.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Voters(u64);

impl Voters {
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// Their indices, ascending.
    pub fn iter(self) -> impl Iterator<Item = ValidatorIndex> {
        (0..64).filter(move |bit| self.0 >> bit & 1 == 1).map(ValidatorIndex::new)
    }

    /// How many there are.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `voter` is among them.
    pub fn contains(self, voter: ValidatorIndex) -> bool {
        bit(voter).is_some_and(|bit| self.0 & bit != 0)
    }
}

impl FromIterator<ValidatorIndex> for Voters {
    /// # Panics
    /// If an index is that of no committee's member: 64 or more.
    fn from_iter<I: IntoIterator<Item = ValidatorIndex>>(voters: I) -> Self {
        let bits = voters.into_iter().map(|voter| bit(voter).expect("a member of a committee"));
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

fn bit(voter: ValidatorIndex) -> Option<u64> {
    1_u64.checked_shl(u32::from(voter.get()))
}

impl fmt::Debug for Voters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(ValidatorIndex::get)).finish()
    }
}
