//! That the secret key of a public key is known, without which its signatures must not be aggregated.

use crate::bls::BlsPublicKey;
use crate::bls::BlsSecretKey;
use crate::bls::BlsSignature;
use crate::bls::POSSESSIONS;
use crate::bls::point;

impl BlsSecretKey {
    /// Proves that this key is held: its signature of its public key, under a tag of its own (`PopProve`).
    pub fn prove_possession(&self) -> BlsSignature {
        self.sign_under(&self.public_key().0, POSSESSIONS)
    }
}

impl BlsPublicKey {
    /// Whether `proof` is what [`BlsSecretKey::prove_possession`] gives for this key (`PopVerify`); the key is then a point
    /// of the subgroup, too, and not infinity.
    pub fn is_possessed(&self, proof: &BlsSignature) -> bool {
        let (Some(key), Some(proof)) = (point::key(self), point::signature(proof)) else {
            return false;
        };
        point::is_sum(&proof, &[(&self.0, key)], POSSESSIONS)
    }
}
