//! The key that signs votes, from the one key that a validator has.

use std::fmt;

use blst::min_sig;

use crate::bls::BlsPublicKey;
use crate::bls::BlsSignature;
use crate::bls::MESSAGES;
use crate::ed25519::SecretKey;
use crate::hash::Hash32;

/// `key_info` of `KeyGen`: keeps this key apart from all others that are derived from the same seed.
const KEY_INFO: &[u8] = b"heddle/vote/bls12381g1/1";

/// A signing key: a scalar. Its `Debug` shows the public key only, and its memory is cleared when it is dropped.
#[derive(Clone)]
pub struct BlsSecretKey(pub(super) min_sig::SecretKey);

impl BlsSecretKey {
    /// That of a validator: `KeyGen` of draft-irtf-cfrg-bls-signature with the seed of its Ed25519 key as key material and
    /// `heddle/vote/bls12381g1/1` as `key_info`.
    pub fn derive(secret: &SecretKey) -> Self {
        Self::key_gen(&secret.to_seed(), KEY_INFO)
    }

    /// The key that verifies what this one signs.
    pub fn public_key(&self) -> BlsPublicKey {
        BlsPublicKey(self.0.sk_to_pk().compress())
    }

    /// Signs a message's hash; the same message gives the same signature.
    pub fn sign(&self, message: &Hash32) -> BlsSignature {
        self.sign_under(message.as_bytes(), MESSAGES)
    }

    /// Signs `message`, hashed to G1 under `tag`.
    pub(super) fn sign_under(&self, message: &[u8], tag: &[u8]) -> BlsSignature {
        BlsSignature(self.0.sign(message, tag, &[]).compress())
    }

    /// # Panics
    /// If there is less key material than 32 bytes.
    pub(super) fn key_gen(material: &[u8], info: &[u8]) -> Self {
        Self(min_sig::SecretKey::key_gen(material, info).expect("key material of 32 bytes or more"))
    }
}

impl fmt::Debug for BlsSecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlsSecretKey({:?})", self.public_key())
    }
}
