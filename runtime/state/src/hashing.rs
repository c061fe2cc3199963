//! Keyed blake3 of 64-byte messages, many at a time.
//!
//! One 64-byte message alone takes 67-93 ns; in batches of sixteen 7 ns each. blake3's documented interface has no way to
//! hash many messages at once, so this file calls the crate's `platform` module, which is public but not documented. It is
//! used here and nowhere else; a test compares every batch size with `blake3::keyed_hash`, and a change of that module in a
//! later version is a compile error here.

use std::array;

use blake3::IncrementCounter;
use blake3::platform::Platform;
use blake3::platform::words_from_le_bytes_32;
use borsh::BorshSerialize;
use heddle_types::Domain;
use heddle_types::Entry;
use heddle_types::Hash32;

/// Messages that are handed to blake3 at once: the widest vector unit takes as many.
const WIDTH: usize = 16;

// blake3's flags of a keyed message that is a single block.
const CHUNK_START: u8 = 1 << 0;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;
const KEYED_HASH: u8 = 1 << 4;

/// One 64-byte message.
pub(crate) type Message = [u8; 64];

/// The key of a domain: its bytes, then zeros.
const fn key_of(domain: Domain) -> [u8; 32] {
    let mut key = [0; 32];
    let mut i = 0;
    while i < domain.0.len() {
        key[i] = domain.0[i];
        i += 1;
    }
    key
}

/// `H(domain, message)` of each message, appended to `out`.
pub(crate) fn hash_each(domain: Domain, messages: &[Message], out: &mut Vec<Hash32>) {
    let platform = Platform::detect();
    let key = words_from_le_bytes_32(&key_of(domain));
    let mut hashes = [[0; 32]; WIDTH];
    for chunk in messages.chunks(WIDTH) {
        let last = chunk.len() - 1;
        let inputs: [&Message; WIDTH] = array::from_fn(|i| &chunk[i.min(last)]);
        platform.hash_many(
            &inputs[..chunk.len()],
            &key,
            0,
            IncrementCounter::No,
            KEYED_HASH,
            CHUNK_START,
            CHUNK_END | ROOT,
            hashes[..chunk.len()].as_flattened_mut(),
        );
        out.extend(hashes[..chunk.len()].iter().map(|hash| Hash32(*hash)));
    }
}

/// `H(domain, message)`.
pub(crate) fn hash_one(domain: Domain, message: &[u8]) -> Hash32 {
    Hash32(*blake3::keyed_hash(&key_of(domain), message).as_bytes())
}

/// `H(STATE_VALUE, entry)`; `scratch` is overwritten.
pub(crate) fn hash_entry(entry: &Entry, scratch: &mut Vec<u8>) -> Hash32 {
    scratch.clear();
    entry.serialize(scratch).expect("writing to a Vec cannot fail");
    hash_one(Domain::STATE_VALUE, scratch)
}

/// `left ‖ right`.
pub(crate) fn pair(left: &Hash32, right: &Hash32) -> Message {
    let mut message = [0; 64];
    message[..32].copy_from_slice(&left.0);
    message[32..].copy_from_slice(&right.0);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_any_size_gives_what_blake3_gives_one_by_one() {
        let messages: Vec<Message> = (0..67_u8)
            .map(|i| array::from_fn(|j| i.wrapping_mul(31) ^ u8::try_from(j).unwrap()))
            .collect();
        for len in 0..messages.len() {
            let mut hashes = Vec::new();
            hash_each(Domain::STATE_INNER, &messages[..len], &mut hashes);
            let expected: Vec<Hash32> =
                messages[..len].iter().map(|m| hash_one(Domain::STATE_INNER, m)).collect();
            assert_eq!(hashes, expected, "{len} messages");
        }
    }

    #[test]
    fn domains_give_different_hashes() {
        let message = [7; 64];
        assert_ne!(hash_one(Domain::STATE_INNER, &message), hash_one(Domain::STATE_LEAF, &message));
    }
}
