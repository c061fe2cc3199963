//! Bounds of calls and markets.

use heddle_sdk::limits::Bounds;

use crate::book::limits as book_limits;

/// Actions in one batch.
pub const ACTIONS_MAX: usize = 128;
/// Instructions in one entry of a market's inbox, so that the entry fits what a transaction may append.
pub const INSTRUCTIONS_PER_ENTRY: usize = 16;
/// Outcomes in one entry of a market's outcomes.
pub const OUTCOMES_PER_ENTRY: usize = heddle_clearing::limits::OUTCOMES_MAX;
/// Trades in one event.
pub const TRADES_PER_EVENT: usize = 33;
/// Closings in one event.
pub const CLOSINGS_PER_EVENT: usize = 59;
/// Events of trades and closings of one market in one block. The last one that an item may have is left for a change of mode; closings
/// that there is no room for are not told.
pub const EVENTS_PER_BLOCK_MAX: usize = Bounds::ITEM.events - 1;

/// The most trades that a block may have in one market: every order of the book but one fully traded in an auction.
const TRADES_PER_BLOCK_MAX: usize = book_limits::ORDERS_PER_BOOK_MAX as usize;
/// The same without an auction.
const TRADES_IN_TURN_MAX: usize =
    book_limits::OUTCOMES_PER_BLOCK_MAX + book_limits::MATCHES_PER_ORDER_MAX as usize;

const _: () = assert!(TRADES_PER_BLOCK_MAX.div_ceil(TRADES_PER_EVENT) < EVENTS_PER_BLOCK_MAX);
const _: () = assert!(TRADES_IN_TURN_MAX.div_ceil(TRADES_PER_EVENT) < EVENTS_PER_BLOCK_MAX);
