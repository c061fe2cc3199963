//! The bytes of an event.

use std::fmt;
use std::io;
use std::ops::Deref;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::codec::BoundedRead;
use crate::codec::Bytes;

/// Bytes that are held in place; a transfer's event has 92.
const INLINE_MAX: usize = 94;

/// An event's bytes, in the program's own encoding. Few are held in place: nearly every receipt has an event, and memory of its
/// own for each would cost more than all the rest of the receipt.
#[derive(Clone)]
pub struct EventData(Held);

#[derive(Clone)]
enum Held {
    Inline { len: u8, bytes: [u8; INLINE_MAX] },
    Boxed(Box<[u8]>),
}

impl EventData {
    /// From its bytes.
    #[inline]
    pub fn new(data: &[u8]) -> Self {
        match u8::try_from(data.len()) {
            Ok(len) if data.len() <= INLINE_MAX => {
                let mut bytes = [0; INLINE_MAX];
                bytes[..data.len()].copy_from_slice(data);
                Self(Held::Inline { len, bytes })
            }
            Ok(_) | Err(_) => Self(Held::Boxed(data.into())),
        }
    }

    /// The bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Held::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Held::Boxed(bytes) => bytes,
        }
    }
}

impl Deref for EventData {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for EventData {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for EventData {}

impl fmt::Debug for EventData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().fmt(f)
    }
}

impl BorshSerialize for EventData {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.as_bytes().serialize(writer)
    }
}

impl BorshDeserialize for EventData {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::read_bounded(reader, crate::limits::EVENT_BYTES_MAX)
    }
}

impl BoundedRead for EventData {
    fn read_bounded<R: io::Read>(reader: &mut R, max: usize) -> io::Result<Self> {
        Bytes::read_bounded(reader, max).map(|bytes| Self::new(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_any_length_holds_its_bytes_and_is_encoded_as_them() {
        for len in (0..100).chain([255, 256, 1024]) {
            let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let data = EventData::new(&bytes);
            assert_eq!(data.as_bytes(), bytes);
            assert_eq!(borsh::to_vec(&data).unwrap(), borsh::to_vec(&bytes).unwrap());
            assert_eq!(
                borsh::from_slice::<EventData>(&borsh::to_vec(&data).unwrap()).unwrap(),
                data
            );
        }
        assert!(
            borsh::from_slice::<EventData>(&borsh::to_vec(&vec![0_u8; 1025]).unwrap()).is_err()
        );
    }

    #[test]
    fn data_of_a_transfer_makes_an_event_of_104_bytes() {
        assert_eq!(size_of::<crate::Event>(), 104);
    }
}
