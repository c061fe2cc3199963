//! Proofs that whoever enters a key holds it.

use heddle_types::Address;
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

/// What a validator's key signs to serve `operator` on `chain`: `H("heddle/member/1", chain ‖ operator)`. The signature names the key
/// by itself.
pub fn possession_message(chain: &ChainId, operator: &Address) -> Hash32 {
    Hash32::of(Domain::POSSESSION, &[chain.0.as_bytes(), operator.as_bytes()])
}

/// The proof that the holder of `secret` serves `operator` on `chain`.
pub fn prove_possession(secret: &SecretKey, chain: &ChainId, operator: &Address) -> Signature {
    secret.sign(possession_message(chain, operator).as_bytes())
}

/// Whether `proof` proves that somebody, and not everybody, holds `key` and serves `operator` on `chain` (R2).
pub fn is_possessed(
    key: &PublicKey,
    chain: &ChainId,
    operator: &Address,
    proof: &Signature,
) -> bool {
    let message = possession_message(chain, operator);
    verify_one(key, message.as_bytes(), proof) && !verify_one(key, message.as_bytes(), &NEUTRAL)
}
