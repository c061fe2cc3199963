//! Bounds of calls and markets.

use heddle_sdk::limits::Bounds;

/// Actions in one batch.
pub const ACTIONS_MAX: usize = 128;
/// Instructions in one entry of a market's inbox, so that the entry fits what a transaction may append.
pub const INSTRUCTIONS_PER_ENTRY: usize = 16;
/// Outcomes in one entry of a market's outcomes.
pub const OUTCOMES_PER_ENTRY: usize = heddle_clearing::limits::OUTCOMES_MAX;
/// Trades in one event.
pub const TRADES_PER_EVENT: usize = 33;

/// The most trades that a block may have in one market: every order of the book but one fully traded in an auction.
const TRADES_PER_BLOCK_MAX: usize = crate::book::limits::ORDERS_PER_BOOK_MAX as usize;
const OUTCOMES_MAX: usize = crate::book::limits::OUTCOMES_PER_BLOCK_MAX
    + 2 * crate::book::limits::MATCHES_PER_ORDER_MAX as usize;

// One event of the item is left for a change of mode.
const _: () = assert!(TRADES_PER_BLOCK_MAX.div_ceil(TRADES_PER_EVENT) < Bounds::ITEM.events);
const _: () = assert!(OUTCOMES_MAX.div_ceil(TRADES_PER_EVENT) < Bounds::ITEM.events);
