//! What the program reports.

use std::net::SocketAddr;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::Abort;
use heddle_sdk::Described;
use heddle_sdk::Workspace;
use heddle_types::Address;
use heddle_types::BlsPublicKey;
use heddle_types::Canonical;
use heddle_types::PublicKey;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::call::describe_member;
use crate::call::describe_rotation;
use crate::limits::QUIC_BYTES_MAX;
use crate::limits::VOTE_KEY_BYTES_MAX;
use crate::member::Member;

/// What the program reports. The variant's number is the event's kind, the fields in order are its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidatorsEvent {
    /// Kind 1: a validator was admitted.
    Joined(Member),
    /// Kind 2: the validator with this key was let go.
    Left(PublicKey),
    /// Kind 3: a validator has another power.
    PowerChanged(PowerChanged),
    /// Kind 4: a validator has another key.
    KeyRotated(KeyRotated),
    /// Kind 5: a validator listens elsewhere.
    AddressChanged(AddressChanged),
    /// Kind 6: there is another authority.
    AuthorityChanged(Address),
}

/// A validator's new power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PowerChanged {
    /// Whose.
    pub public_key: PublicKey,
    /// How much.
    pub power: u64,
}

/// A validator's new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct KeyRotated {
    /// The key that it had.
    pub old: PublicKey,
    /// The key that it has.
    pub new: PublicKey,
    /// What it votes with, if it has a key for that.
    pub vote_key: Option<BlsPublicKey>,
}

/// A validator's new address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AddressChanged {
    /// Whose.
    pub public_key: PublicKey,
    /// Where it listens.
    pub quic: SocketAddr,
}

impl ValidatorsEvent {
    /// From an event of this program; none when it is none.
    pub fn decode(kind: u16, data: &[u8]) -> Option<Self> {
        match kind {
            1 => decode_exact(data).ok().map(Self::Joined),
            2 => data.try_into().ok().map(PublicKey).map(Self::Left),
            3 => decode_exact(data).ok().map(Self::PowerChanged),
            4 => decode_exact(data).ok().map(Self::KeyRotated),
            5 => decode_exact(data).ok().map(Self::AddressChanged),
            6 => data.try_into().ok().map(Address).map(Self::AuthorityChanged),
            _ => None,
        }
    }

    pub(crate) fn describe(&self) -> Described {
        let (name, fields) = match self {
            Self::Joined(member) => ("ValidatorJoined", describe_member(member)),
            Self::Left(key) => ("ValidatorLeft", vec![("publicKey", key.to_string())]),
            Self::PowerChanged(PowerChanged { public_key, power }) => (
                "ValidatorPowerChanged",
                vec![("publicKey", public_key.to_string()), ("power", power.to_string())],
            ),
            Self::KeyRotated(KeyRotated { old, new, vote_key }) => {
                ("ValidatorKeyRotated", describe_rotation((old, new), vote_key.as_ref()))
            }
            Self::AddressChanged(AddressChanged { public_key, quic }) => (
                "ValidatorAddressChanged",
                vec![("publicKey", public_key.to_string()), ("quic", quic.to_string())],
            ),
            Self::AuthorityChanged(authority) => {
                ("AuthorityChanged", vec![("authority", authority.to_string())])
            }
        };
        Described { name, fields }
    }

    pub(crate) fn emit(&self, state: &mut Workspace<'_>) -> Result<(), Abort> {
        match self {
            Self::Joined(member) => state.emit(1, encode(member)),
            Self::Left(key) => state.emit(2, key.0),
            Self::PowerChanged(event) => state.emit(3, encode(event)),
            Self::KeyRotated(event) => state.emit(4, encode(event)),
            Self::AddressChanged(event) => state.emit(5, encode(event)),
            Self::AuthorityChanged(authority) => state.emit(6, authority.as_bytes()),
        }
    }
}

impl Canonical for Member {
    const NAME: &'static str = "member";
    const BYTES_MAX: usize = Self::BYTES_MAX;
}

impl Canonical for PowerChanged {
    const NAME: &'static str = "power event";
    const BYTES_MAX: usize = 32 + 8;
}

impl Canonical for KeyRotated {
    const NAME: &'static str = "key event";
    const BYTES_MAX: usize = 32 + 32 + VOTE_KEY_BYTES_MAX;
}

impl Canonical for AddressChanged {
    const NAME: &'static str = "address event";
    const BYTES_MAX: usize = 32 + QUIC_BYTES_MAX;
}
