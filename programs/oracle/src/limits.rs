//! Bounds of feeds and posts.

/// Feeds that may exist: each costs a work item in every block.
pub const FEEDS_MAX: u16 = 128;
/// Publishers of one feed. An event names them all.
pub const PUBLISHERS_MAX: usize = 24;
/// Weight of one publisher, so that a sum of weights fits `u32`.
pub const WEIGHT_MAX: u32 = 1_000_000;
/// Posts in one call.
pub const POSTS_MAX: usize = 64;
/// Bytes of a feed's name.
pub const NAME_BYTES_MAX: usize = 24;
/// Decimal exponents of prices, either way.
pub const EXPONENT_MAX: i8 = 18;
/// How far a post's time may lie after the block's, in milliseconds: as far as a block's time may lie after a voter's clock.
pub const POST_AHEAD_MS_MAX: u64 = heddle_types::limits::CLOCK_AHEAD_MS_MAX;
/// How old a post may get, at most, in milliseconds: an hour.
pub const AGE_MS_MAX: u64 = 60 * 60 * 1000;
/// The longest window of a time-weighted average, in milliseconds: a day.
pub const TWAP_WINDOW_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// Parts into which the window of an average is divided: what is known of its beginning is that part's average.
pub const TWAP_PARTS: u64 = 16;
/// Marks that a history has: one in each part, one before them, and one that is new.
pub const TWAP_MARKS_MAX: usize = 18;

const _: () = assert!(TWAP_MARKS_MAX as u64 == TWAP_PARTS + 2);
const _: () = assert!(WEIGHT_MAX as usize * PUBLISHERS_MAX < u32::MAX as usize);
