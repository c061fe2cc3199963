//! What clearing reports.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_sdk::Abort;
use heddle_sdk::Described;
use heddle_sdk::Workspace;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::UnixMillis;
use heddle_types::encode;

use crate::ids::AccountId;
use crate::ids::MarketId;

macro_rules! events {
    ($(
        $(#[$meta:meta])*
        $kind:literal $name:ident { $($(#[$field_meta:meta])* $field:ident ($text:literal): $ty:ty,)+ }
    )+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
            pub struct $name {
                $($(#[$field_meta])* pub $field: $ty,)+
            }

            impl From<$name> for ClearingEvent {
                fn from(event: $name) -> Self {
                    Self::$name(event)
                }
            }
        )+

        /// What clearing reports. The number is the event's kind, the fields in order are its data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ClearingEvent {
            $(
                #[doc = concat!("Kind ", $kind, ".")]
                $name($name),
            )+
        }

        impl ClearingEvent {
            /// The event of this kind and these bytes; none when there is none.
            pub fn decode(kind: u16, data: &[u8]) -> Option<Self> {
                match kind {
                    $($kind => borsh::from_slice(data).ok().map(Self::$name),)+
                    _ => None,
                }
            }

            /// In words.
            pub fn describe(&self) -> Described {
                match self {
                    $(Self::$name(event) => Described {
                        name: stringify!($name),
                        fields: vec![$(($text, event.$field.to_string()),)+],
                    },)+
                }
            }

            pub(crate) fn emit(&self, work: &mut Workspace<'_>) -> Result<(), Abort> {
                match self {
                    $(Self::$name(event) => work.emit($kind, encode(event)),)+
                }
            }
        }
    };
}

events! {
    /// An account was opened.
    1 AccountOpened {
        /// Its number.
        account ("account"): AccountId,
        /// Whose.
        owner ("owner"): Address,
        /// Which of the owner's.
        sub ("sub"): u8,
    }
    /// Collateral was paid in.
    2 Deposited {
        /// To this account.
        account ("account"): AccountId,
        /// How much.
        amount ("amount"): Amount,
    }
    /// Collateral was paid out.
    3 Withdrawn {
        /// From this account.
        account ("account"): AccountId,
        /// How much.
        amount ("amount"): Amount,
    }
    /// Collateral went from one account of an owner to another.
    4 Moved {
        /// From this account.
        from ("from"): AccountId,
        /// To this account.
        to ("to"): AccountId,
        /// How much.
        amount ("amount"): Amount,
    }
    /// An agent may trade for an account.
    5 AgentSet {
        /// For this account.
        account ("account"): AccountId,
        /// Who.
        agent ("agent"): Address,
        /// Until then, in milliseconds since 1970.
        expiry ("expiry"): Time,
        /// For so much notional.
        budget ("budget"): Quote,
    }
    /// An agent may not any more.
    6 AgentRevoked {
        /// For this account.
        account ("account"): AccountId,
        /// Who.
        agent ("agent"): Address,
    }
    /// Somebody gave to the insurance fund.
    7 Donated {
        /// Who.
        from ("from"): Address,
        /// How much.
        amount ("amount"): Amount,
    }
    /// An account volunteered to take over positions, or does not any more.
    8 BackstopChanged {
        /// Which.
        account ("account"): AccountId,
        /// Whether it does.
        volunteers ("volunteers"): bool,
    }
    /// A market's parameters were set.
    9 ParamsSet {
        /// Which market.
        market ("market"): MarketId,
    }
    /// An account's outcomes in a market were settled.
    10 PositionSettled {
        /// Whose.
        account ("account"): AccountId,
        /// Where.
        market ("market"): MarketId,
        /// The position now.
        lots ("lots"): SignedLots,
        /// What it cost.
        entry ("entry"): Quote,
        /// Profit realised, before fees.
        realised ("realised"): Quote,
        /// Fees paid; below zero rebates received.
        fees ("fees"): Quote,
        /// Funding paid; below zero received.
        funding ("funding"): Quote,
        /// Shared loss paid.
        loss ("loss"): Quote,
    }
    /// Funding was paid in a market.
    11 FundingPaid {
        /// Where.
        market ("market"): MarketId,
        /// The rate for eight hours, in millionths.
        rate ("ratePpm"): i64,
        /// The funding index now.
        index ("index"): i128,
        /// The index price that it was paid on.
        price ("price"): Ticks,
    }
    /// An account could not be settled and is frozen.
    12 AccountFrozen {
        /// Which.
        account ("account"): AccountId,
    }
    /// A market could not be renewed and is frozen.
    13 MarketFrozen {
        /// Which.
        market ("market"): MarketId,
    }
    /// The sums do not meet: a broken invariant.
    14 Imbalance {
        /// Money that is too much in accounts, below zero too little.
        money ("money"): Quote,
        /// Markets whose positions do not sum to zero.
        markets ("markets"): u16,
    }
    /// A part of a position goes to the book because its account has lost its margin.
    20 LiquidationOrdered {
        /// Whose.
        account ("account"): AccountId,
        /// Where.
        market ("market"): MarketId,
        /// What is given up of the position: sold above zero, bought below.
        lots ("lots"): SignedLots,
        /// At this price or better.
        price ("price"): Ticks,
        /// The account's equity.
        equity ("equity"): Quote,
        /// Its maintenance margin.
        maintenance ("maintenance"): Quote,
    }
    /// A volunteer took a position at its bankruptcy price.
    21 PositionHandedOver {
        /// Whose.
        account ("account"): AccountId,
        /// Who took it.
        to ("to"): AccountId,
        /// Where.
        market ("market"): MarketId,
        /// The position.
        lots ("lots"): SignedLots,
        /// What the volunteer paid; below zero it received.
        paid ("paid"): Quote,
    }
    /// Insurance paid what an account owed, or a part of that.
    22 InsurancePaid {
        /// For whom.
        account ("account"): AccountId,
        /// How much.
        amount ("amount"): Quote,
    }
    /// A position of an account that owes was closed against another's.
    23 Deleveraged {
        /// Who owes.
        account ("account"): AccountId,
        /// Against whose.
        counterparty ("counterparty"): AccountId,
        /// Where.
        market ("market"): MarketId,
        /// What was closed of the counterparty's position.
        lots ("lots"): SignedLots,
        /// By how much it got less than the mark.
        paid ("paid"): Quote,
    }
    /// What an account owed is borne by all open interest of a market.
    24 LossShared {
        /// Who owed.
        account ("account"): AccountId,
        /// Where.
        market ("market"): MarketId,
        /// How much.
        amount ("amount"): Quote,
    }
    /// Somebody else governs.
    15 AuthoritySet {
        /// Who.
        authority ("authority"): Address,
    }
}

/// A time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Time(pub UnixMillis);

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.get().fmt(f)
    }
}
