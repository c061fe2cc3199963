//! What a replay through the chain found.

use std::collections::BTreeMap;

use heddle_types::Amount;
use heddle_types::AssetId;
use serde::Serialize;

use crate::machine::Machine;
use crate::orderflow::Check;
use crate::orderflow::Difference;
use crate::orderflow::Tally;
use crate::replay::lines::Lines;

use super::findings::Findings;

/// What a replay found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChainResult {
    pub(super) machine: Machine,
    pub(super) symbol: String,
    pub(super) market: String,
    /// What a tick and a lot of the recording are.
    pub(super) price_decimals: u8,
    pub(super) size_decimals: u8,
    #[serde(flatten)]
    pub(super) lines: Lines,
    /// Whether the index prices were those of the recording; else its prices were moved by `movedTicks` to the chain's.
    pub(super) prices_posted: bool,
    pub(super) moved_ticks: i32,
    /// Transactions.
    pub(super) sent: u64,
    #[serde(rename = "final")]
    pub(super) finals: u64,
    pub(super) failed: u64,
    pub(super) rounds: u64,
    /// Times that the market stopped and went on: its breaker tripped, or its prices were old.
    pub(super) interruptions: u64,
    pub(super) blocks: u64,
    #[serde(flatten)]
    pub(super) tally: Tally,
    /// Lots.
    pub(super) traded: String,
    pub(super) taken_share: f64,
    pub(super) corrections: u64,
    /// Refused actions by the exchange's code.
    pub(super) refused: BTreeMap<u16, u64>,
    pub(super) seconds: f64,
    pub(super) orders_per_second: f64,
    pub(super) checked: bool,
    #[serde(flatten)]
    pub(super) compared: Compared,
    pub(super) height: u64,
    pub(super) roots: Vec<String>,
    pub(super) equal: bool,
    #[serde(serialize_with = "by_asset")]
    pub(super) supply_before: BTreeMap<AssetId, Amount>,
    #[serde(serialize_with = "by_asset")]
    pub(super) supply_after: BTreeMap<AssetId, Amount>,
    pub(super) supply_constant: bool,
}

/// What was compared.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Compared {
    /// Recorded best prices, and those that the chain had, without and with quantities.
    compared: u64,
    prices_equal: u64,
    quantities_equal: u64,
    unknown: u64,
    too_small: u64,
    differences: Vec<Difference>,
    /// Trades of the chain, and places at which they differ from what the book here did.
    fills_compared: u64,
    fills_differing: u64,
    closings_differing: u64,
    /// The best levels of both sides after each round.
    books_compared: u64,
    books_equal: u64,
    /// Whether the whole book was equal in the end, and no order was left after all were cancelled.
    last_book_equal: Option<bool>,
    cleared: Option<bool>,
}

impl Compared {
    pub(super) fn new(found: &Findings, last: Option<(bool, bool)>) -> Self {
        let Check { compared, prices_equal, equal, unknown, differences } = found.check.clone();
        Self {
            compared,
            prices_equal,
            quantities_equal: equal,
            unknown,
            too_small: found.too_small,
            differences,
            fills_compared: found.fills,
            fills_differing: found.fills_differing,
            closings_differing: found.closings_differing,
            books_compared: found.books,
            books_equal: found.books_equal,
            last_book_equal: last.map(|(equal, _)| equal),
            cleared: last.map(|(_, cleared)| cleared),
        }
    }

    /// Whether everything was as it should be, and something was compared. Fills are compared in any case.
    const fn holds(&self, is_checked: bool) -> bool {
        let fills = self.fills_differing == 0 && self.closings_differing == 0;
        let prices = self.compared > 0 && self.compared <= self.prices_equal + self.unknown;
        let books = self.books_equal == self.books_compared
            && matches!((self.last_book_equal, self.cleared), (Some(true), Some(true)));
        fills && (!is_checked || (prices && books))
    }
}

impl ChainResult {
    pub(super) fn is_good(&self) -> bool {
        let complete = self.finals == self.sent && self.failed == 0 && self.equal;
        complete && self.supply_constant && self.compared.holds(self.checked)
    }

    pub(super) fn text(&self) -> String {
        let verdict = if self.is_good() { "all right" } else { "NOT right" };
        let compared = &self.compared;
        format!(
            "{verdict}: {} updates of {} in {}: {} orders, {} cancels, {} reductions, {} takers with {} fills ({} differ), \
             {} corrections; {} best prices compared, {} equal, {} with quantities; {} of {} books equal; {:.1} s, {} blocks, \
             {:.0} operations a second; roots {} at height {}, supply {}",
            self.lines.updates,
            self.symbol,
            self.market,
            self.tally.orders,
            self.tally.cancels,
            self.tally.reductions,
            self.tally.takers,
            compared.fills_compared,
            compared.fills_differing,
            self.corrections,
            compared.compared,
            compared.prices_equal,
            compared.quantities_equal,
            compared.books_equal,
            compared.books_compared,
            self.seconds,
            self.blocks,
            self.orders_per_second,
            if self.equal { "equal" } else { "DIFFER" },
            self.height,
            if self.supply_constant { "constant" } else { "CHANGED" },
        )
    }
}

fn by_asset<S: serde::Serializer>(
    supply: &BTreeMap<AssetId, Amount>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer
        .collect_map(supply.iter().map(|(asset, amount)| (asset.to_string(), amount.to_string())))
}
