//! How votes are signed and verified: Ed25519 in a node, something cheaper in the simulator.

use crate::committee::Validator;
use crate::ed25519;
use crate::ed25519::PublicKey;
use crate::ed25519::SecretKey;
use crate::ed25519::Signature;
use crate::ed25519::SignedMessage;
use crate::hash::Hash32;
use crate::proof::Proof;

/// Who is to have signed what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The signer.
    pub signer: &'a Validator,
    /// The hash that was signed.
    pub message: Hash32,
}

/// A statement and what is said to be its signer's signature of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedStatement<'a> {
    /// The statement.
    pub statement: Statement<'a>,
    /// The signature.
    pub signature: Signature,
}

/// Verifies votes, alone and together. Deterministic.
pub trait VoteScheme: Send + Sync {
    /// Says of each item whether its signature is good, as if it were alone: no two bad ones make each other good.
    fn verify_each(&self, items: &[SignedStatement<'_>]) -> Vec<bool>;

    /// The proof that signatures are which [`Self::verify_each`] found good, in the order of their signers.
    fn prove(&self, signatures: Vec<Signature>) -> Proof {
        Proof::Each(signatures)
    }

    /// Whether `proof` shows all of `statements`.
    fn verify_proof(&self, statements: &[Statement<'_>], proof: &Proof) -> bool {
        match proof {
            Proof::Each(signatures) => {
                let pairs = statements.iter().zip(signatures);
                let items = pairs.map(|(statement, signature)| SignedStatement {
                    statement: *statement,
                    signature: *signature,
                });
                let items: Vec<_> = items.collect();
                statements.len() == signatures.len()
                    && self.verify_each(&items).into_iter().all(|good| good)
            }
            Proof::Aggregate(_) => false,
        }
    }
}

/// Signs votes. What it signs must be durable in the safety record first; the signer does not check that.
pub trait VoteSigner: Send + Sync {
    /// The identity of the validator that it signs for.
    fn public_key(&self) -> PublicKey;

    /// Signs a message's hash.
    fn sign(&self, message: &Hash32) -> Signature;
}

/// Ed25519 by the ZIP-215 rules, with the identity's key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ed25519Scheme;

impl VoteScheme for Ed25519Scheme {
    fn verify_each(&self, items: &[SignedStatement<'_>]) -> Vec<bool> {
        let signed = items.iter().map(|item| SignedMessage {
            key: item.statement.signer.public_key,
            message: item.statement.message,
            signature: item.signature,
        });
        ed25519::verify_each(&signed.collect::<Vec<_>>())
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
