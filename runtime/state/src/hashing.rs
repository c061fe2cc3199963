//! Keyed blake3 of 64-byte messages, many at a time.
//!
//! One 64-byte message alone takes 67-93 ns; in batches of sixteen 7 ns each. blake3's documented interface has no way to
//! hash many messages at once, so this file calls the crate's `platform` module, which is public but not documented. It is
//! used here and nowhere else; a test compares every batch size with `blake3::keyed_hash`, and a change of that module in a
//! later version is a compile error here.

use std::array;

use blake3::IncrementCounter;
use blake3::platform::Platform;
use blake3::platform::le_bytes_from_words_32;
use blake3::platform::words_from_le_bytes_32;
use borsh::BorshSerialize;
use heddle_types::Domain;
use heddle_types::Entry;
use heddle_types::Hash32;
use heddle_types::encode;

/// Messages that are handed to blake3 at once: the widest vector unit takes as many.
pub(crate) const WIDTH: usize = 16;

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

/// Messages of one domain that wait to be hashed together, each with a tag that says what its hash is for.
pub(crate) struct Batch {
    key: [u32; 8],
    platform: Platform,
    messages: [Message; WIDTH],
    tags: [usize; WIDTH],
    len: usize,
}

impl Batch {
    pub(crate) fn new(domain: Domain) -> Self {
        Self {
            key: words_from_le_bytes_32(&key_of(domain)),
            platform: Platform::detect(),
            messages: [[0; 64]; WIDTH],
            tags: [0; WIDTH],
            len: 0,
        }
    }

    /// Whether [`Self::drain`] must run before the next message is added.
    pub(crate) const fn is_full(&self) -> bool {
        self.len == WIDTH
    }

    /// Adds the message `left ‖ right`.
    pub(crate) fn push(&mut self, left: &Hash32, right: &Hash32, tag: usize) {
        let message = self.add(tag);
        message[..32].copy_from_slice(&left.0);
        message[32..].copy_from_slice(&right.0);
    }

    /// Adds a message, which is to be written in full to what is returned.
    pub(crate) fn add(&mut self, tag: usize) -> &mut Message {
        self.tags[self.len] = tag;
        self.len += 1;
        &mut self.messages[self.len - 1]
    }

    /// Tells the hash of each message, in order, and forgets them.
    pub(crate) fn drain(&mut self, mut tell: impl FnMut(usize, Hash32)) {
        let Some(last) = self.len.checked_sub(1) else { return };
        let mut hashes = [[0; 32]; WIDTH];
        let inputs: [&Message; WIDTH] = array::from_fn(|i| &self.messages[i.min(last)]);
        self.platform.hash_many(
            &inputs[..self.len],
            &self.key,
            0,
            IncrementCounter::No,
            KEYED_HASH,
            CHUNK_START,
            CHUNK_END | ROOT,
            hashes[..self.len].as_flattened_mut(),
        );
        for (tag, hash) in self.tags[..self.len].iter().zip(hashes) {
            tell(*tag, Hash32(hash));
        }
        self.len = 0;
    }
}

/// `H(domain, message)`.
pub(crate) fn hash_one(domain: Domain, message: &[u8]) -> Hash32 {
    Hash32(*blake3::keyed_hash(&key_of(domain), message).as_bytes())
}

/// Entries that wait to be hashed together, each with a tag that says whose hash it is.
///
/// blake3 has no way to hash blocks that are not full side by side. But when nothing comes between two of them the processor
/// begins the second while it waits for the first.
pub(crate) struct EntryBatch {
    key: [u32; 8],
    platform: Platform,
    blocks: [Message; WIDTH],
    /// How much of each block is used; otherwise the entry fills more than one, and here is its hash.
    lens: [Result<u8, Hash32>; WIDTH],
    tags: [usize; WIDTH],
    len: usize,
}

impl EntryBatch {
    pub(crate) fn new() -> Self {
        Self {
            key: words_from_le_bytes_32(&key_of(Domain::STATE_VALUE)),
            platform: Platform::detect(),
            blocks: [[0; 64]; WIDTH],
            lens: [Ok(0); WIDTH],
            tags: [0; WIDTH],
            len: 0,
        }
    }

    /// Adds an entry; [`Self::drain`] must run after every [`WIDTH`] of them.
    pub(crate) fn push(&mut self, entry: &Entry, tag: usize) {
        let block = &mut self.blocks[self.len];
        *block = [0; 64];
        let mut rest = &mut block[..];
        self.lens[self.len] = match entry.serialize(&mut rest) {
            Ok(()) => Ok(u8::try_from(64 - rest.len()).expect("at most 64")),
            Err(_) => Err(hash_entry(entry)),
        };
        self.tags[self.len] = tag;
        self.len += 1;
    }

    /// Tells `H(STATE_VALUE, entry)` of each entry, in order, and forgets them.
    pub(crate) fn drain(&mut self, mut tell: impl FnMut(usize, Hash32)) {
        let flags = KEYED_HASH | CHUNK_START | CHUNK_END | ROOT;
        let mut words = [self.key; WIDTH];
        for (i, words) in words.iter_mut().enumerate().take(self.len) {
            let len = self.lens[i].unwrap_or(0);
            self.platform.compress_in_place(words, &self.blocks[i], len, 0, flags);
        }
        for (i, words) in words.iter().enumerate().take(self.len) {
            let short = Hash32(le_bytes_from_words_32(words));
            tell(self.tags[i], self.lens[i].map_or_else(|long| long, |_| short));
        }
        self.len = 0;
    }
}

/// `H(STATE_VALUE, entry)`.
pub(crate) fn hash_entry(entry: &Entry) -> Hash32 {
    hash_one(Domain::STATE_VALUE, &encode(entry))
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
    use heddle_types::Value;

    use super::*;

    fn byte(i: usize) -> u8 {
        u8::try_from(i % 251).unwrap()
    }

    #[test]
    fn a_batch_of_any_size_gives_what_blake3_gives_one_by_one() {
        for len in 0..=WIDTH {
            let mut batch = Batch::new(Domain::STATE_INNER);
            let message = |i: usize| -> Message { array::from_fn(|j| byte(31 * i + j)) };
            (0..len).for_each(|i| *batch.add(i) = message(i));
            assert_eq!(batch.is_full(), len == WIDTH);
            let mut hashes = Vec::new();
            batch.drain(|tag, hash| hashes.push((tag, hash)));
            let expected: Vec<_> =
                (0..len).map(|i| (i, hash_one(Domain::STATE_INNER, &message(i)))).collect();
            assert_eq!(hashes, expected, "{len} messages");
        }
    }

    #[test]
    fn entries_of_any_size_hash_together_as_they_do_alone() {
        let mut batch = EntryBatch::new();
        let entry = |len: usize| {
            let value: Vec<u8> = (0..len).map(|i| byte(i * len)).collect();
            Entry { deposit: None, value: Value::from(value) }
        };
        for len in (0..70).chain([1000, 5000]) {
            let lens: Vec<usize> = (0..len % (WIDTH + 1)).map(|i| len + 5 * i).collect();
            lens.iter().for_each(|len| batch.push(&entry(*len), *len));
            let mut hashes = Vec::new();
            batch.drain(|tag, hash| hashes.push((tag, hash)));
            let expected = lens.iter().map(|len| (*len, hash_entry(&entry(*len))));
            assert_eq!(hashes, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn domains_give_different_hashes() {
        let message = [7; 64];
        assert_ne!(hash_one(Domain::STATE_INNER, &message), hash_one(Domain::STATE_LEAF, &message));
    }
}
