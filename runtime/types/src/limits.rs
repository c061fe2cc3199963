//! Bounds on everything that a peer or a user can make large. One place, so that a reader sees them together.

/// Bytes of an encoded transaction.
pub const TRANSACTION_BYTES_MAX: usize = 16 * 1024;
/// Calls in a transaction.
pub const CALLS_MAX: usize = 32;
/// Bytes of one call's data.
pub const CALL_BYTES_MAX: usize = 12 * 1024;
/// Extra keys that a sender may declare.
pub const EXTRA_KEYS_MAX: usize = 128;
/// Bytes of a state key within its program.
pub const KEY_BYTES_MAX: usize = 59;
/// Bytes of a value in state.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Keys that one transaction may declare in all.
pub const ACCESS_KEYS_MAX: usize = 1024;
/// Entries of all kinds (events, their bytes are bounded apart) that one transaction may emit.
pub const EVENTS_MAX: usize = 256;
/// Bytes of one event's data.
pub const EVENT_BYTES_MAX: usize = 1024;
/// Events of a block's phases that nodes keep; what more there are is counted.
pub const PHASE_EVENTS_MAX: usize = 256 * 1024;
/// Bytes of data of a block's phase events that nodes keep.
pub const PHASE_EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Validators in a committee. A certificate of 34 Ed25519 signatures still fits in a slot of the safety file.
pub const VALIDATORS_MAX: usize = 50;
/// Blocks of an epoch before it may be closed. Whoever is behind goes through each epoch's end.
pub const EPOCH_BLOCKS_MIN: u64 = 32;
/// Blocks on a closing block until a certificate ends the epoch: nobody votes for what is further above its last final one.
pub const EPOCH_TAIL_MAX: usize = 512;
/// Bytes of an encoded block: header and payload.
pub const BLOCK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Transactions in a block.
pub const BLOCK_TXS_MAX: usize = 10_000;
/// Bytes of inline transactions in a block; the rest of [`BLOCK_BYTES_MAX`] is for the header and lengths.
pub const PAYLOAD_BYTES_MAX: usize = BLOCK_BYTES_MAX - 64 * 1024;
/// Batches that a cut may name.
pub const CUT_BATCHES_MAX: usize = 4 * VALIDATORS_MAX;
/// Bytes of the transactions of one batch of a lane, encoded.
pub const BATCH_BYTES_MAX: usize = 256 * 1024;
/// Transactions in one batch of a lane.
pub const BATCH_TXS_MAX: usize = 2048;
/// Accounts in a genesis.
pub const GENESIS_ACCOUNTS_MAX: usize = 100_000;
/// Calls in a transaction that takes reserved block space.
pub const RESERVED_CALLS_MAX: usize = 8;
/// Bytes of the data of all calls of a transaction that takes reserved block space.
pub const RESERVED_DATA_BYTES_MAX: usize = 2048;
/// Programs with a section in a genesis.
pub const GENESIS_SECTIONS_MAX: usize = 64;
/// Bytes of all sections of a genesis together.
pub const GENESIS_SECTION_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How far a header's executed height may lie below its own height before its payload must be empty.
pub const LAG_MAX: u64 = 16;
/// How far a block's time may lie ahead of a voter's wall clock, in milliseconds.
pub const CLOCK_AHEAD_MS_MAX: u64 = 500;
/// Headers before a snapshot's block that come with it; fewer only where the chain has fewer.
pub const SNAPSHOT_HEADERS_BEFORE: usize = 255;
/// Headers after a snapshot's block that come with it. One is enough when execution keeps up.
pub const SNAPSHOT_HEADERS_AFTER_MAX: usize = 512;
/// Epochs whose end a snapshot may carry.
pub const SNAPSHOT_EPOCHS_MAX: usize = 256;
/// Chunks of a snapshot: of half a MiB, 32 GiB.
pub const SNAPSHOT_CHUNKS_MAX: usize = 65_536;

const _: () = assert!(CALL_BYTES_MAX < TRANSACTION_BYTES_MAX);
const _: () = assert!(KEY_BYTES_MAX < u8::MAX as usize);
const _: () = assert!(TRANSACTION_BYTES_MAX < PAYLOAD_BYTES_MAX);
const _: () =
    assert!(TRANSACTION_BYTES_MAX + 4 <= BATCH_BYTES_MAX && BATCH_TXS_MAX <= BLOCK_TXS_MAX);
const _: () = assert!(VALIDATORS_MAX <= CUT_BATCHES_MAX);
