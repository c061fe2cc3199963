//! Who holds something, and what they hold.

use std::fmt;
use std::io;
use std::str::FromStr;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use thiserror::Error;

use crate::codec;
use crate::ed25519::PublicKey;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::hash::ParseHashError;

/// An account.
///
/// An Ed25519 key's address is the public key itself. An Ethereum-style key's is 12 zero bytes and its 20 bytes. A
/// program's own accounts are hashes, which nobody has a key for.
#[derive(
    Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Address(pub [u8; 32]);

impl Address {
    /// The account that a program holds under `label`, such as the fee collector.
    pub fn of_program(label: &str) -> Self {
        Self(Hash32::of(Domain::PROGRAM_ADDRESS, &[label.as_bytes()]).0)
    }

    /// The account of an Ed25519 key.
    pub const fn of_key(key: &PublicKey) -> Self {
        Self(key.0)
    }

    /// The Ed25519 key that this address is, unless it has the form of an Ethereum-style address.
    pub fn ed25519_key(&self) -> Option<PublicKey> {
        (self.0[..12] != [0; 12]).then_some(PublicKey(self.0))
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Why a text is not an address.
pub type ParseAddressError = ParseHashError;

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        text.parse::<Hash32>().map(|hash| Self(hash.0))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash32(self.0).fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Hash32(self.0), f)
    }
}

/// An asset, by its symbol: 1 to 12 characters of `A-Z`, `0-9`, padded with zero bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct AssetId([u8; Self::LEN]);

impl AssetId {
    /// Bytes of a symbol with its padding.
    pub const LEN: usize = 12;
    /// The native asset, in which fees and deposits are paid. 9 decimals.
    pub const HDL: Self = Self(*b"HDL\0\0\0\0\0\0\0\0\0");

    /// From padded bytes.
    ///
    /// # Errors
    /// The same as for parsing a symbol's text.
    #[inline]
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Result<Self, ParseAssetError> {
        if bytes == Self::HDL.0 {
            return Ok(Self::HDL);
        }
        let len = bytes.iter().position(|b| *b == 0).unwrap_or(Self::LEN);
        let symbol = &bytes[..len];
        let padding = &bytes[len..];
        let good = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if symbol.is_empty() || !symbol.iter().all(good) || padding.iter().any(|b| *b != 0) {
            return Err(ParseAssetError);
        }
        Ok(Self(bytes))
    }

    /// The padded bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The symbol without its padding.
    pub fn symbol(&self) -> &str {
        let len = self.0.iter().position(|b| *b == 0).unwrap_or(Self::LEN);
        std::str::from_utf8(&self.0[..len]).unwrap_or_default()
    }
}

/// A text or bytes that are no asset symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an asset is a symbol of 1 to 12 characters A-Z or 0-9")]
pub struct ParseAssetError;

impl FromStr for AssetId {
    type Err = ParseAssetError;

    fn from_str(text: &str) -> Result<Self, ParseAssetError> {
        let mut bytes = [0; Self::LEN];
        let symbol = bytes.get_mut(..text.len()).ok_or(ParseAssetError)?;
        symbol.copy_from_slice(text.as_bytes());
        Self::from_bytes(bytes)
    }
}

impl BorshDeserialize for AssetId {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let bytes = <[u8; Self::LEN]>::deserialize_reader(reader)
            .map_err(|e| codec::at_field(&e, "asset"))?;
        Self::from_bytes(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}
