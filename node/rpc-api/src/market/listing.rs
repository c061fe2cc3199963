//! Markets and their books.

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_types::AssetId;
use heddle_types::Height;
use serde::Deserialize;
use serde::Serialize;

use crate::number;
use crate::text;

/// One item of `getMarkets`. Rates are in millionths of what they are a part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Market {
    /// Its number.
    pub market: u16,
    /// Its name.
    pub name: String,
    /// What it is paid in.
    #[serde(with = "text")]
    pub quote_asset: AssetId,
    /// Decimals of one whole of that.
    pub quote_decimals: u8,
    /// Decimals of a price: a tick is one of the last.
    pub price_decimals: u8,
    /// Decimals of a size: a lot is one of the last.
    pub size_decimals: u8,
    /// One tick, for people.
    pub tick_ui: String,
    /// One lot, for people.
    pub lot_ui: String,
    /// What one lot costs at a price of one tick, in base units of the quote asset.
    pub unit_value: u32,
    /// What it does: `cancelOnly`, `opening`, `continuous`, `auction`, `batch`, `halted`, `frozen`, `closed`.
    pub mode: String,
    /// When the next auction is due, of a mode that ends in one.
    pub auction_ms: Option<u64>,
    /// What its price is good for now.
    pub price_use: PriceUse,
    /// The mark price, in ticks; null as long as there was none.
    #[serde(with = "text::option")]
    pub mark: Option<Ticks>,
    /// For people.
    pub mark_ui: Option<String>,
    /// The index price, in ticks.
    #[serde(with = "text::option")]
    pub index: Option<Ticks>,
    /// For people.
    pub index_ui: Option<String>,
    /// The price of the last trade, in ticks.
    #[serde(with = "text::option")]
    pub last: Option<Ticks>,
    /// For people.
    pub last_ui: Option<String>,
    /// The highest price bid, in ticks.
    #[serde(with = "text::option")]
    pub best_bid: Option<Ticks>,
    /// For people.
    pub best_bid_ui: Option<String>,
    /// The lowest price asked, in ticks.
    #[serde(with = "text::option")]
    pub best_ask: Option<Ticks>,
    /// For people.
    pub best_ask_ui: Option<String>,
    /// Between which limits orders are taken now.
    pub band: Option<PriceBand>,
    /// How far from the mark that is.
    pub band_ppm: i32,
    /// What stops trading that moves too fast.
    pub breaker: Option<Breaker>,
    /// Lots of all long positions.
    #[serde(with = "text")]
    pub open_interest: Lots,
    /// For people.
    pub open_interest_ui: String,
    /// Lots past which orders may not take that.
    #[serde(with = "text")]
    pub open_interest_max: Lots,
    /// Lots of the largest position of one account, its orders included.
    #[serde(with = "text")]
    pub position_max: Lots,
    /// The fewest lots of an order.
    #[serde(with = "text")]
    pub lots_min: Lots,
    /// The most lots of an order.
    #[serde(with = "text")]
    pub lots_max: Lots,
    /// What an order that may increase a position is worth at least.
    #[serde(with = "text")]
    pub notional_min: Quote,
    /// What positions pay one another.
    pub funding: Funding,
    /// Margin by notional, the smallest first.
    pub tiers: Vec<MarginTier>,
    /// Fees by fee tier.
    pub fees: Vec<Fees>,
}

/// What a price is good for, by its age and confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceUse {
    /// To liquidate.
    pub liquidate: bool,
    /// For orders that may increase a position, and withdrawals.
    pub increase: bool,
    /// For reduce-only orders.
    pub reduce: bool,
}

/// Prices from `low` to `high`, in ticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceBand {
    /// The lowest.
    #[serde(with = "text")]
    pub low: Ticks,
    /// For people.
    pub low_ui: String,
    /// The highest.
    #[serde(with = "text")]
    pub high: Ticks,
    /// For people.
    pub high_ui: String,
}

/// A trade further than `move_ppm` from one of the last `window_ms` makes the market collect orders for `auction_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Breaker {
    /// How far.
    pub move_ppm: i32,
    /// Of how long.
    pub window_ms: u64,
    /// How long it collects.
    pub auction_ms: u64,
}

/// What positions of a market pay one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Funding {
    /// The rate for eight hours as it would be paid now: longs pay it to shorts, or below zero receive it.
    pub rate_ppm: i32,
    /// When it is paid next; null before the first price.
    pub next_ms: Option<u64>,
    /// How often it is paid.
    pub interval_ms: u64,
}

/// Margin for the part of a notional that lies in one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarginTier {
    /// Where it ends; null for the last.
    #[serde(with = "text::option")]
    pub notional_max: Option<Quote>,
    /// Initial margin.
    pub initial_ppm: i32,
    /// Maintenance margin.
    pub maintenance_ppm: i32,
}

/// Fees of one fee tier, as a part of the notional.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fees {
    /// Who takes pays this.
    pub taker_ppm: i32,
    /// Who makes pays this, or below zero receives it.
    pub maker_ppm: i32,
}

/// The reply of `getOrderBook`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderBook {
    /// The market.
    pub market: u16,
    /// Its name.
    pub name: String,
    /// The height after which the book is this.
    #[serde(with = "number")]
    pub height: Height,
    /// What is bid, the highest first.
    pub bids: Vec<BookLevel>,
    /// What is asked, the lowest first.
    pub asks: Vec<BookLevel>,
}

/// A price level, as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookLevel {
    /// In ticks.
    #[serde(with = "text")]
    pub price: Ticks,
    /// For people.
    pub price_ui: String,
    /// Lots shown.
    #[serde(with = "text")]
    pub lots: Lots,
    /// For people.
    pub size_ui: String,
    /// By how many orders.
    pub orders: u32,
}
