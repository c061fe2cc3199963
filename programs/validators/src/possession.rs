//! Proofs that whoever enters a key holds it.

use heddle_types::Address;
use heddle_types::BlsPublicKey;
use heddle_types::ChainId;
use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_types::Signature;
use heddle_types::verify_one;

/// The neutral point of the curve as R, and s = 0. It satisfies the cofactored equation `8·s·B = 8·R + 8·k·A` of every message for keys
/// `A` of small order, for which therefore anybody signs anything, and for no others but with a chance of about 2^-252.
const NEUTRAL: Signature = {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    Signature(bytes)
};

/// Whom a validator serves, where, and with which key besides its own it votes: what its key signs to enter the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The chain.
    pub chain: ChainId,
    /// The account that answers for the validator.
    pub operator: Address,
    /// What it votes with, where that is not its key.
    pub vote_key: Option<BlsPublicKey>,
}

impl Claim {
    /// `H("heddle/member/1", chain ‖ operator ‖ vote key)`, without the last where there is none. The signature names the
    /// validator's key by itself.
    pub fn message(&self) -> Hash32 {
        let vote_key = self.vote_key.as_ref().map_or(&[][..], |key| &key.0);
        let parts = [self.chain.0.as_bytes(), self.operator.as_bytes(), vote_key];
        Hash32::of(Domain::POSSESSION, &parts)
    }

    /// The proof that the holder of `secret` says so.
    pub fn prove(&self, secret: &SecretKey) -> Signature {
        secret.sign(self.message().as_bytes())
    }

    /// Whether `proof` proves that somebody, and not everybody, holds `key` and says so (R2).
    pub fn is_proved(&self, key: &PublicKey, proof: &Signature) -> bool {
        let message = self.message();
        verify_one(key, message.as_bytes(), proof) && !verify_one(key, message.as_bytes(), &NEUTRAL)
    }
}
