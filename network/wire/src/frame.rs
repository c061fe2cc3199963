//! Frames: a `u32` length, little-endian, then as many bytes.

use bytes::Buf;
use bytes::Bytes;
use bytes::BytesMut;
use thiserror::Error;

use crate::limits::FRAME_HEADER_BYTES;

/// Why a stream's bytes are no frames. Nothing that follows can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A frame longer than the channel allows.
    #[error("frame: {len} bytes, at most {max} are allowed")]
    TooLong {
        /// What its header says.
        len: u32,
        /// What is allowed.
        max: usize,
    },
    /// A frame without a body.
    #[error("frame: empty")]
    Empty,
}

/// What stands in front of a body. None for a body that no channel allows.
pub fn frame_header(body_len: usize) -> Option<[u8; FRAME_HEADER_BYTES]> {
    u32::try_from(body_len).ok().map(u32::to_le_bytes)
}

/// Cuts a stream into frames. Holds no more than one frame and the bytes last given; memory grows with bytes that came, not with
/// what a header promises.
#[derive(Clone, Debug)]
pub struct FrameReader {
    buffer: BytesMut,
    body_bytes_max: usize,
}

impl FrameReader {
    /// For frames whose bodies have at most so many bytes.
    pub fn new(body_bytes_max: usize) -> Self {
        Self { buffer: BytesMut::new(), body_bytes_max }
    }

    /// Appends what the stream brought. Take all frames out before giving more.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next frame's body, if all of it is there.
    ///
    /// # Errors
    /// [`FrameError`], as soon as the header is there.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(header) = self.buffer.first_chunk::<FRAME_HEADER_BYTES>() else {
            return Ok(None);
        };
        let len = u32::from_le_bytes(*header);
        let body_len = len as usize;
        if body_len == 0 {
            return Err(FrameError::Empty);
        }
        if body_len > self.body_bytes_max {
            return Err(FrameError::TooLong { len, max: self.body_bytes_max });
        }
        if self.buffer.len() < FRAME_HEADER_BYTES + body_len {
            return Ok(None);
        }
        self.buffer.advance(FRAME_HEADER_BYTES);
        Ok(Some(self.buffer.split_to(body_len).freeze()))
    }

    /// Whether nothing is left over.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

#[cfg(test)]
mod tests;
