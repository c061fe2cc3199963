//! Verifying signatures, one by one in effect but together in cost, and sums of them.

mod keys;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use blst::MultiPoint;
use blst::min_sig::AggregatePublicKey;
use blst::min_sig::PublicKey;
use blst::min_sig::Signature;

use crate::bls::BlsPublicKey;
use crate::bls::BlsSignature;
use crate::bls::MESSAGES;
use crate::bls::point;
use crate::hash::Hash32;

use keys::Keys;

/// Bits of a coefficient by which a signature counts in a batch.
const COEFFICIENT_BITS: usize = 128;
const COEFFICIENT_BYTES: usize = COEFFICIENT_BITS / 8;

/// That the holder of a key signed a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlsStatement {
    /// The signer's key. Its holder has proven to possess it ([`BlsPublicKey::is_possessed`]).
    pub key: BlsPublicKey,
    /// The hash that was signed.
    pub message: Hash32,
}

/// Verifies signatures, and remembers the points of keys that it met, because to find a key's point and to check it
/// takes longer than its part of a pairing. No verdict depends on what is remembered.
#[derive(Debug, Default)]
pub struct BlsVerifier {
    keys: Keys,
}

/// A signature to be verified, as points.
struct Item {
    key: PublicKey,
    message: Hash32,
    signature: Signature,
}

/// Who signed one message, and how much each counts.
#[derive(Default)]
struct Signers {
    keys: Vec<PublicKey>,
    coefficients: Vec<[u8; COEFFICIENT_BYTES]>,
}

impl BlsVerifier {
    /// Says of each statement whether the signature beside it is good.
    ///
    /// All are combined with coefficients of 128 bits that are a hash of all of them, so that bad ones cannot cancel each
    /// other: of one message, two pairings for all signers. A batch that fails is bisected.
    pub fn verify_each(&self, items: &[(BlsStatement, BlsSignature)]) -> Vec<bool> {
        let points = items.iter().map(|(statement, signature)| {
            let (key, signature) = (self.keys.point(&statement.key)?, point::signature(signature)?);
            Some(Item { key, message: statement.message, signature })
        });
        let points = points.collect::<Vec<_>>();
        let mut verdicts = points.iter().map(Option::is_some).collect::<Vec<_>>();
        let points = points.into_iter().flatten().collect::<Vec<_>>();
        let mut good = vec![false; points.len()];
        bisect(&points, &mut good);
        for (verdict, good) in verdicts.iter_mut().filter(|verdict| **verdict).zip(good) {
            *verdict = good;
        }
        verdicts
    }

    /// Whether `proof` is the sum of one signature for each of the statements, in any order. Of no statements there is no
    /// proof.
    ///
    /// Keys of one message are added first, so that the cost is one pairing a message, and one.
    pub fn verify_aggregate(&self, statements: &[BlsStatement], proof: &BlsSignature) -> bool {
        let keys = statements.iter().map(|statement| self.keys.point(&statement.key));
        let Some(keys) = keys.collect::<Option<Vec<_>>>() else { return false };
        let Some(proof) = point::aggregate(proof) else { return false };
        let mut signers: BTreeMap<&[u8], AggregatePublicKey> = BTreeMap::new();
        for (statement, key) in statements.iter().zip(&keys) {
            let key = AggregatePublicKey::from_public_key(key);
            let message = statement.message.as_bytes();
            signers.entry(message).and_modify(|sum| sum.add_aggregate(&key)).or_insert(key);
        }
        let sums = signers.into_iter().map(|(message, sum)| (message, sum.to_public_key()));
        !statements.is_empty() && point::is_sum(&proof, &sums.collect::<Vec<_>>(), MESSAGES)
    }
}

fn bisect(items: &[Item], verdicts: &mut [bool]) {
    match items {
        [] => {}
        [item] => {
            let pair = (item.message.as_bytes().as_slice(), item.key);
            verdicts[0] = point::is_sum(&item.signature, &[pair], MESSAGES);
        }
        _ if combination_is_good(items) => verdicts.fill(true),
        _ => {
            let middle = items.len() / 2;
            bisect(&items[..middle], &mut verdicts[..middle]);
            bisect(&items[middle..], &mut verdicts[middle..]);
        }
    }
}

/// Whether the sum of all signatures, each times its coefficient, is that of all keys times theirs. Signatures are in
/// the subgroup, whose order is prime: if one is bad, one in 2^128 coefficients for it hides that.
fn combination_is_good(items: &[Item]) -> bool {
    let coefficients = coefficients(items);
    let signatures = items.iter().map(|item| item.signature).collect::<Vec<_>>();
    let signature = signatures.mult(coefficients.as_flattened(), COEFFICIENT_BITS).to_signature();

    let mut signers: BTreeMap<&[u8], Signers> = BTreeMap::new();
    for (item, coefficient) in items.iter().zip(&coefficients) {
        let signers = signers.entry(item.message.as_bytes()).or_default();
        signers.keys.push(item.key);
        signers.coefficients.push(*coefficient);
    }
    let sums = signers.into_iter().map(|(message, signers)| {
        let coefficients = signers.coefficients.as_flattened();
        (message, signers.keys.mult(coefficients, COEFFICIENT_BITS).to_public_key())
    });
    point::is_sum(&signature, &sums.collect::<Vec<_>>(), MESSAGES)
}

/// A coefficient for each item. They need only be unknown to whoever chose the signatures: a hash of all of them is, and
/// it needs no source of randomness.
fn coefficients(items: &[Item]) -> Vec<[u8; COEFFICIENT_BYTES]> {
    let mut transcript = blake3::Hasher::new();
    for item in items {
        transcript.update(&item.key.compress());
        transcript.update(item.message.as_bytes());
        transcript.update(&item.signature.compress());
    }
    let mut coefficients = vec![[0; COEFFICIENT_BYTES]; items.len()];
    transcript.finalize_xof().fill(coefficients.as_flattened_mut());
    coefficients
}
