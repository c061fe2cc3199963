//! Margin accounts, positions and open orders.

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_types::Address;
use heddle_types::AssetId;
use heddle_types::Height;
use serde::Deserialize;
use serde::Serialize;

use crate::number;
use crate::text;

/// The reply of `getMarginAccount`. Money is in base units of the quote asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarginAccount {
    /// Its number.
    pub account: u32,
    /// Whose.
    #[serde(with = "text")]
    pub owner: Address,
    /// Which of the owner's.
    pub sub: u8,
    /// `active`, or `frozen`.
    pub status: String,
    /// Isolated margin: the only market that it may hold.
    pub isolated: Option<u16>,
    /// Whether it takes over positions of accounts in distress.
    pub is_backstop: bool,
    /// Which fees it pays.
    pub fee_tier: u8,
    /// The height after which it is this.
    #[serde(with = "number")]
    pub height: Height,
    /// What money is in.
    #[serde(with = "text")]
    pub quote_asset: AssetId,
    /// Decimals of one whole of that.
    pub quote_decimals: u8,
    /// Collateral.
    #[serde(with = "text")]
    pub cash: Quote,
    /// For people.
    pub cash_ui: String,
    /// Cash and what the positions are worth at the marks.
    #[serde(with = "text")]
    pub equity: Quote,
    /// For people.
    pub equity_ui: String,
    /// What positions and open orders require.
    #[serde(with = "text")]
    pub required: Quote,
    /// For people.
    pub required_ui: String,
    /// What is left for new orders; below zero the account may only reduce.
    #[serde(with = "text")]
    pub free: Quote,
    /// For people.
    pub free_ui: String,
    /// What may be withdrawn.
    #[serde(with = "text")]
    pub withdrawable: Quote,
    /// For people.
    pub withdrawable_ui: String,
    /// Below so much equity positions are liquidated.
    #[serde(with = "text")]
    pub maintenance: Quote,
    /// For people.
    pub maintenance_ui: String,
    /// What all positions are worth, divided by equity; null without equity.
    pub leverage_ui: Option<String>,
    /// By market.
    pub positions: Vec<Position>,
}

/// A position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The market.
    pub market: u16,
    /// Its name.
    pub name: String,
    /// Lots: above zero long, below zero short.
    #[serde(with = "text")]
    pub lots: SignedLots,
    /// For people.
    pub size_ui: String,
    /// The signed money that the position cost.
    #[serde(with = "text")]
    pub entry: Quote,
    /// The average price that it cost, rounded to the nearest hundredth of a tick.
    pub entry_price_ui: String,
    /// The mark price, in ticks.
    #[serde(with = "text")]
    pub mark: Ticks,
    /// For people.
    pub mark_ui: String,
    /// What it is worth at the mark, whatever its direction.
    #[serde(with = "text")]
    pub notional: Quote,
    /// For people.
    pub notional_ui: String,
    /// What closing it at the mark would gain, funding apart.
    #[serde(with = "text")]
    pub unrealised: Quote,
    /// For people.
    pub unrealised_ui: String,
    /// Funding that it owes since it last paid, or below zero receives.
    #[serde(with = "text")]
    pub funding_due: Quote,
    /// For people.
    pub funding_due_ui: String,
    /// What position and orders here require.
    #[serde(with = "text")]
    pub required: Quote,
    /// For people.
    pub required_ui: String,
    /// What the position requires not to be liquidated.
    #[serde(with = "text")]
    pub maintenance: Quote,
    /// For people.
    pub maintenance_ui: String,
    /// The mark nearest to the present one, in ticks, at which the account is liquidated while the other marks stay; null if none
    /// does that.
    #[serde(with = "text::option")]
    pub liquidation_price: Option<Ticks>,
    /// For people.
    pub liquidation_price_ui: Option<String>,
}

/// One item of `getOpenOrders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenOrder {
    /// The market.
    pub market: u16,
    /// Its name.
    pub name: String,
    /// Its number among all that the account ever placed.
    pub number: u32,
    /// The client's own number; null for none. A string: it has 64 bits.
    pub client: Option<String>,
    /// `buy`, or `sell`.
    pub side: String,
    /// The worst price that it takes, in ticks.
    #[serde(with = "text")]
    pub price: Ticks,
    /// For people.
    pub price_ui: String,
    /// What is left of it.
    #[serde(with = "text")]
    pub lots: Lots,
    /// For people.
    pub size_ui: String,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// `goodTillCancelled`, `goodTillTime`, `immediateOrCancel`, `fillOrKill`, `postOnly`.
    pub time_in_force: String,
    /// When it expires.
    pub until_ms: Option<u64>,
    /// What it waits for; null for one that rests in the book.
    pub trigger: Option<Trigger>,
    /// An iceberg: how many lots of it others see at a time.
    #[serde(with = "text::option")]
    pub display: Option<Lots>,
}

/// What makes a waiting order active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// `atOrAbove`, or `atOrBelow`.
    pub when: String,
    /// The mark price, in ticks.
    #[serde(with = "text")]
    pub price: Ticks,
    /// For people.
    pub price_ui: String,
}
