//! Who and where, as small numbers.

use std::fmt;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

macro_rules! number {
    ($($(#[$meta:meta])* $name:ident($int:ty);)+) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
        )]
        pub struct $name($int);

        impl $name {
            /// From its number.
            pub const fn new(value: $int) -> Self {
                Self(value)
            }

            /// As its number.
            pub const fn get(self) -> $int {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

number! {
    /// A margin account, numbered in the order in which accounts were opened.
    AccountId(u32);
    /// A market.
    MarketId(u16);
}

/// An order: whose, and which of all that this account ever placed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct OrderId {
    /// Whose.
    pub account: AccountId,
    /// The account's own count, over all markets.
    pub number: u32,
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.account, self.number)
    }
}

/// What an order wants.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Side {
    /// To buy.
    Buy = 0,
    /// To sell.
    Sell = 1,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}
