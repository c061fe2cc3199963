//! Bounds on what peers and the public may take. One place, so that a reader sees them together.

use std::time::Duration;

use heddle_wire::Channel;

/// Peers: those of one committee, and those of the next.
pub const PEERS_MAX: usize = 2 * heddle_types::limits::VALIDATORS_MAX;
/// Frames that wait for one peer on one channel.
pub const QUEUE_FRAMES_MAX: usize = 8192;
/// Bytes that wait for one peer on `ctl`. When more wait, the peer is stuck and the connection ends.
pub const CTL_QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes that wait for one peer on `bulk`. What comes when more wait is dropped.
pub const BULK_QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes that are handed to a connection at once.
pub const WRITE_BYTES_MAX: usize = 256 * 1024;
/// A body up to this size is copied behind its header; a larger one is sent as it is.
pub const COPY_BYTES_MAX: usize = 4096;
/// Bytes that are taken from a connection at once.
pub const READ_BYTES_MAX: usize = 256 * 1024;

/// Bytes that the other end may have sent and this one not read, on one stream.
pub const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// The same for a connection.
pub const RECEIVE_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// Bytes that were written to a connection and not acknowledged.
pub const SEND_WINDOW_BYTES: u64 = 8 * 1024 * 1024;
/// Requests of one public connection that are answered at a time, waiting ones included; validators get none.
pub const PUBLIC_STREAMS_MAX: u32 = 4;
/// Public requests to catch up that are answered at a time in all; each may hold an answer of the largest size.
pub const PUBLIC_ANSWERS_MAX: usize = 64;
/// Streams of frames on a connection, each way.
pub const FRAME_STREAMS_MAX: u32 = 1;
/// Bytes asked of the system for each of the socket's buffers; it may give less.
pub const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Bytes that wait for all peers together because their links are made slow on purpose.
pub const DELAYED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes a second that one peer may send on one channel, and how many at once. Beyond this it is read slowly.
pub const PEER_BYTES_PER_SECOND: u64 = 256 * 1024 * 1024;
/// Frames a second that one peer may send on one channel.
pub const PEER_FRAMES_PER_SECOND: u64 = 200_000;
/// Public requests a second that one address is answered. Beyond this they are read slowly.
pub const PUBLIC_REQUESTS_PER_SECOND: u64 = 512;
/// Transactions a second that one address may submit. Beyond this they are refused.
pub const PUBLIC_SUBMITTED_PER_SECOND: u64 = 4096;
/// Bytes a second that one address may submit.
pub const PUBLIC_SUBMITTED_BYTES_PER_SECOND: u64 = 1024 * 1024;

/// Handshakes under way at once; beyond this, connections are refused unread.
pub const HANDSHAKES_MAX: usize = 128;
/// Handshakes under way beyond which a connection must prove its address first.
pub const HANDSHAKES_UNPROVEN_MAX: usize = 32;
/// Public connections in all.
pub const PUBLIC_CONNECTIONS_MAX: usize = 128;
/// Public connections from one address.
pub const PUBLIC_CONNECTIONS_PER_ADDRESS_MAX: usize = 8;
/// Connections of one validator whose hello is being answered.
pub const PEER_PENDING_MAX: usize = 4;
/// Public requests that wait for something to become final, in all.
pub const PUBLIC_WAITING_MAX: usize = 256;
/// The same from one address.
pub const PUBLIC_WAITING_PER_ADDRESS_MAX: usize = 16;

/// How long a handshake and the hellos may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a node that holds a peer's place has for answering a ping, when another claims the place.
pub const PING_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the other end may be silent before the connection ends.
pub const IDLE_TIMEOUT_MS: u32 = 3_000;
/// How long a connection may be idle before a packet keeps it alive.
pub const KEEP_ALIVE: Duration = Duration::from_millis(500);
/// How long a public request may take to arrive, and its answer to leave.
pub const PUBLIC_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a public request waits for something to become final before it is answered without.
pub const PUBLIC_WAIT: Duration = Duration::from_secs(5);
/// The pause after a first failed attempt to connect.
pub const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// What that pause grows to.
pub const BACKOFF_MAX: Duration = Duration::from_secs(2);
/// A connection that lasted so long was good: the next attempt follows at once.
pub const GOOD_AFTER: Duration = Duration::from_secs(5);
/// How long after its penalty a peer's bad frames are forgotten.
pub const FORGIVE_AFTER: Duration = Duration::from_secs(60);
/// How late an acknowledgement may be, which is waited for before a last lost packet is sent again.
pub const ACK_DELAY: Duration = Duration::from_millis(5);
/// What a round trip is taken for before one was measured; when the first one is longer, its peer is dialled again.
pub const INITIAL_RTT: Duration = Duration::from_millis(100);

/// Bytes that may wait for one peer on `channel`.
pub const fn queue_bytes_max(channel: Channel) -> usize {
    match channel {
        Channel::Ctl => CTL_QUEUE_BYTES_MAX,
        Channel::Bulk => BULK_QUEUE_BYTES_MAX,
    }
}

const _: () = assert!(CTL_QUEUE_BYTES_MAX > 4 * Channel::Ctl.frame_bytes_max());
const _: () = assert!(PUBLIC_WAIT.as_millis() < PUBLIC_TIMEOUT.as_millis());
const _: () = assert!(BULK_QUEUE_BYTES_MAX > 2 * Channel::Bulk.frame_bytes_max());
