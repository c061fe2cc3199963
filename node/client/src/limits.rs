//! Bounds of the client.

use std::time::Duration;

/// How long a request may take, unless told otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
/// Connections kept for the next request.
pub(crate) const IDLE_CONNECTIONS_MAX: usize = 64;
/// Bytes of a reply.
pub(crate) const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of a batch's body; the node's limit with room for the brackets.
pub(crate) const BATCH_BYTES_MAX: usize = heddle_rpc_api::limits::BODY_BYTES_MAX - 1024;
/// Messages that arrive while a subscription's reply is awaited.
pub(crate) const EARLY_MESSAGES_MAX: usize = 1024;
/// Characters of an unexpected reply that an error quotes.
pub(crate) const QUOTED_CHARS_MAX: usize = 200;
