//! 64 bits that stand for a state key in tables that live in memory.

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::LazyLock;

use crate::state_key::StateKey;

/// Drawn once a process, so that nobody can prepare keys that collide in every node's tables.
static SEED: LazyLock<[u64; 11]> = LazyLock::new(|| {
    let random = RandomState::new();
    [0_u8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(|n| random.hash_one(n))
});

/// The fingerprint of `key`: the same for equal keys, differing for almost all others, and *another in every process*. It
/// says where to look in a table and must never reach state, an order, or anything that two nodes compare.
#[inline]
pub fn fingerprint(key: &StateKey) -> u64 {
    let [a, b, c, d, e, f, g, h] = key.byte_words();
    let (words, seed) = ([a, b, c, d, e, f, g, h, key.head_word(), 0], &*SEED);
    // The products do not wait for each other.
    let products = words.as_chunks::<2>().0.iter().zip(seed.as_chunks::<2>().0);
    let sum = products.fold(0_u64, |sum, ([one, other], [first, second])| {
        sum.wrapping_add(fold(one ^ first, other ^ second))
    });
    fold(sum ^ seed[0], seed[10] | 1)
}

/// Both halves of a product, so that every bit of the factors reaches the result.
#[expect(clippy::cast_possible_truncation, reason = "the halves of a number")]
const fn fold(one: u64, other: u64) -> u64 {
    // No product of 64 bits overflows 128; saying so keeps the check for it out.
    let product = (one as u128).wrapping_mul(other as u128);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ProgramId;

    #[test]
    fn keys_that_differ_in_one_bit_or_in_length_have_different_fingerprints() {
        let mut seen = BTreeSet::new();
        let mut keys = 0;
        for len in 0..=59 {
            for bit in 0..len * 8 {
                let mut bytes = [0_u8; 59];
                bytes[bit / 8] = 1 << (bit % 8);
                let key = StateKey::new(ProgramId(1), &[&bytes[..len]]).unwrap();
                assert_eq!(fingerprint(&key), fingerprint(&key.clone()));
                seen.insert(fingerprint(&key));
                keys += 1;
            }
            let other = StateKey::new(ProgramId(2), &[&[0; 59][..len]]).unwrap();
            seen.insert(fingerprint(&other));
            keys += 1;
        }
        assert_eq!(seen.len(), keys);
    }

    #[test]
    fn the_low_and_the_high_bits_spread_counters_evenly() {
        for shift in [0, 48] {
            let mut buckets = [0_u32; 256];
            for n in 0_u32..25_600 {
                let key = StateKey::new(ProgramId(1), &[b"b", &n.to_le_bytes()]).unwrap();
                buckets[usize::try_from(fingerprint(&key) >> shift & 255).unwrap()] += 1;
            }
            // 100 each is expected, with a deviation of 10.
            assert!(buckets.iter().all(|count| (40..160).contains(count)), "{buckets:?}");
        }
    }
}
