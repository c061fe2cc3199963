//! What happened in a market.

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_types::Height;
use serde::Deserialize;
use serde::Serialize;

use crate::number;
use crate::text;

/// An order: whose, and which of all that this account ever placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderName {
    /// Whose.
    pub account: u32,
    /// Which.
    pub number: u32,
}

/// One item of `getTrades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// The block.
    #[serde(with = "number")]
    pub height: Height,
    /// Its time, in milliseconds since 1970.
    pub time_ms: u64,
    /// In ticks.
    #[serde(with = "text")]
    pub price: Ticks,
    /// For people.
    pub price_ui: String,
    /// Lots traded.
    #[serde(with = "text")]
    pub lots: Lots,
    /// For people.
    pub size_ui: String,
    /// What the taker did: `buy`, or `sell`.
    pub side: String,
    /// `continuous`, `auction`, or `liquidation`.
    pub kind: String,
    /// The order that came.
    pub taker: OrderName,
    /// The order that rested.
    pub maker: OrderName,
}

/// The reply of `getOrder`. Trades and reasons are those that this node still remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderStatus {
    /// Whose.
    pub account: u32,
    /// Its number among all that the account ever placed.
    pub number: u32,
    /// Where.
    pub market: u16,
    /// The market's name.
    pub name: String,
    /// Where it stands.
    pub state: OrderState,
    /// `buy`, or `sell`; empty if nothing is remembered of it.
    pub side: String,
    /// The worst price that it takes, for people; empty unless it is open.
    pub price_ui: String,
    /// Lots traded and left.
    #[serde(with = "text")]
    pub lots: Lots,
    /// For people.
    pub size_ui: String,
    /// Lots traded.
    #[serde(with = "text")]
    pub filled: Lots,
    /// For people.
    pub filled_ui: String,
    /// What was traded at on average, to the nearest hundredth of a tick, for people.
    pub average_price_ui: Option<String>,
    /// Lots left when it was looked at, or when it was closed.
    #[serde(with = "text")]
    pub left: Lots,
    /// For people.
    pub left_ui: String,
    /// Why it was closed.
    pub reason: Option<String>,
    /// Its trades, oldest first.
    pub fills: Vec<Trade>,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OrderState {
    /// It is in the book.
    Resting,
    /// It waits for its trigger.
    Waiting,
    /// It traded in full.
    Filled,
    /// The market closed it before it traded in full.
    Closed,
    /// It is not open, and this node does not remember why: it was cancelled, or that is long ago.
    Gone,
}

/// One item of `getFundingHistory`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FundingPayment {
    /// The block.
    #[serde(with = "number")]
    pub height: Height,
    /// Its time, in milliseconds since 1970.
    pub time_ms: u64,
    /// The rate for eight hours, in millionths: longs pay it to shorts, or below zero receive it.
    pub rate_ppm: i32,
    /// The index price that it was paid on, in ticks.
    #[serde(with = "text")]
    pub price: Ticks,
    /// For people.
    pub price_ui: String,
    /// The market's funding index since then: money that a long lot has paid since the market began, times 2^32.
    pub index: String,
}

/// One item of `getLiquidations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Liquidation {
    /// The block.
    #[serde(with = "number")]
    pub height: Height,
    /// Its time, in milliseconds since 1970.
    pub time_ms: u64,
    /// What happened, such as `slice` or `deleveraged`.
    pub kind: String,
    /// Whose position.
    pub account: u32,
    /// How many lots of it, if it was about lots.
    #[serde(with = "text::option")]
    pub lots: Option<Lots>,
    /// For people.
    pub size_ui: Option<String>,
    /// Money that it was about, if any.
    #[serde(with = "text::option")]
    pub amount: Option<Quote>,
}
