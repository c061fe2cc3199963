//! Bounds on what a peer may say. One place, so that a reader sees them together.

use heddle_types::Canonical;
use heddle_types::CommitCert;
use heddle_types::Proposal;
use heddle_types::limits::BLOCK_BYTES_MAX;

/// Bytes in front of a frame's body: its length, `u32`, little-endian.
pub const FRAME_HEADER_BYTES: usize = 4;
/// Bytes of a frame's body on `ctl`: a proposal is the largest.
pub const CTL_FRAME_BYTES_MAX: usize = Proposal::BYTES_MAX + 1;
/// Bytes of a frame's body on `bulk`: an answer to a range request is the largest.
pub const BULK_FRAME_BYTES_MAX: usize =
    heddle_catchup::limits::RESPONSE_BYTES_MAX + CommitCert::BYTES_MAX + 64;
/// Bytes of a hello.
pub const HELLO_BYTES: usize = 59;
/// Bytes of a hello of any version: its version must be readable to be refused.
pub const HELLO_BYTES_MAX: usize = 256;
/// Bytes of a request on the public protocol: transactions are the largest.
pub const REQUEST_BYTES_MAX: usize = SUBMIT_BYTES_MAX + 64;
/// Bytes of transactions that are submitted at once on the public protocol.
pub const SUBMIT_BYTES_MAX: usize = 256 * 1024;
/// Bytes of an answer on the public protocol that is none to catching up.
pub const PUBLIC_ANSWER_BYTES_MAX: usize = CommitCert::BYTES_MAX + 2;
/// Transactions in one message.
pub const TRANSACTIONS_MAX: usize = 2048;
/// Bytes of transactions in one message that this node makes; what it accepts is bounded by the frame.
pub const TRANSACTIONS_BYTES_MAX: usize = 512 * 1024;

const _: () = assert!(CTL_FRAME_BYTES_MAX < u32::MAX as usize);
const _: () = assert!(BULK_FRAME_BYTES_MAX < u32::MAX as usize);
const _: () = assert!(BULK_FRAME_BYTES_MAX > BLOCK_BYTES_MAX);
const _: () = assert!(TRANSACTIONS_BYTES_MAX < BULK_FRAME_BYTES_MAX);
const _: () = assert!(SUBMIT_BYTES_MAX <= TRANSACTIONS_BYTES_MAX);
