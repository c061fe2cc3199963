//! Bytes as points, checked: nothing else here takes a point that these functions did not return.

use blst::BLST_ERROR;
use blst::min_sig::PublicKey;
use blst::min_sig::Signature;

use crate::bls::BlsPublicKey;
use crate::bls::BlsSignature;

/// A key's point: on the curve, in the subgroup, and not infinity, whose signatures anybody can make.
pub(super) fn key(key: &BlsPublicKey) -> Option<PublicKey> {
    let point = PublicKey::uncompress(&key.0).ok()?;
    point.validate().ok()?;
    Some(point)
}

/// One signer's signature: on the curve, in the subgroup, and not infinity, which no key signs.
pub(super) fn signature(signature: &BlsSignature) -> Option<Signature> {
    let point = point_of_signature(signature)?;
    point.validate(true).ok()?;
    Some(point)
}

/// A sum of signatures: on the curve and in the subgroup. It is infinity where those of opposite keys cancel.
pub(super) fn aggregate(signature: &BlsSignature) -> Option<Signature> {
    let point = point_of_signature(signature)?;
    point.validate(false).ok()?;
    Some(point)
}

/// A point on the curve of signatures, in the subgroup or not.
pub(super) fn point_of_signature(signature: &BlsSignature) -> Option<Signature> {
    Signature::uncompress(&signature.0).ok()
}

/// Whether this is what a sum of nothing is.
pub(super) fn is_infinity(signature: &Signature) -> bool {
    signature.validate(true) == Err(BLST_ERROR::BLST_PK_IS_INFINITY)
}

/// Whether the signature is the sum of each key's over its message, hashed under `tag`.
///
/// A pair `(message, key)` stands for all who signed that message, and its key is the sum of theirs. It is infinity, and
/// signs nothing, where a holder of several keys chose opposite ones.
pub(super) fn is_sum(signature: &Signature, pairs: &[(&[u8], PublicKey)], tag: &[u8]) -> bool {
    let infinity = PublicKey::default();
    let pairs = pairs.iter().filter(|(_, key)| *key != infinity);
    let (messages, keys): (Vec<_>, Vec<_>) = pairs.map(|(message, key)| (*message, key)).unzip();
    if keys.is_empty() || is_infinity(signature) {
        return keys.is_empty() && is_infinity(signature);
    }
    signature.aggregate_verify(false, &messages, tag, &keys, false) == BLST_ERROR::BLST_SUCCESS
}
