//! What a program keeps at a key.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::io;
use std::sync::Arc;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::codec;
use crate::codec::BoundedRead;
use crate::codec::Bytes;
use crate::limits;

/// Bytes that are held in place; a balance has 16. With more, every value and what holds one would grow.
const INLINE_MAX: usize = 30;

/// A value's bytes. Cloning it copies few: more than 30 are shared. Fewer are held in place, because state holds millions of
/// values of which each block replaces thousands: memory of its own for each would be asked for, waited for and given back.
#[derive(Clone)]
pub struct Value(Held);

#[derive(Clone)]
enum Held {
    Inline { len: u8, bytes: [u8; INLINE_MAX] },
    Shared(Arc<[u8]>),
}

impl Value {
    /// From its bytes.
    #[inline]
    pub fn new(bytes: &[u8]) -> Self {
        match u8::try_from(bytes.len()) {
            Ok(len) if bytes.len() <= INLINE_MAX => {
                let mut inline = [0; INLINE_MAX];
                inline[..bytes.len()].copy_from_slice(bytes);
                Self(Held::Inline { len, bytes: inline })
            }
            Ok(_) | Err(_) => Self(Held::Shared(Arc::from(bytes))),
        }
    }

    /// The bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Held::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Held::Shared(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(&bytes)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl BorshSerialize for Value {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.as_bytes().serialize(writer)
    }
}

impl BorshDeserialize for Value {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Bytes::read_bounded(reader, limits::VALUE_BYTES_MAX)
            .map(|bytes| Self::from(bytes.0))
            .map_err(|e| codec::at_field(&e, "value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_any_length_holds_its_bytes_and_survives_encoding() {
        for len in (0..40).chain([255, 256, 257, 1000]) {
            let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let value = Value::new(&bytes);
            assert_eq!(value.as_bytes(), bytes);
            assert_eq!(borsh::to_vec(&value).unwrap(), borsh::to_vec(&bytes).unwrap());
            assert_eq!(borsh::from_slice::<Value>(&borsh::to_vec(&value).unwrap()).unwrap(), value);
        }
    }

    #[test]
    fn values_are_ordered_as_their_bytes_wherever_those_are_held() {
        let all: [&[u8]; 5] = [&[], &[0], &[0; 30], &[0; 31], &[1]];
        assert!(all.map(Value::new).is_sorted_by(|a, b| a < b));
    }
}
