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

/// The longest canonical entry that is hashed as one block: rule T2.
const SHORT_MAX: usize = 63;
/// Ends the message of a longer one, so that it has more than 64 bytes.
const LONG: u8 = 64;

/// Entries that wait to be hashed together, each with a tag that says whose hash it is.
pub(crate) struct EntryBatch {
    short: Batch,
    /// Of entries too long for a block, which are hashed one by one.
    long: Vec<(usize, Hash32)>,
}

impl EntryBatch {
    pub(crate) fn new() -> Self {
        Self { short: Batch::new(Domain::STATE_VALUE), long: Vec::new() }
    }

    /// Adds an entry; [`Self::drain`] must run after every [`WIDTH`] of them.
    pub(crate) fn push(&mut self, entry: &Entry, tag: usize) {
        match short_message(entry) {
            Some(message) => *self.short.add(tag) = message,
            None => self.long.push((tag, hash_long(entry))),
        }
    }

    /// Tells each entry's hash and forgets them.
    pub(crate) fn drain(&mut self, mut tell: impl FnMut(usize, Hash32)) {
        self.short.drain(&mut tell);
        self.long.drain(..).for_each(|(tag, hash)| tell(tag, hash));
    }
}

/// The hash of an entry: rule T2.
pub(crate) fn hash_entry(entry: &Entry) -> Hash32 {
    match short_message(entry) {
        Some(message) => hash_one(Domain::STATE_VALUE, &message),
        None => hash_long(entry),
    }
}

/// The one block that is hashed for an entry of few bytes; none for a longer one.
fn short_message(entry: &Entry) -> Option<Message> {
    let mut message = [0; 64];
    let mut rest = &mut message[..SHORT_MAX];
    entry.serialize(&mut rest).ok()?;
    message[SHORT_MAX] = u8::try_from(SHORT_MAX - rest.len()).expect("at most 63");
    Some(message)
}

fn hash_long(entry: &Entry) -> Hash32 {
    let mut message = encode(entry);
    message.push(LONG);
    hash_one(Domain::STATE_VALUE, &message)
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
    use std::collections::BTreeSet;

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
            hashes.sort_unstable();
            assert_eq!(hashes, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn entries_that_differ_in_trailing_zeros_alone_hash_differently() {
        let zeros = |len: usize| Entry { deposit: None, value: Value::from(vec![0; len]) };
        let hashes: BTreeSet<Hash32> = (0..80).map(|len| hash_entry(&zeros(len))).collect();
        assert_eq!(hashes.len(), 80);
    }

    #[test]
    fn domains_give_different_hashes() {
        let message = [7; 64];
        assert_ne!(hash_one(Domain::STATE_INNER, &message), hash_one(Domain::STATE_LEAF, &message));
    }
}
