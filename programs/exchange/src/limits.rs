//! Bounds of calls and markets.

/// Actions in one batch.
pub const ACTIONS_MAX: usize = 128;
/// Instructions in one entry of a market's inbox, so that the entry fits what a transaction may append.
pub const INSTRUCTIONS_PER_ENTRY: usize = 16;
/// Outcomes in one entry of a market's outcomes.
pub const OUTCOMES_PER_ENTRY: usize = heddle_clearing::limits::OUTCOMES_MAX;
/// Trades in one event.
pub const TRADES_PER_EVENT: usize = 24;
/// Closings in one event.
pub const CLOSINGS_PER_EVENT: usize = 48;
