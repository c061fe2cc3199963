//! Keys and signatures in hex.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::bls::BlsPublicKey;
use crate::bls::BlsSignature;
use crate::hash::parse_hex;

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
    parse_hex(text).map_err(|_| ParseBlsError { expected: 2 * N })
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
