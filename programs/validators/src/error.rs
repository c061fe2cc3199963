//! Why the program refuses. Codes and names are fixed.

use heddle_sdk::CallError;
use heddle_sdk::ErrorText;

/// Why the program refuses a call, or a section of a genesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ValidatorsError {
    /// The bytes are no call of this program.
    MalformedCall = 1,
    /// The signer may not do this, or not to this member.
    NotAuthorised = 2,
    /// No member has the key.
    UnknownKey = 3,
    /// A member has the key.
    DuplicateKey = 4,
    /// The proof is not the key's for this chain, operator and vote key, or nobody in particular holds the key; or that of
    /// the vote key is missing or bad.
    BadProof = 5,
    /// The only member cannot leave.
    LastMember = 6,
    /// Power is at least 1.
    ZeroPower = 7,
    /// All power together would be 2^62 or more.
    TooMuchPower = 8,
    /// There are as many members as there may be.
    TooManyMembers = 9,
    /// It is so already.
    NoChange = 10,
    /// Nobody can dial the address.
    InvalidAddress = 11,
    /// Another member listens there.
    DuplicateAddress = 12,
    /// The bytes are no section of a genesis for this program, or do not fit the genesis' validators.
    MalformedSection = 13,
    /// What is in state is not what this program writes: a broken invariant.
    CorruptState = 14,
    /// The others vote with BLS keys, and this one names none.
    MissingVoteKey = 15,
    /// The others vote with the keys that they have, and this one names another for it.
    UnusedVoteKey = 16,
}

impl ValidatorsError {
    /// All of them, by code.
    pub const ALL: [Self; 16] = [
        Self::MalformedCall,
        Self::NotAuthorised,
        Self::UnknownKey,
        Self::DuplicateKey,
        Self::BadProof,
        Self::LastMember,
        Self::ZeroPower,
        Self::TooMuchPower,
        Self::TooManyMembers,
        Self::NoChange,
        Self::InvalidAddress,
        Self::DuplicateAddress,
        Self::MalformedSection,
        Self::CorruptState,
        Self::MissingVoteKey,
        Self::UnusedVoteKey,
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
            Self::MalformedCall => ("MalformedCall", "the bytes are no call of validators"),
            Self::NotAuthorised => (
                "NotAuthorised",
                "the signer is neither the authority nor the member's operator, whichever this asks for",
            ),
            Self::UnknownKey => ("UnknownKey", "no validator has this key"),
            Self::DuplicateKey => ("DuplicateKey", "a validator has this key already"),
            Self::BadProof => {
                ("BadProof", "a proof is not this key's for this chain, operator and vote key")
            }
            Self::LastMember => ("LastMember", "the last validator cannot leave"),
            Self::ZeroPower => ("ZeroPower", "a validator's power is at least 1"),
            Self::TooMuchPower => {
                ("TooMuchPower", "the power of all validators must stay below 2^62")
            }
            Self::TooManyMembers => {
                ("TooManyMembers", "there are as many validators as there may be")
            }
            Self::NoChange => ("NoChange", "it is so already"),
            Self::InvalidAddress => (
                "InvalidAddress",
                "the address needs one host's IP address and a port that is not 0",
            ),
            Self::DuplicateAddress => {
                ("DuplicateAddress", "another validator listens at this address")
            }
            Self::MalformedSection => (
                "MalformedSection",
                "the bytes are no validators section, or not for as many validators as the genesis has",
            ),
            Self::CorruptState => ("CorruptState", "the state of validators is corrupt"),
            Self::MissingVoteKey => (
                "MissingVoteKey",
                "the validators of this chain vote with BLS keys, and this one has none",
            ),
            Self::UnusedVoteKey => (
                "UnusedVoteKey",
                "the validators of this chain vote with their Ed25519 keys, and need no BLS key",
            ),
        };
        ErrorText { name, message }
    }
}

impl From<ValidatorsError> for CallError {
    fn from(error: ValidatorsError) -> Self {
        Self::Refused(error.code())
    }
}
