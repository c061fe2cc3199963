//! Why clearing refuses. Codes and names are fixed.

use heddle_sdk::CallError;
use heddle_sdk::ErrorText;

macro_rules! errors {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $message:literal;)+) => {
        /// Why clearing refuses a call, an order or a settlement.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub enum ClearingError {
            $($(#[$meta])* $name = $code,)+
        }

        impl ClearingError {
            /// All of them, by code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name and message.
            pub const fn text(self) -> ErrorText {
                match self {
                    $(Self::$name => ErrorText { name: stringify!($name), message: $message },)+
                }
            }
        }
    };
}

errors! {
    /// The bytes are no call of clearing.
    MalformedCall = 1, "the bytes are no clearing call";
    /// An amount, a price or a size of zero.
    Zero = 2, "the amount, price or size is zero";
    /// A result does not fit its type.
    Overflow = 3, "a number is too large";
    /// There is no such account.
    UnknownAccount = 4, "there is no such account";
    /// There is no such market.
    UnknownMarket = 5, "there is no such market";
    /// There is no such open order.
    UnknownOrder = 6, "there is no such open order";
    /// The signer is neither the owner nor an agent who may do this.
    NotAuthorised = 7, "the signer may not act for this account";
    /// The agent's time is over.
    AgentExpired = 8, "the agent's time is over";
    /// The agent's budget is used up.
    AgentBudget = 9, "the agent's budget does not cover this order";
    /// The account is frozen, because settling it failed.
    AccountFrozen = 10, "the account is frozen";
    /// Equity does not cover what positions and orders require.
    InsufficientMargin = 11, "equity does not cover what positions and orders require";
    /// More than may be withdrawn.
    InsufficientCollateral = 12, "more than may be withdrawn";
    /// The market does not take such orders now.
    MarketNotOpen = 13, "the market does not take such orders now";
    /// The price is too old or too uncertain for this.
    PriceQuality = 14, "the price is too old or too uncertain for this";
    /// Nothing is there that the order could make smaller.
    NothingToReduce = 15, "there is no position that the order could make smaller";
    /// The account has as many open orders in this market as it may have.
    TooManyOrders = 16, "too many open orders in this market";
    /// The client's number is that of another open order.
    DuplicateClientId = 17, "the client order id is taken by an open order";
    /// The order, or the position that it may lead to, is larger than may be.
    TooLarge = 18, "the order, or the position it may lead to, is too large";
    /// An iceberg shows none of itself, or all.
    InvalidDisplay = 19, "the displayed size is zero or not less than the order's";
    /// The sub-account may hold one other market only.
    IsolatedMarket = 20, "the isolated sub-account is for another market";
    /// The sub-account exists.
    AccountExists = 21, "the sub-account exists";
    /// The signer is not the authority.
    NotAuthority = 22, "the signer is not the authority";
    /// The parameters contradict each other or are out of bounds.
    InvalidParams = 23, "the parameters are invalid";
    /// The market exists.
    MarketExists = 24, "the market exists";
    /// There are as many markets, agents or backstops as there may be.
    TooMany = 25, "as many as there may be";
    /// An outcome contradicts the account's orders: a broken invariant.
    BrokenOutcome = 26, "an outcome contradicts the account's orders";
    /// What is in state is not what this program writes: a broken invariant.
    CorruptState = 27, "state is corrupt";
    /// The asset is not the one that accounts hold.
    WrongAsset = 28, "accounts hold another asset as collateral";
    /// Both accounts are the same, or not of one owner.
    OtherOwner = 29, "the accounts are not two of one owner";
    /// The genesis' section contradicts itself or the ledger's.
    MalformedSection = 30, "the section is none of clearing's, or contradicts the ledger's";
}

impl ClearingError {
    /// Its stable code.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The error with this code.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|error| error.code() == code)
    }
}

impl From<ClearingError> for CallError {
    fn from(error: ClearingError) -> Self {
        Self::Refused(error.code())
    }
}
