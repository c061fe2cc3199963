//! What is traded and what is paid, each its own type. Only meaningful products exist: price times size is money.

use std::fmt;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::rounding::Rounding;
use crate::rounding::mul_div;

macro_rules! quantity {
    ($($(#[$meta:meta])* $name:ident($int:ty);)+) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
        )]
        #[repr(transparent)]
        pub struct $name($int);

        impl $name {
            /// None of it.
            pub const ZERO: Self = Self(0);
            /// The least there can be.
            pub const MIN: Self = Self(<$int>::MIN);
            /// The most there can be.
            pub const MAX: Self = Self(<$int>::MAX);

            /// From its number.
            #[inline]
            pub const fn new(value: $int) -> Self {
                Self(value)
            }

            /// As its number.
            #[inline]
            pub const fn get(self) -> $int {
                self.0
            }

            /// Whether it is zero.
            #[inline]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The sum; none when it does not fit.
            #[inline]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }

            /// The difference; none when it does not fit.
            #[inline]
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(difference) => Some(Self(difference)),
                    None => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

quantity! {
    /// A price, in a market's ticks. No order has price zero.
    Ticks(u32);
    /// A size, in a market's lots.
    Lots(u64);
    /// A position, in a market's lots: above zero long, below zero short.
    SignedLots(i64);
    /// Money, in base units of the quote asset. Below zero it is owed.
    Quote(i128);
    /// What one lot costs at a price of one tick, in base units of the quote asset. Fixed for each market, so that price
    /// times size is a whole number.
    UnitValue(u32);
    /// A rate in millionths.
    Ppm(i32);
}

impl Lots {
    /// As a long position; none when that does not fit.
    #[inline]
    pub const fn long(self) -> Option<SignedLots> {
        if self.0 > i64::MAX as u64 { None } else { Some(SignedLots(self.0.cast_signed())) }
    }

    /// As a short position; none when that does not fit.
    #[inline]
    pub const fn short(self) -> Option<SignedLots> {
        match self.long() {
            Some(long) => long.checked_neg(),
            None => None,
        }
    }
}

impl SignedLots {
    /// How many, whatever the direction.
    #[inline]
    pub const fn abs(self) -> Lots {
        Lots(self.0.unsigned_abs())
    }

    /// The opposite position; none of the least.
    #[inline]
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(negated) => Some(Self(negated)),
            None => None,
        }
    }

    /// What they are worth at `price`: below zero for a short position. Cannot overflow: 63, 32 and 32 bits.
    #[inline]
    pub fn value(self, price: Ticks, unit: UnitValue) -> Quote {
        let per_lot = u64::from(price.0).saturating_mul(u64::from(unit.0));
        Quote(i128::from(self.0).saturating_mul(i128::from(per_lot)))
    }
}

impl Ticks {
    /// What `lots` cost at this price. Cannot overflow: 32, 64 and 32 bits are one sign short of 128, and the largest
    /// product, of three largest numbers, is saturated to the largest amount.
    #[inline]
    pub fn notional(self, lots: Lots, unit: UnitValue) -> Quote {
        let per_lot = u64::from(self.0).saturating_mul(u64::from(unit.0));
        let product = u128::from(per_lot).saturating_mul(u128::from(lots.0));
        Quote(i128::try_from(product).unwrap_or(i128::MAX))
    }
}

impl Quote {
    /// This much times a rate; none when it does not fit.
    #[inline]
    pub fn at_rate(self, rate: Ppm, rounding: Rounding) -> Option<Self> {
        mul_div(self.0, i128::from(rate.0), i128::from(Ppm::ONE.0), rounding).map(Self)
    }

    /// The opposite amount; none of the least.
    #[inline]
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(negated) => Some(Self(negated)),
            None => None,
        }
    }
}

impl Ppm {
    /// The whole: a million millionths.
    pub const ONE: Self = Self(1_000_000);
}

#[cfg(test)]
mod tests;
