//! Bounds of accounts and markets.

/// Markets that may exist. All their risk parameters fit in one value.
pub const MARKETS_MAX: usize = 64;
/// Open orders of one account in one market.
pub const ORDERS_PER_MARKET_MAX: usize = 256;
/// Lots of one order. With prices of 32 bits and unit values of 32 bits, sums of notionals stay far below 2^127.
pub const ORDER_LOTS_MAX: u64 = 1 << 40;
/// Lots of one position, either way.
pub const POSITION_LOTS_MAX: i64 = 1 << 48;
/// Instructions in one appended entry.
pub const INSTRUCTIONS_MAX: usize = 512;
/// Outcomes in one appended entry.
pub const OUTCOMES_MAX: usize = 256;
/// Notional of one position at the highest price. Times any rate it still fits 128 bits.
pub const NOTIONAL_MAX: i128 = 1 << 104;
/// Margin tiers of a market.
pub const MARGIN_TIERS_MAX: usize = 4;
/// Fee tiers.
pub const FEE_TIERS_MAX: usize = 4;
/// Accounts that may volunteer to take positions of others.
pub const BACKSTOPS_MAX: usize = 64;
/// Accounts that crossed a threshold in one market and are looked at in one block. The others come in the next.
pub const CROSSED_MAX: usize = 4096;
/// Accounts of one market whose thresholds are taken anew in one block after its margin changed.
pub const OUTDATED_MAX: usize = 1024;
/// Touched accounts in one appended entry of a phase item.
pub const TOUCHED_PER_ENTRY: usize = 1024;
/// Pages of accounts that a block acts on.
pub const QUEUE_PAGES: u8 = 8;
/// Accounts of such a page.
pub const QUEUE_PER_PAGE: usize = 512;
/// Positions of an account that owes which are closed in one block.
pub const OWED_MARKETS_MAX: usize = 4;
/// Pages of accounts that owe more than insurance pays.
pub const DEFICITS_PAGES: u8 = 8;
/// Accounts of such a page.
pub const DEFICITS_PER_PAGE: usize = 128;
/// Pages of positions that are closed against others in one market and block.
pub const PLAN_PAGES: u8 = 8;
/// Pairs of positions in such a page. Each has four keys to declare at most, and an item has room for 1,024.
pub const MATCHES_PER_PAGE: usize = 240;
/// How old a decision to liquidate may be when it is carried out, in milliseconds: after a halt, it is void.
pub const DECISION_AGE_MS_MAX: u64 = 60_000;
