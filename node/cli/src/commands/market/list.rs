//! All markets as a table.

use heddle_rpc_api::Market;

use crate::figures;
use crate::table::Lean;
use crate::table::Table;

/// One line a market.
pub(super) fn text(markets: &[Market], now_ms: u64) -> String {
    if markets.is_empty() {
        return "no markets".to_owned();
    }
    let mut table = Table::new(&[
        (Lean::Left, "market"),
        (Lean::Left, "mode"),
        (Lean::Right, "mark"),
        (Lean::Right, "index"),
        (Lean::Right, "bid"),
        (Lean::Right, "ask"),
        (Lean::Right, "last"),
        (Lean::Right, "funding 8h"),
        (Lean::Right, "paid in"),
        (Lean::Right, "open interest"),
    ]);
    for market in markets {
        let price = |price: &Option<String>| price.clone().unwrap_or_else(|| "-".to_owned());
        let paid = market.funding.next_ms.map(|next| figures::until(next, now_ms));
        table.row(vec![
            market.name.clone(),
            market.mode.clone(),
            price(&market.mark_ui),
            price(&market.index_ui),
            price(&market.best_bid_ui),
            price(&market.best_ask_ui),
            price(&market.last_ui),
            figures::percent(market.funding.rate_ppm),
            paid.unwrap_or_else(|| "-".to_owned()),
            market.open_interest_ui.clone(),
        ]);
    }
    table.text()
}
