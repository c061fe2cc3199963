//! Ed25519 by the ZIP-215 rules, alone and in batches, which agree on every input.

use std::fmt;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use ed25519_zebra::SigningKey;
use ed25519_zebra::VerificationKey;
use ed25519_zebra::VerificationKeyBytes;
use ed25519_zebra::batch;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use thiserror::Error;

use crate::hash::Hash32;

/// Signatures checked by one multi-scalar multiplication; beyond this the gain is flat.
const BATCH_LEN: usize = 256;

/// A verification key's 32 bytes; they need not decode to a point.
#[derive(
    Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash32(self.0).fmt(f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Hash32(self.0), f)
    }
}

/// A signature's 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Signature(pub [u8; 64]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why bytes are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// A secret key is 32 bytes.
    #[error("a secret key is 32 bytes, found {found}")]
    Length {
        /// Bytes found.
        found: usize,
    },
}

/// A signing key, by its 32-byte seed (RFC 8032). Its `Debug` shows the public key only.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// From its seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from(seed))
    }

    /// The seed.
    pub fn to_seed(&self) -> [u8; 32] {
        self.0.into()
    }

    /// The key that verifies what this one signs.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(VerificationKeyBytes::from(&self.0).into())
    }

    /// Signs `message`; the same message gives the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).into())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({:?})", self.public_key())
    }
}

/// One thing to verify: who is said to have signed which hash.
#[derive(Clone, Copy, Debug)]
pub struct SignedMessage {
    /// The signer's key.
    pub key: PublicKey,
    /// The hash that was signed.
    pub message: Hash32,
    /// The signature.
    pub signature: Signature,
}

impl SignedMessage {
    fn item(&self) -> batch::Item {
        let key = VerificationKeyBytes::from(self.key.0);
        batch::Item::from((key, self.signature.0.into(), self.message.as_bytes()))
    }
}

/// Whether `signature` is the key's over `message`.
pub fn verify_one(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    VerificationKey::try_from(key.0)
        .is_ok_and(|key| key.verify(&signature.0.into(), message).is_ok())
}

/// Verifies all of `items`, in batches, and says of each whether it is good.
///
/// A batch that fails is bisected, so that a few bad signatures among many cost their finding and no more.
pub fn verify_each(items: &[SignedMessage]) -> Vec<bool> {
    let mut verdicts = vec![false; items.len()];
    for (items, verdicts) in items.chunks(BATCH_LEN).zip(verdicts.chunks_mut(BATCH_LEN)) {
        bisect(items, verdicts);
    }
    verdicts
}

fn bisect(items: &[SignedMessage], verdicts: &mut [bool]) {
    match items {
        [] => {}
        [item] => verdicts[0] = item.item().verify_single().is_ok(),
        _ if batch_is_good(items) => verdicts.fill(true),
        _ => {
            let middle = items.len() / 2;
            bisect(&items[..middle], &mut verdicts[..middle]);
            bisect(&items[middle..], &mut verdicts[middle..]);
        }
    }
}

fn batch_is_good(items: &[SignedMessage]) -> bool {
    let mut verifier = batch::Verifier::new();
    // The coefficients need only be unknown to whoever chose the signatures: a hash of all of them is, and it needs no
    // source of randomness.
    let mut transcript = blake3::Hasher::new();
    for item in items {
        transcript.update(&item.key.0);
        transcript.update(item.message.as_bytes());
        transcript.update(&item.signature.0);
        verifier.queue(item.item());
    }
    verifier.verify(ChaCha20Rng::from_seed(*transcript.finalize().as_bytes())).is_ok()
}
