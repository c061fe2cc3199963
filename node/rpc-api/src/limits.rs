//! Bounds on requests and replies that both ends know.

/// Bytes of an HTTP body and of a WebSocket message.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Requests in a batch.
pub const BATCH_MAX: usize = 100;
/// How deep arrays and objects may nest in a request.
pub const DEPTH_MAX: usize = 64;
/// The largest JSON integer: 2^53 − 1.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;
/// The longest that `sendTransactionAndWait` waits, in milliseconds.
pub const WAIT_MS_MAX: u64 = 10_000;
/// Items in one page of `getState`.
pub const PAGE_ITEMS_MAX: u64 = 1000;
/// Events in one page of `getBlockEvents` and in one message of `subscribeEvents`.
pub const EVENTS_MAX: u64 = 10_000;
/// Bytes of data of the events in one page, if there is more than one.
pub const EVENT_DATA_BYTES_MAX: usize = 1024 * 1024;
/// Samples that `getPerformanceSamples` returns at most.
pub const SAMPLES_MAX: u64 = 720;
/// Blocks for which a node keeps what `getBlockExecution` answers: the last ones that it executed.
pub const EXECUTIONS_MAX: u64 = 1024;
/// Bytes of a method's or parameter's name that an error quotes.
pub const QUOTED_CHARS_MAX: usize = 64;
/// Price levels of each side in one `getOrderBook`.
pub const BOOK_LEVELS_MAX: u64 = 1000;
/// As many unless it is said.
pub const BOOK_LEVELS_DEFAULT: u64 = 20;
/// Items in one reply about the past of a market.
pub const HISTORY_ITEMS_MAX: u64 = 1000;
/// As many unless it is said.
pub const HISTORY_ITEMS_DEFAULT: u64 = 50;
/// Bytes of a market's name.
pub const MARKET_NAME_BYTES_MAX: usize = 16;

/// Milliseconds that a link can be made slow by.
pub const LINK_MS_MAX: u64 = 60_000;
/// Milliseconds that a clock can be made wrong by: a day.
pub const CLOCK_MS_MAX: u64 = 86_400_000;
