//! A book as two columns.

use heddle_rpc_api::BookLevel;
use heddle_rpc_api::OrderBook;

use crate::table::Lean;
use crate::table::Table;

/// Bids on the left, asks on the right, the best on top.
pub(super) fn text(book: &OrderBook) -> String {
    if book.bids.is_empty() && book.asks.is_empty() {
        return "the book is empty".to_owned();
    }
    let mut table = Table::new(&[
        (Lean::Right, "orders"),
        (Lean::Right, "size"),
        (Lean::Right, "bid"),
        (Lean::Left, "ask"),
        (Lean::Right, "size"),
        (Lean::Right, "orders"),
    ]);
    for level in 0..book.bids.len().max(book.asks.len()) {
        let cells = |level: Option<&BookLevel>| {
            level.map_or_else(Default::default, |level| {
                [level.price_ui.clone(), level.size_ui.clone(), level.orders.to_string()]
            })
        };
        let [bid, bid_size, bids] = cells(book.bids.get(level));
        let [ask, ask_size, asks] = cells(book.asks.get(level));
        table.row(vec![bids, bid_size, bid, ask, ask_size, asks]);
    }
    table.text()
}
