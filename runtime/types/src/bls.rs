//! BLS signatures on BLS12-381, with keys in G2 and signatures in G1: many signatures become one of 48 bytes.
//!
//! The scheme is `BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_` of draft-irtf-cfrg-bls-signature, with proofs of
//! possession: whoever may choose a key freely could choose it as the difference to others' keys and sign in their
//! name, unless it must first prove that it knows the secret key ([`BlsPublicKey::is_possessed`]). Signatures of several
//! messages may be aggregated, and one message may be signed by several, because every key is proven.
//!
//! Arithmetic is `blst`'s. Every point that comes from outside is checked to be on its curve and in its subgroup.

mod point;
mod possession;
mod secret;
mod text;
mod verifier;

#[cfg(test)]
mod tests;

use blst::min_sig::AggregateSignature;
use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::ed25519::Signature;

pub use secret::BlsSecretKey;
pub use text::ParseBlsError;
pub use verifier::BlsStatement;
pub use verifier::BlsVerifier;

/// What messages are hashed to G1 under: the ciphersuite's identifier.
const MESSAGES: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";
/// What keys are hashed to G1 under, to prove that they are held.
const POSSESSIONS: &[u8] = b"BLS_POP_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";

/// A public key: a point of G2, compressed to 96 bytes; they need not decode to one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct BlsPublicKey(pub [u8; 96]);

/// A signature, or the sum of several: a point of G1, compressed to 48 bytes; they need not decode to one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct BlsSignature(pub [u8; 48]);

impl BlsSignature {
    /// As a vote or a proposal carries it: its 48 bytes and 16 zeros.
    pub fn to_signature(self) -> Signature {
        let mut bytes = [0; 64];
        bytes[..48].copy_from_slice(&self.0);
        Signature(bytes)
    }

    /// What [`BlsSignature::to_signature`] made; none if anything but zeros fills the rest.
    pub fn from_signature(signature: &Signature) -> Option<Self> {
        let (bytes, rest) = signature.0.split_first_chunk::<48>()?;
        rest.iter().all(|byte| *byte == 0).then_some(Self(*bytes))
    }

    /// The sum of signatures that are known to be good; none of no signatures, and where one is no point.
    pub fn aggregate(signatures: &[Self]) -> Option<Self> {
        let points =
            signatures.iter().map(point::point_of_signature).collect::<Option<Vec<_>>>()?;
        let points = points.iter().collect::<Vec<_>>();
        let sum = AggregateSignature::aggregate(&points, false).ok()?;
        Some(Self(sum.to_signature().compress()))
    }
}
