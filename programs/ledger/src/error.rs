//! Why the ledger refuses. Codes and names are fixed.

use heddle_sdk::CallError;
use heddle_sdk::ErrorText;

/// Why the ledger refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum LedgerError {
    /// The bytes are no ledger call.
    MalformedCall = 1,
    /// An amount of zero.
    ZeroAmount = 2,
    /// Less is held than is to be paid. Also of an asset that does not exist: nobody holds any.
    InsufficientBalance = 3,
    /// No such asset.
    UnknownAsset = 4,
    /// The symbol is taken.
    AssetExists = 5,
    /// The signer is not the asset's authority.
    NotAuthority = 6,
    /// The asset's supply would be past `Amount::MAX`.
    SupplyOverflow = 7,
    /// More decimals than an asset may have.
    InvalidDecimals = 8,
    /// The native asset is not minted or burnt.
    NativeAsset = 9,
    /// The bytes are no section of a genesis, or a list in it is not strictly ascending.
    MalformedSection = 10,
}

impl LedgerError {
    /// All of them, by code.
    pub const ALL: [Self; 10] = [
        Self::MalformedCall,
        Self::ZeroAmount,
        Self::InsufficientBalance,
        Self::UnknownAsset,
        Self::AssetExists,
        Self::NotAuthority,
        Self::SupplyOverflow,
        Self::InvalidDecimals,
        Self::NativeAsset,
        Self::MalformedSection,
    ];

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
            Self::MalformedCall => ("MalformedCall", "the bytes are no ledger call"),
            Self::ZeroAmount => ("ZeroAmount", "the amount is zero"),
            Self::InsufficientBalance => {
                ("InsufficientBalance", "the balance is less than the amount")
            }
            Self::UnknownAsset => ("UnknownAsset", "there is no such asset"),
            Self::AssetExists => ("AssetExists", "the asset's symbol is taken"),
            Self::NotAuthority => ("NotAuthority", "the signer is not the asset's authority"),
            Self::SupplyOverflow => ("SupplyOverflow", "the supply would be past 2^120 - 1"),
            Self::InvalidDecimals => ("InvalidDecimals", "an asset has at most 24 decimals"),
            Self::NativeAsset => ("NativeAsset", "HDL is never minted or burnt"),
            Self::MalformedSection => (
                "MalformedSection",
                "the bytes are no ledger section, or a list in it is not strictly ascending",
            ),
        };
        ErrorText { name, message }
    }
}

impl From<LedgerError> for CallError {
    fn from(error: LedgerError) -> Self {
        Self::Refused(error.code())
    }
}
