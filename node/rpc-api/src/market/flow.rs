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

/// An order that a market closed without being asked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosedOrder {
    /// Which.
    pub order: OrderName,
    /// What was left of it.
    #[serde(with = "text")]
    pub lots: Lots,
    /// For people.
    pub size_ui: String,
    /// Why, such as `unfilled`.
    pub reason: String,
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
    /// Money that a long lot paid, times 2^32, as a string.
    pub per_lot: String,
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
