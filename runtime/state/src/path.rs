//! Where a key's leaf hangs in the tree.

use std::fmt;

use borsh::BorshSerialize;
use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::StateKey;

use crate::hashing;
use crate::hashing::Message;

/// A key's 256-bit place in the tree: rule T1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Path(pub Hash32);

impl Path {
    /// How many bits a path has, which is also the deepest that a leaf can hang.
    pub const BITS: usize = 256;

    /// Of one key.
    pub fn of(key: &StateKey) -> Self {
        let mut message = [0; 64];
        write_message(key, &mut message);
        Self(hashing::hash_one(Domain::STATE_KEY, &message))
    }

    /// The bit at `depth`, which says whether the leaf is on the right below a node at that depth.
    pub(crate) fn bit(&self, depth: usize) -> bool {
        self.0.0[depth / 8] >> (7 - depth % 8) & 1 == 1
    }

    /// The first `depth` bits as a number; at most 32 of them.
    pub(crate) fn prefix(&self, depth: u32) -> usize {
        let [a, b, c, d, ..] = self.0.0;
        let first = u64::from(u32::from_be_bytes([a, b, c, d]));
        usize::try_from(first >> (32 - depth)).expect("at most 32 bits")
    }

    /// The first 64 bits as a number, for sorting.
    pub(crate) fn head(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// How many of the first bits are those of `other`.
    pub(crate) fn shared_bits(&self, other: &Self) -> usize {
        let words = |path: &Self| {
            let [a, b, c, d] = *path.0.0.as_chunks().0 else { unreachable!("32 bytes") };
            [a, b, c, d].map(u64::from_be_bytes)
        };
        let mut bits = 0;
        for (own, others) in words(self).into_iter().zip(words(other)) {
            let shared = (own ^ others).leading_zeros();
            bits += shared;
            if shared < u64::BITS {
                break;
            }
        }
        usize::try_from(bits).expect("at most 256")
    }

    /// Whether it comes before `other`: what `<` says, sooner.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        let (own, others) = (self.head(), other.head());
        if own == others { self < other } else { own < others }
    }

    /// Whether the first `bits` bits are those of `other`.
    pub(crate) fn shares(&self, other: &Self, bits: usize) -> bool {
        (0..bits).all(|depth| self.bit(depth) == other.bit(depth))
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The message whose hash a path is.
pub(crate) fn write_message(key: &StateKey, message: &mut Message) {
    let bytes = key.bytes();
    *message = [0; 64];
    message[..4].copy_from_slice(&key.program().0.to_le_bytes());
    message[4] = u8::try_from(bytes.len()).expect("a key's length fits a byte");
    message[5..5 + bytes.len()].copy_from_slice(bytes);
}
