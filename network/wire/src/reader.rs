//! Reads a message's fields one after the other, with their names in errors.

use std::io;

use borsh::BorshDeserialize;
use heddle_types::Canonical;
use heddle_types::at_field;

/// What is left of a message.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next field.
    pub(crate) fn field<T: BorshDeserialize>(&mut self, name: &'static str) -> io::Result<T> {
        T::deserialize(&mut self.rest).map_err(|e| at_field(&e, name))
    }

    /// The next field, which has a bound of its own on its bytes.
    pub(crate) fn item<T: Canonical>(&mut self, name: &'static str) -> io::Result<T> {
        let before = self.rest.len();
        let value = self.field(name)?;
        let bytes = before - self.rest.len();
        if bytes > T::BYTES_MAX {
            let message = format!("{name}: {bytes} bytes, at most {} are allowed", T::BYTES_MAX);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(value)
    }

    /// A count, at most `max`, then as many items. Nothing is reserved for items that may not come.
    pub(crate) fn items<T>(
        &mut self,
        name: &'static str,
        max: usize,
        read: impl Fn(&mut Self, &'static str) -> io::Result<T>,
    ) -> io::Result<Vec<T>> {
        let len = self.field::<u32>(name)? as usize;
        if len > max {
            let message = format!("{name}: length {len}, at most {max} allowed");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(read(self, name)?);
        }
        Ok(items)
    }
}
