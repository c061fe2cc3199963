//! How votes are signed and verified: Ed25519 in a node, something cheaper in the simulator, BLS later.

use crate::ed25519;
use crate::ed25519::PublicKey;
use crate::ed25519::SecretKey;
use crate::ed25519::Signature;
use crate::ed25519::SignedMessage;
use crate::hash::Hash32;

/// Verifies votes.
pub trait VoteScheme: Send + Sync {
    /// Says of each item whether its signature is good. Deterministic.
    fn verify_each(&self, items: &[SignedMessage]) -> Vec<bool>;
}

/// Signs votes. What it signs must be durable in the safety record first; the signer does not check that.
pub trait VoteSigner: Send + Sync {
    /// The key that verifies what this signs.
    fn public_key(&self) -> PublicKey;

    /// Signs a message's hash.
    fn sign(&self, message: &Hash32) -> Signature;
}

/// Ed25519 by the ZIP-215 rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ed25519Scheme;

impl VoteScheme for Ed25519Scheme {
    fn verify_each(&self, items: &[SignedMessage]) -> Vec<bool> {
        ed25519::verify_each(items)
    }
}

/// A validator's Ed25519 key.
#[derive(Clone, Debug)]
pub struct Ed25519Signer(pub SecretKey);

impl VoteSigner for Ed25519Signer {
    fn public_key(&self) -> PublicKey {
        self.0.public_key()
    }

    fn sign(&self, message: &Hash32) -> Signature {
        self.0.sign(message.as_bytes())
    }
}
