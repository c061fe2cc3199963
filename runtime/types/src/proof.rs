//! What shows that each of several validators signed its statement.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::bls::BlsSignature;
use crate::codec::BoundedRead;
use crate::codec::Canonical;
use crate::ed25519::Signature;
use crate::limits;

/// That each of certain signers signed its statement; who and what is said beside it. A committee's proofs are all of one
/// kind: aggregates if its members have vote keys.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub enum Proof {
    /// Their signatures, in the order of the signers.
    Each(Vec<Signature>),
    /// The sum of their signatures.
    Aggregate(BlsSignature),
}

impl Proof {
    /// That of nobody.
    pub const NONE: Self = Self::Each(Vec::new());

    /// The signatures that it consists of; none of an aggregate.
    pub fn signatures(&self) -> &[Signature] {
        match self {
            Self::Each(signatures) => signatures,
            Self::Aggregate(_) => &[],
        }
    }
}

impl BorshDeserialize for Proof {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        match u8::deserialize_reader(reader)? {
            0 => Vec::read_bounded(reader, limits::VALIDATORS_MAX).map(Self::Each),
            1 => BlsSignature::deserialize_reader(reader).map(Self::Aggregate),
            tag => Err(io::Error::new(io::ErrorKind::InvalidData, format!("unknown tag {tag}"))),
        }
    }
}

impl Canonical for Proof {
    const NAME: &'static str = "proof";
    const BYTES_MAX: usize = 5 + 64 * limits::VALIDATORS_MAX;
}
