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
