//! The one way from bytes to values and back: borsh, bounded and exact.
//!
//! Every length is checked against its limit before memory is taken for it, memory grows with the bytes that are really
//! there, and an error names the field and the offset at which decoding stopped.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use thiserror::Error;

/// A type that travels between nodes or to disk, with the most bytes that its encoding may take.
pub trait Canonical: BorshSerialize + BorshDeserialize {
    /// What a person calls it in an error message.
    const NAME: &'static str;
    /// Encodings longer than this are refused unread.
    const BYTES_MAX: usize;
}

/// Why bytes are not the encoding of a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The input is longer than any encoding of the type may be.
    #[error("{what}: {len} bytes, at most {max} are allowed")]
    TooLong {
        /// The type's name.
        what: &'static str,
        /// Bytes given.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A field's bytes are wrong; `detail` begins with the field's path.
    #[error("{what}: at byte {offset}: {detail}")]
    Field {
        /// The type's name.
        what: &'static str,
        /// Offset in the input where decoding stopped.
        offset: usize,
        /// The field and what is wrong with it.
        detail: Box<str>,
    },
    /// The value ended before the input did.
    #[error("{what}: {extra} bytes after its end at byte {offset}")]
    Trailing {
        /// The type's name.
        what: &'static str,
        /// Where the value ended.
        offset: usize,
        /// Bytes left over.
        extra: usize,
    },
}

/// Decodes exactly one `T` from all of `bytes`.
///
/// # Errors
/// [`DecodeError::TooLong`] before anything is read; [`DecodeError::Field`] for truncation, unknown tags and lengths past
/// their limit; [`DecodeError::Trailing`] when bytes remain.
pub fn decode_exact<T: Canonical>(bytes: &[u8]) -> Result<T, DecodeError> {
    if bytes.len() > T::BYTES_MAX {
        return Err(DecodeError::TooLong { what: T::NAME, len: bytes.len(), max: T::BYTES_MAX });
    }
    let mut rest = bytes;
    let decoded = T::deserialize(&mut rest);
    let offset = bytes.len() - rest.len();
    let value = decoded.map_err(|e| DecodeError::Field {
        what: T::NAME,
        offset,
        detail: words(&e).into_boxed_str(),
    })?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(DecodeError::Trailing { what: T::NAME, offset, extra: rest.len() })
    }
}

/// The canonical bytes of `value`.
///
/// # Panics
/// Never for the types of this crate: writing to a `Vec` cannot fail and their lengths fit `u32`.
pub fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to a Vec cannot fail")
}

/// Puts a field's name in front of an error from inside it. Used by the `canonical!` macro.
#[cold]
pub fn at_field(error: &io::Error, field: &str) -> io::Error {
    let inner = words(error);
    // `a: b` inside `c` reads `c.a: b`, `[3]: b` reads `c[3]: b`; a message without a path reads `c: message`.
    let nested = inner.split_once(": ").is_some_and(|(path, _)| !path.contains(' '));
    let glue = match (nested, inner.starts_with('[')) {
        (true, true) => "",
        (true, false) => ".",
        (false, _) => ": ",
    };
    io::Error::new(io::ErrorKind::InvalidData, format!("{field}{glue}{inner}"))
}

/// What borsh says, in this crate's words where its own are about its inside.
fn words(error: &io::Error) -> String {
    let said = error.to_string();
    if error.kind() == io::ErrorKind::UnexpectedEof || said == "Unexpected length of input" {
        "the input ends here".to_owned()
    } else if let Some(tag) = said.strip_prefix("Unexpected variant tag: ") {
        format!("unknown tag {tag}")
    } else {
        said
    }
}

/// Sequences that are read with a limit on their length.
pub trait BoundedRead: Sized {
    /// Reads a `u32` length, refuses it past `max`, then that many items.
    ///
    /// # Errors
    /// `InvalidData` when the length is past `max` or an item is malformed.
    fn read_bounded<R: io::Read>(reader: &mut R, max: usize) -> io::Result<Self>;
}

fn read_len<R: io::Read>(reader: &mut R, max: usize) -> io::Result<usize> {
    let len = u32::deserialize_reader(reader)? as usize;
    if len > max {
        let message = format!("length {len}, at most {max} allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(len)
}

impl<T: BorshDeserialize> BoundedRead for Vec<T> {
    fn read_bounded<R: io::Read>(reader: &mut R, max: usize) -> io::Result<Self> {
        // What is reserved up front is bounded whatever the length says; the rest grows as items are really read.
        const RESERVED_BYTES_MAX: usize = 4096;
        let len = read_len(reader, max)?;
        let mut items = Self::with_capacity(len.min(RESERVED_BYTES_MAX / size_of::<T>().max(1)));
        for i in 0..len {
            let item = T::deserialize_reader(reader);
            items.push(item.map_err(|e| at_field(&e, &format!("[{i}]")))?);
        }
        Ok(items)
    }
}

/// A byte string: `u32` length, then the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Bytes(pub Vec<u8>);

impl BoundedRead for Bytes {
    fn read_bounded<R: io::Read>(reader: &mut R, max: usize) -> io::Result<Self> {
        const CHUNK: usize = 4096;
        let len = read_len(reader, max)?;
        let mut bytes = Vec::with_capacity(len.min(CHUNK));
        while bytes.len() < len {
            let start = bytes.len();
            bytes.resize(len.min(start + CHUNK), 0);
            reader.read_exact(&mut bytes[start..])?;
        }
        Ok(Self(bytes))
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}
