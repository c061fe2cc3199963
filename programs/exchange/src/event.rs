//! What the exchange reports.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_clearing::AccountId;
use heddle_clearing::Closed;
use heddle_clearing::MarketId;
use heddle_clearing::Trade;
use heddle_sdk::Abort;
use heddle_sdk::Described;
use heddle_sdk::Workspace;
use heddle_types::Canonical;
use heddle_types::decode_exact;
use heddle_types::encode;
use heddle_types::limits::EVENT_BYTES_MAX;

/// What the exchange reports. The variant's number is the event's kind, the fields in order are its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeEvent {
    /// Kind 1, of a transaction: what became of a batch.
    Batch(BatchResult),
    /// Kind 2, of a block: trades, in order.
    Trades(Trades),
    /// Kind 3, of a block: a market's mode is another.
    Mode(ModeChanged),
    /// Kind 4: a market was created.
    MarketCreated(MarketId),
    /// Kind 5, of a block: orders that the market closed, in order.
    Closings(Closings),
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BatchResult {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// For each action in order.
    pub results: Vec<ActionResult>,
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ActionResult {
    /// Done; the order that it was about, or the new one's number.
    Order(u32),
    /// Done; so many orders were cancelled.
    Cancelled(u16),
    /// Refused with this code.
    Refused(u16),
}

/// Trades of one market in one block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Trades {
    /// Where.
    pub market: MarketId,
    /// Which, in order.
    pub trades: Vec<Trade>,
}

/// Orders of one market that it closed in one block before they traded in full. Those that their accounts cancelled are none.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Closings {
    /// Where.
    pub market: MarketId,
    /// Which, in order.
    pub closed: Vec<Closed>,
}

/// A market's mode is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ModeChanged {
    /// Where.
    pub market: MarketId,
    /// The mode, as [`crate::MarketMode`] numbers them.
    pub mode: u8,
}

impl ExchangeEvent {
    /// The event of this kind and these bytes; none when there is none.
    pub fn decode(kind: u16, data: &[u8]) -> Option<Self> {
        match kind {
            1 => decode_exact(data).ok().map(Self::Batch),
            2 => decode_exact(data).ok().map(Self::Trades),
            3 => decode_exact(data).ok().map(Self::Mode),
            4 => <[u8; 2]>::try_from(data)
                .ok()
                .map(|bytes| Self::MarketCreated(MarketId::new(u16::from_le_bytes(bytes)))),
            5 => decode_exact(data).ok().map(Self::Closings),
            _ => None,
        }
    }

    pub(crate) fn emit(&self, state: &mut Workspace<'_>) -> Result<(), Abort> {
        match self {
            Self::Batch(batch) => state.emit(1, encode(batch)),
            Self::Trades(trades) => state.emit(2, encode(trades)),
            Self::Mode(mode) => state.emit(3, encode(mode)),
            Self::MarketCreated(market) => state.emit(4, market.get().to_le_bytes()),
            Self::Closings(closings) => state.emit(5, encode(closings)),
        }
    }

    /// In words.
    pub fn describe(&self) -> Described {
        match self {
            Self::Batch(batch) => Described {
                name: "Batch",
                fields: vec![
                    ("account", batch.account.to_string()),
                    ("market", batch.market.to_string()),
                    ("results", join(batch.results.iter().map(ActionResult::describe))),
                ],
            },
            Self::Trades(trades) => Described {
                name: "Trades",
                fields: vec![
                    ("market", trades.market.to_string()),
                    ("trades", join(trades.trades.iter().map(describe_trade))),
                ],
            },
            Self::Mode(changed) => Described {
                name: "Mode",
                fields: vec![
                    ("market", changed.market.to_string()),
                    ("mode", changed.mode.to_string()),
                ],
            },
            Self::MarketCreated(market) => {
                Described { name: "MarketCreated", fields: vec![("market", market.to_string())] }
            }
            Self::Closings(closings) => Described {
                name: "Closings",
                fields: vec![
                    ("market", closings.market.to_string()),
                    ("closed", join(closings.closed.iter().map(describe_closed))),
                ],
            },
        }
    }
}

impl ActionResult {
    fn describe(&self) -> String {
        match self {
            Self::Order(number) => format!("order {number}"),
            Self::Cancelled(count) => format!("cancelled {count}"),
            Self::Refused(code) => format!("refused {code}"),
        }
    }
}

/// Such as `buy 5 @ 600000 taker 3#1 maker 4#7`.
fn describe_trade(trade: &Trade) -> String {
    let Trade { maker, taker, taker_side, price, lots, kind: _ } = trade;
    format!("{taker_side} {lots} @ {price} taker {taker} maker {maker}")
}

/// Such as `3#1 with 5 left: Unfilled`.
fn describe_closed(closed: &Closed) -> String {
    let Closed { id, lots, reason } = closed;
    format!("{id} with {lots} left: {reason:?}")
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

impl Canonical for BatchResult {
    const NAME: &'static str = "batch event";
    const BYTES_MAX: usize = EVENT_BYTES_MAX;
}

impl Canonical for Trades {
    const NAME: &'static str = "trades event";
    const BYTES_MAX: usize = EVENT_BYTES_MAX;
}

impl Canonical for Closings {
    const NAME: &'static str = "closings event";
    const BYTES_MAX: usize = EVENT_BYTES_MAX;
}

impl Canonical for ModeChanged {
    const NAME: &'static str = "mode event";
    const BYTES_MAX: usize = 3;
}

const _: () = assert!(10 + crate::limits::ACTIONS_MAX * 5 <= EVENT_BYTES_MAX);
/// Bytes of an encoded trade.
const TRADE_BYTES: usize = 30;

const _: () = assert!(6 + crate::limits::TRADES_PER_EVENT * TRADE_BYTES <= EVENT_BYTES_MAX);
/// Bytes of an encoded closing.
const CLOSED_BYTES: usize = 17;
const _: () = assert!(6 + crate::limits::CLOSINGS_PER_EVENT * CLOSED_BYTES <= EVENT_BYTES_MAX);
