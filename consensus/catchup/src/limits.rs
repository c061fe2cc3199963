//! Bounds on what catching up may take. One place, so that a reader sees them together.

use heddle_types::limits::BLOCK_BYTES_MAX;
use heddle_types::limits::LAG_MAX;

/// Blocks that one request asks for at most.
pub const RANGE_BLOCKS_MAX: u16 = 512;
/// Bytes of blocks that one request asks for; a block that is larger alone still comes.
pub const RANGE_BYTES_MAX: u32 = 1024 * 1024;
/// Blocks in one answer, which may run past what was asked for, up to a block that has a certificate.
pub const RESPONSE_BLOCKS_MAX: usize = 2048;
/// Bytes of blocks in one answer. What was asked for may be all but full when a block of the largest size follows.
pub const RESPONSE_BYTES_MAX: usize = 2 * BLOCK_BYTES_MAX;
/// Bytes that are put on each block for its header and lengths when blocks are counted towards a limit.
pub const BLOCK_OVERHEAD_BYTES: usize = 512;

/// Chunks that are on their way or waiting for their turn.
pub const CHUNKS_MAX: usize = 8;
/// Blocks that may be kept of a run that has no certificate yet. A run of full blocks ends after `LAG_MAX` of them, because
/// execution follows finality and an order that lags too far is empty; the rest are empty blocks.
pub const UNCERTIFIED_BLOCKS_MAX: usize = 8192;
/// Answers that such a run may take: each is full, or it would have its certificate.
pub const UNCERTIFIED_ANSWERS_MAX: u32 = 24;
/// Bytes of such a run.
pub const UNCERTIFIED_BYTES_MAX: usize = 24 * BLOCK_BYTES_MAX;
/// Range requests on their way to one peer.
pub const RANGES_PER_PEER_MAX: usize = 2;
/// Single blocks wanted at once.
pub const BLOCKS_WANTED_MAX: usize = 64;
/// Requests for one block that may be answered at once; of more the oldest is not waited for any more.
pub const BLOCK_ASKED_MAX: usize = 4;
/// Peers known at once.
pub const PEERS_MAX: usize = heddle_types::limits::VALIDATORS_MAX;

/// How long the first attempt for a single block may take.
pub const BLOCK_TIMEOUT_MS: u64 = 300;
/// How long the first attempt for a range may take.
pub const RANGE_TIMEOUT_MS: u64 = 2_000;
/// What attempts' times grow to.
pub const TIMEOUT_MS_MAX: u64 = 10_000;
/// How long to wait when every peer has been asked in vain, at first.
pub const PAUSE_MS: u64 = 50;
/// What that wait grows to.
pub const PAUSE_MS_MAX: u64 = 2_000;
/// How long a peer is avoided after its first fault.
pub const AVOID_MS: u64 = 500;
/// What avoiding grows to.
pub const AVOID_MS_MAX: u64 = 30_000;

/// How long to wait for what others offer before one of the snapshots that are offered is taken.
pub const OFFERS_WAIT_MS: u64 = 2_000;
/// How long a peer may take to say which snapshot it has.
pub const OFFER_TIMEOUT_MS: u64 = 5_000;
/// How long a chunk of a snapshot may take.
pub const STATE_CHUNK_TIMEOUT_MS: u64 = 5_000;
/// Chunks of a snapshot that one peer is asked for at a time.
pub const CHUNKS_PER_PEER_MAX: usize = 3;
/// How often chunks may come too late from a peer before it is asked for no more.
pub const CHUNKS_LATE_MAX: u32 = 2;

const _: () = assert!(RANGE_BYTES_MAX as usize + BLOCK_BYTES_MAX <= RESPONSE_BYTES_MAX);
const _: () = assert!(RANGE_BLOCKS_MAX as usize <= RESPONSE_BLOCKS_MAX);
const _: () = assert!(
    UNCERTIFIED_ANSWERS_MAX as usize * (RESPONSE_BYTES_MAX - BLOCK_BYTES_MAX)
        >= UNCERTIFIED_BYTES_MAX
);
const _: () = assert!((UNCERTIFIED_BYTES_MAX / BLOCK_BYTES_MAX) as u64 > LAG_MAX);
const _: () = assert!(CHUNKS_MAX > RANGES_PER_PEER_MAX);
