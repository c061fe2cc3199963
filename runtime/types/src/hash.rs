//! 32-byte blake3 hashes and the domains that keep their meanings apart.

use std::fmt;
use std::str::FromStr;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use thiserror::Error;

/// What a hash is of. The 16 bytes are hashed in front of the message, so that no two kinds can collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain(pub [u8; 16]);

impl Domain {
    /// A transaction: its id, which is also the message that is signed.
    pub const TRANSACTION: Self = Self(*b"heddle/tx/1\0\0\0\0\0");
    /// A block header: the block's hash, which the leader signs.
    pub const BLOCK: Self = Self(*b"heddle/block/1\0\0");
    /// A payload, as named by its header.
    pub const PAYLOAD: Self = Self(*b"heddle/payload/1");
    /// A header of a lane's batch: its digest, which the lane's owner signs.
    pub const BATCH: Self = Self(*b"heddle/batch/1\0\0");
    /// The body of a lane's batch, as named by its header.
    pub const BATCH_BODY: Self = Self(*b"heddle/body/1\0\0\0");
    /// A first-round vote.
    pub const VOTE: Self = Self(*b"heddle/vote/1\0\0\0");
    /// A commit vote.
    pub const COMMIT_VOTE: Self = Self(*b"heddle/commit/1\0");
    /// A timeout.
    pub const TIMEOUT: Self = Self(*b"heddle/timeout/1");
    /// A timeout certificate, as named by a safety record.
    pub const TIMEOUT_CERT: Self = Self(*b"heddle/tc/1\0\0\0\0\0");
    /// A muted validator's question and its answers.
    pub const UNMUTE: Self = Self(*b"heddle/unmute/1\0");
    /// A genesis: the chain's identity.
    pub const GENESIS: Self = Self(*b"heddle/genesis/1");
    /// A committee, as named by `next_committee`.
    pub const COMMITTEE: Self = Self(*b"heddle/members/1");
    /// A list of receipts.
    pub const RECEIPTS: Self = Self(*b"heddle/receipt/1");
    /// A leaf of the state tree.
    pub const STATE_LEAF: Self = Self(*b"heddle/leaf/1\0\0\0");
    /// An inner node of the state tree.
    pub const STATE_INNER: Self = Self(*b"heddle/inner/1\0\0");
    /// An entry in a leaf of the state tree.
    pub const STATE_VALUE: Self = Self(*b"heddle/value/1\0\0");
    /// A state key's place in the state tree.
    pub const STATE_KEY: Self = Self(*b"heddle/key/1\0\0\0\0");
    /// An address that belongs to a program and to nobody's key.
    pub const PROGRAM_ADDRESS: Self = Self(*b"heddle/program/1");
    /// The parts of a resident object that were flushed, and the stamp before them.
    pub const RESIDENT: Self = Self(*b"heddle/parts/1\0\0");
    /// A proof that somebody holds the key of a validator.
    pub const POSSESSION: Self = Self(*b"heddle/member/1\0");
    /// A snapshot's manifest.
    pub const SNAPSHOT: Self = Self(*b"heddle/snap/1\0\0\0");
    /// The first message on a connection.
    pub const HANDSHAKE: Self = Self(*b"heddle/hello/1\0\0");
}

/// 32 bytes of blake3.
#[derive(
    Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Hash32(pub [u8; 32]);

impl Hash32 {
    /// All zero: stands for "nothing" where a format has room for a hash but there is none, such as genesis's parent.
    pub const ZERO: Self = Self([0; 32]);

    /// `blake3(domain ‖ parts…)`.
    pub fn of(domain: Domain, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&domain.0);
        for part in parts {
            hasher.update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Why a text is not a 32-byte value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseHashError {
    /// The number of hex digits is not 64.
    #[error("{digits} hex digits, expected 64 (with or without 0x)")]
    Length {
        /// Digits found.
        digits: usize,
    },
    /// A character is no hex digit.
    #[error("character {position} is not a hex digit")]
    Digit {
        /// Its position, from 0.
        position: usize,
    },
}

impl FromStr for Hash32 {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        parse_hex(text).map(Self)
    }
}

/// So many bytes in hex, with or without 0x.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], ParseHashError> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if digits.len() != 2 * N {
        return Err(ParseHashError::Length { digits: digits.len() });
    }
    let mut bytes = [0; N];
    for (position, digit) in digits.iter().enumerate() {
        let value = char::from(*digit).to_digit(16);
        let value = value.and_then(|v| u8::try_from(v).ok());
        let value = value.ok_or(ParseHashError::Digit { position })?;
        bytes[position / 2] = bytes[position / 2] << 4 | value;
    }
    Ok(bytes)
}

impl fmt::Display for Hash32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

macro_rules! hash_newtype {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
        pub struct $name(pub Hash32);

        impl $name {
            /// All zero: nothing.
            pub const ZERO: Self = Self(Hash32::ZERO);

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;

            fn from_str(text: &str) -> Result<Self, ParseHashError> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )+};
}

hash_newtype! {
    /// A block, by the hash of its header.
    BlockHash;
    /// A transaction, by the hash of everything but its signatures.
    TxId;
    /// The root of the state tree; [`StateRoot::ZERO`] is the empty state.
    StateRoot;
    /// A chain, by the hash of its genesis.
    ChainId;
}
