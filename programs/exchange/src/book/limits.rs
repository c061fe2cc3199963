//! Bounds of one book.

/// Orders in a book, waiting ones included.
pub const ORDERS_PER_BOOK_MAX: u32 = 1 << 17;
/// Accounts with a position, an order or a deadline in a book. An order of one more is refused.
pub const TRADERS_PER_BOOK_MAX: u32 = (1 << 18) - TRADERS_RESERVED;
/// Room kept beyond that for accounts that get a position outside of matching, which cannot be refused.
pub const TRADERS_RESERVED: u32 = 1 << 12;
/// Resting orders that one incoming order may meet in a block, whatever came of it.
pub const MATCHES_PER_ORDER_MAX: u32 = 1024;
/// Outcomes of one block after which its further orders are closed, and waiting ones wait for the next block. An auction, which every
/// order leaves at most once, may have more. The trades of a block fit the events of one work item, and its outcomes what it may append.
pub const OUTCOMES_PER_BLOCK_MAX: usize = 100_000;
/// Resting orders that those of a block that must trade in full are tried on. Those that come after are not tried, and killed.
pub const REHEARSALS_PER_BLOCK_MAX: u32 = 1 << 20;
/// Rounds of one auction.
pub const AUCTION_ROUNDS_MAX: u32 = 8;

const _: () = assert!(ORDERS_PER_BOOK_MAX <= super::slots::SLOTS_MAX);
const _: () = assert!(TRADERS_PER_BOOK_MAX + TRADERS_RESERVED <= super::slots::SLOTS_MAX);
