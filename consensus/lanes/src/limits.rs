//! Bounds on what lanes may take. One place, so that a reader sees them together.

use heddle_types::limits::BATCH_BYTES_MAX;
use heddle_types::limits::BATCH_TXS_MAX;
use heddle_types::limits::BLOCK_TXS_MAX;
use heddle_types::limits::TRANSACTION_BYTES_MAX;
use heddle_types::limits::VALIDATORS_MAX;

/// Batches above what was delivered that are taken from a lane's owner, and that an owner signs ahead.
pub const LANE_BATCHES_MAX: u64 = 64;
/// Encoded bytes of those batches.
pub const LANE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Encoded bytes of a lane's batches above what was delivered that are fetched for cuts that are not final: as many as one branch
/// may have within [`LANE_BATCHES_MAX`], so that only a lane that forks runs out of it.
pub const FETCHED_LANE_BYTES_MAX: usize = 64 * BATCH_BYTES_MAX;
/// How far above what was delivered here acknowledgements of a lane are remembered: others may have delivered more.
pub const ACKS_AHEAD_MAX: u64 = 2 * LANE_BATCHES_MAX;
/// Headers of batches that are delivered or given up that are kept of each lane, to notice another batch at their place.
pub const PAST_HEADERS_MAX: usize = 64;

/// Transactions that one cut adds. What a block may hold is what one block's execution is built for.
pub const CUT_TXS_MAX: u64 = BLOCK_TXS_MAX as u64;
/// Encoded bytes of batches that one cut adds.
pub const CUT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Batches of one lane that one cut adds.
pub const CUT_LANE_BATCHES_MAX: u64 = LANE_BATCHES_MAX;
/// Cuts that wait for what they add. A view has one proposal; older views' are of no use soon.
pub const CHECKS_MAX: usize = 4;
/// Final cuts for which missing batches are fetched at once. Those behind them wait, so that catching up takes no more memory.
pub const FINALS_FETCHED_MAX: usize = 4;

/// Encoded bytes at which a batch is sealed without waiting for more.
pub const BATCH_BYTES_TARGET: usize = 128 * 1024;
/// How long the first transaction of a batch waits for company, in milliseconds.
pub const BATCH_DELAY_MS: u64 = 5;
/// Encoded bytes of own transactions that wait for a batch; what is more is handed back.
pub const QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A peer whose acknowledgement of the own lane stands still is sent its next batches again after this long, in milliseconds.
pub const PUSH_AGAIN_MS: u64 = 500;
/// What that wait grows to while nothing changes.
pub const PUSH_AGAIN_MS_MAX: u64 = 8_000;
/// Batches that are sent again at once.
pub const PUSH_AGAIN_BATCHES_MAX: usize = 4;
/// While something is not final, acknowledgements are repeated after this long, in milliseconds.
pub const ACK_REPEAT_MS: u64 = 500;

/// Batches in one answer.
pub const FETCHED_BATCHES_MAX: usize = 64;
/// Encoded bytes of the batches of one answer; the first comes whatever its size.
pub const FETCHED_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long the first request for a batch may take, in milliseconds.
pub const FETCH_TIMEOUT_MS: u64 = 200;
/// What that grows to.
pub const FETCH_TIMEOUT_MS_MAX: u64 = 4_000;
/// How long to wait when all were asked in vain, at first, in milliseconds.
pub const FETCH_PAUSE_MS: u64 = 50;
/// Bytes of an encoded message: an answer is the largest.
pub const MESSAGE_BYTES_MAX: usize = FETCHED_BYTES_MAX + BATCH_BYTES_MAX + 16 * 1024;

const _: () = assert!(FETCHED_LANE_BYTES_MAX as u64 == LANE_BATCHES_MAX * BATCH_BYTES_MAX as u64);
const _: () = assert!(BATCH_TXS_MAX as u64 <= CUT_TXS_MAX);
const _: () = assert!(BATCH_BYTES_MAX as u64 <= CUT_BYTES_MAX);
const _: () = assert!(BATCH_BYTES_MAX <= LANE_BYTES_MAX && BATCH_BYTES_MAX <= FETCHED_BYTES_MAX);
const _: () = assert!(BATCH_BYTES_TARGET + TRANSACTION_BYTES_MAX <= BATCH_BYTES_MAX);
const _: () = assert!(FETCHED_BATCHES_MAX * 200 < 16 * 1024 && VALIDATORS_MAX * 42 < 16 * 1024);
