//! How votes are signed and verified: by Ed25519 or BLS in a node, by something cheaper in the simulator.

mod keyed;

use crate::bls::BlsPublicKey;
use crate::bls::BlsSecretKey;
use crate::committee::Committee;
use crate::committee::Validator;
use crate::ed25519;
use crate::ed25519::PublicKey;
use crate::ed25519::SecretKey;
use crate::ed25519::Signature;
use crate::ed25519::SignedMessage;
use crate::hash::Hash32;
use crate::proof::Proof;

pub use keyed::KeyedScheme;

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

    /// The proof that signatures of members of `committee` are which [`Self::verify_each`] found good, in the order of
    /// their signers. Of others it is no good one.
    fn prove(&self, _committee: &Committee, signatures: Vec<Signature>) -> Proof {
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

    /// The key that verifies what this signs; none if that is the identity's.
    fn vote_key(&self) -> Option<BlsPublicKey> {
        None
    }

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

/// A validator's vote key.
#[derive(Clone, Debug)]
pub struct BlsSigner {
    identity: PublicKey,
    vote_key: BlsPublicKey,
    secret: BlsSecretKey,
}

impl BlsSigner {
    /// That of the validator with this identity; usually [derived](BlsSecretKey::derive) from the identity's key.
    pub fn new(identity: PublicKey, secret: BlsSecretKey) -> Self {
        Self { identity, vote_key: secret.public_key(), secret }
    }
}

impl VoteSigner for BlsSigner {
    fn public_key(&self) -> PublicKey {
        self.identity
    }

    fn vote_key(&self) -> Option<BlsPublicKey> {
        Some(self.vote_key)
    }

    fn sign(&self, message: &Hash32) -> Signature {
        self.secret.sign(message).to_signature()
    }
}
