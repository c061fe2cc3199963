//! Bounds of the server beyond those that clients know, which are in `heddle_rpc_api::limits`.

use std::time::Duration;

/// Connections at once, unless half of the limit on open files is less.
pub(super) const CONNECTIONS_MAX: usize = 512;
/// A request's headers must be complete in this time, counted from its first byte or from a connection's beginning.
pub(super) const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// A request's body must be complete in this time after its headers.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's headers, and of what is read ahead of them.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Header lines of a request.
pub(super) const HEADERS_MAX: usize = 64;
/// Once a batch's replies have this many bytes, what is left of it is refused.
pub(super) const REPLY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Subscriptions of one connection.
pub(super) const SUBSCRIPTIONS_MAX: usize = 64;
/// Exchanges of one WebSocket that wait for a transaction to become final.
pub(super) const WAITING_EXCHANGES_MAX: usize = 16;
/// How long a closing connection still takes in, and throws away, what the client was sending.
pub(super) const LINGER: Duration = Duration::from_secs(2);
/// How long the accept loop rests after running out of files.
pub(super) const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);
/// How long requests in progress may go on after the server was told to stop.
pub(super) const STOP_GRACE: Duration = Duration::from_secs(1);
