//! Keys and signatures in hex.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::bls::BlsPublicKey;
use crate::bls::BlsSignature;

/// Why a text is no key or signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("found no {expected} hex digits (with or without 0x)")]
pub struct ParseBlsError {
    /// How many there should be.
    pub expected: usize,
}

impl FromStr for BlsPublicKey {
    type Err = ParseBlsError;

    fn from_str(text: &str) -> Result<Self, ParseBlsError> {
        parse(text).map(Self)
    }
}

impl FromStr for BlsSignature {
    type Err = ParseBlsError;

    fn from_str(text: &str) -> Result<Self, ParseBlsError> {
        parse(text).map(Self)
    }
}

fn parse<const N: usize>(text: &str) -> Result<[u8; N], ParseBlsError> {
    let error = ParseBlsError { expected: 2 * N };
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if digits.len() != 2 * N {
        return Err(error);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            *byte = *byte << 4 | value.ok_or(error)?;
        }
    }
    Ok(bytes)
}

impl fmt::Display for BlsPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for BlsPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0[..4], f)
    }
}

impl fmt::Display for BlsSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for BlsSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0[..4], f)
    }
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
