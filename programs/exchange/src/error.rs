//! Why the exchange refuses. Codes and names are fixed.

use heddle_sdk::CallError;
use heddle_sdk::ErrorText;

/// Why the exchange refuses a call. What accounts refuse has the codes of [`heddle_clearing::ClearingError`], from
/// [`Self::CLEARING`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ExchangeError {
    /// The bytes are no call.
    MalformedCall = 1,
    /// There is no such market.
    UnknownMarket = 2,
    /// The signer is not the authority.
    NotAuthority = 3,
    /// There are as many markets as there may be.
    TooManyMarkets = 4,
    /// The market's rules contradict themselves.
    InvalidRules = 5,
    /// The market takes no new orders now.
    MarketClosed = 6,
    /// The price is further from the mark than the market's band.
    PriceOutsideBand = 7,
    /// Fewer or more lots than an order may have.
    InvalidLots = 8,
    /// The order is worth less than the market's minimum.
    NotionalTooSmall = 9,
    /// The market cannot go from the mode that it is in to the one that is wanted.
    InvalidTransition = 10,
    /// What is in state is not what this program writes, or a book broke its invariants.
    CorruptState = 11,
    /// The section of the genesis is not the exchange's, or there is none.
    MalformedSection = 12,
}

impl ExchangeError {
    /// All of them, by code.
    pub const ALL: [Self; 12] = [
        Self::MalformedCall,
        Self::UnknownMarket,
        Self::NotAuthority,
        Self::TooManyMarkets,
        Self::InvalidRules,
        Self::MarketClosed,
        Self::PriceOutsideBand,
        Self::InvalidLots,
        Self::NotionalTooSmall,
        Self::InvalidTransition,
        Self::CorruptState,
        Self::MalformedSection,
    ];
    /// What is added to a code of clearing.
    pub const CLEARING: u16 = 1000;

    /// Its stable code.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The error with this code.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.code() == code)
    }

    /// Its name and message.
    pub const fn text(self) -> ErrorText {
        let (name, message) = match self {
            Self::MalformedCall => ("MalformedCall", "the bytes are no exchange call"),
            Self::UnknownMarket => ("UnknownMarket", "there is no such market"),
            Self::NotAuthority => ("NotAuthority", "the signer is not the exchange's authority"),
            Self::TooManyMarkets => {
                ("TooManyMarkets", "there are 64 markets, the most there may be")
            }
            Self::InvalidRules => ("InvalidRules", "the market's rules contradict themselves"),
            Self::MarketClosed => {
                ("MarketClosed", "the market takes no new orders now; cancels are taken")
            }
            Self::PriceOutsideBand => (
                "PriceOutsideBand",
                "the price is further from the mark than the market's band; see heddle market",
            ),
            Self::InvalidLots => {
                ("InvalidLots", "fewer or more lots than an order may have; see heddle market")
            }
            Self::NotionalTooSmall => {
                ("NotionalTooSmall", "the order is worth less than the market's minimum")
            }
            Self::InvalidTransition => {
                ("InvalidTransition", "the market cannot go from its mode to the one wanted")
            }
            Self::CorruptState => ("CorruptState", "state is corrupt: a bug"),
            Self::MalformedSection => (
                "MalformedSection",
                "the section is not the exchange's, or its markets are invalid",
            ),
        };
        ErrorText { name, message }
    }
}

impl From<ExchangeError> for CallError {
    fn from(error: ExchangeError) -> Self {
        Self::Refused(error.code())
    }
}
