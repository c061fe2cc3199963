//! What nodes say to each other, as bytes: frames, the hello that opens a session, messages, and their limits.
//!
//! Pure: bytes in, values out. Every decoder refuses what is too long before reading it, what is truncated or has bytes left over,
//! and takes memory in proportion to bytes that are there. The bytes are specified in `docs/PROTOCOL.md` and pinned by golden
//! vectors in this crate's tests.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod channel;
mod encode;
mod frame;
mod hello;
pub mod limits;
mod message;
mod public;
mod raw;
mod reader;
mod snapshot;
mod tag;

pub use channel::Channel;
pub use encode::{EncodedBlock, encode, encode_stored_response};
pub use frame::{FrameError, FrameReader, frame_header};
pub use hello::{Hello, HelloError, InstanceId, PROTOCOL_VERSION, Purpose, Session, SessionEvent};
pub use message::{Liveness, PeerMessage};
pub use public::{PublicAnswer, PublicRequest};
pub use raw::{CheckError, DecodeError, RawMessage, decode};
pub use snapshot::{SNAPSHOT_PART_BYTES_MAX, SnapshotPart, decode_part, encode_part};
