//! Numbers that must not be mixed up.

use std::fmt;
use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

macro_rules! index_newtype {
    ($($(#[$meta:meta])* $name:ident($int:ty);)+) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
        )]
        pub struct $name($int);

        impl $name {
            /// The first.
            pub const ZERO: Self = Self(0);

            /// From its number.
            pub const fn new(value: $int) -> Self {
                Self(value)
            }

            /// As its number.
            pub const fn get(self) -> $int {
                self.0
            }

            /// The one after it.
            ///
            /// Saturates at the largest number: counters of 64 bits never get there, and one that did would stand still
            /// and be refused for that instead of wrapping to the first.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }

            /// The one before it, or none before the first.
            pub const fn prev(self) -> Option<Self> {
                match self.0.checked_sub(1) {
                    Some(value) => Some(Self(value)),
                    None => None,
                }
            }

            /// How many steps `self` lies above `other`; zero when it does not.
            pub const fn since(self, other: Self) -> $int {
                self.0.saturating_sub(other.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

index_newtype! {
    /// A round of consensus, led by one validator. View 0 is genesis.
    View(u64);
    /// A block's distance from genesis, which is height 0.
    Height(u64);
    /// A time during which the committee does not change.
    Epoch(u64);
    /// A transaction's position among its block's transaction ids.
    TxIndex(u32);
    /// A validator's position in its committee.
    ValidatorIndex(u16);
}

/// A quantity of an asset, in its base units. Never negative; at most [`Amount::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Amount(u128);

impl BorshDeserialize for Amount {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let units = u128::deserialize_reader(reader)?;
        Self::new(units).ok_or_else(|| {
            let message = format!("amount {units}, at most 2^120 - 1 allowed");
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest: 2^120 − 1. Sums of 64 of them still fit `i128`, the type of an `Add`.
    pub const MAX: Self = Self((1 << 120) - 1);

    /// From base units; none past [`Amount::MAX`].
    pub const fn new(units: u128) -> Option<Self> {
        if units <= Self::MAX.0 { Some(Self(units)) } else { None }
    }

    /// From base units that fit 64 bits, which always are within the limit.
    pub const fn from_units(units: u64) -> Self {
        Self(units as u128)
    }

    /// As base units.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// As base units with a sign, the type of an `Add`.
    pub const fn signed(self) -> i128 {
        #[expect(clippy::cast_possible_wrap, reason = "at most 2^120")]
        let units = self.0 as i128;
        units
    }

    /// `self + other`, none past [`Amount::MAX`].
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Self::new(units),
            None => None,
        }
    }

    /// `self − other`, none below zero.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// `self × count`, none past [`Amount::MAX`].
    pub const fn checked_mul(self, count: u64) -> Option<Self> {
        match self.0.checked_mul(count as u128) {
            Some(units) => Self::new(units),
            None => None,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
