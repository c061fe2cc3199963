//! Everything about one market but its book.

use heddle_num::Quote;
use heddle_rpc_api::Market;
use heddle_rpc_api::decimal;

use crate::figures;

/// A few lines.
pub(super) fn text(market: &Market, now_ms: u64) -> String {
    let price = |price: &Option<String>| price.clone().unwrap_or_else(|| "none".to_owned());
    let size = |lots: u64| decimal(lots.into(), market.size_decimals);
    let mut lines = vec![
        format!("{}  {}", market.name, mode_of(market, now_ms)),
        format!(
            "prices    mark {}   index {}   last {}",
            price(&market.mark_ui),
            price(&market.index_ui),
            price(&market.last_ui)
        ),
        format!(
            "orders    tick {}   lot {}   size {} to {}   worth {} {} at least",
            market.tick_ui,
            market.lot_ui,
            size(market.lots_min.get()),
            size(market.lots_max.get()),
            figures::money(market.notional_min, market.quote_decimals),
            market.quote_asset
        ),
    ];
    if let Some(band) = &market.band {
        lines.push(format!("band      trades from {} to {}", band.low_ui, band.high_ui));
    }
    lines.push(format!("funding   {}", funding(market, now_ms)));
    lines.push(format!("interest  {} open", market.open_interest_ui));
    lines.push(format!("margin    {}", margin(market)));
    if let Some(fees) = market.fees.first() {
        let (taker, maker) = (figures::percent(fees.taker_ppm), figures::percent(fees.maker_ppm));
        lines.push(format!("fees      taker {taker}, maker {maker}"));
    }
    lines.join("\n")
}

/// The mode, and what that means for whoever wants to trade.
fn mode_of(market: &Market, now_ms: u64) -> String {
    let due = market.auction_ms.map(|due| figures::until(due, now_ms)).unwrap_or_default();
    let says = match market.mode.as_str() {
        "cancelOnly" => "orders can only be cancelled until prices are fresh",
        "opening" | "auction" | "batch" => {
            return format!("{}: orders collect, and trade at one price in {due}", market.mode);
        }
        "halted" => "stopped by its authority; orders can be cancelled",
        "frozen" => "it broke; nothing happens here any more",
        "closed" => "it is over; orders can be cancelled",
        _ if !market.price_use.increase => "prices are old: only orders that reduce are taken",
        _ => return market.mode.clone(),
    };
    format!("{}: {says}", market.mode)
}

fn funding(market: &Market, now_ms: u64) -> String {
    let rate = market.funding.rate_ppm;
    let who = match rate {
        1.. => "longs pay shorts",
        0 => "nobody pays",
        _ => "shorts pay longs",
    };
    let every = figures::span(market.funding.interval_ms);
    let next = market.funding.next_ms.map(|next| figures::until(next, now_ms));
    let next = next.map(|next| format!(", next in {next}")).unwrap_or_default();
    format!("{} for 8 h, {who}, paid every {every}{next}", figures::percent(rate))
}

/// Such as `2% (50x) up to 100000.00, 5% (20x) up to 1000000.00, 10% (10x) above`.
fn margin(market: &Market) -> String {
    let tiers = market.tiers.iter().map(|tier| {
        let up_to = |max: Quote| format!("up to {}", figures::money(max, market.quote_decimals));
        let part = tier.notional_max.map_or_else(|| "above".to_owned(), up_to);
        let leverage = 1_000_000 / tier.initial_ppm.max(1);
        format!("{} ({leverage}x) {part}", figures::percent(tier.initial_ppm))
    });
    tiers.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::tests::btc;

    #[test]
    fn a_market_is_told_in_human_units() {
        let expected = "\
BTC-PERP  continuous
prices    mark 60000.0   index 60000.0   last none
orders    tick 0.1   lot 0.001   size 0.001 to 1000.000   worth 5.00 USD at least
band      trades from 54000.0 to 66000.0
funding   0.01% for 8 h, longs pay shorts, paid every 1 h, next in 16 min
interest  0.000 open
margin    2% (50x) up to 1000000.00, 10% (10x) above
fees      taker 0.045%, maker 0.015%";
        assert_eq!(text(&btc(), 0), expected);
    }

    #[test]
    fn a_mode_that_takes_no_orders_says_so() {
        let check = |mode: &str, words: &str| {
            let market = Market { mode: mode.to_owned(), auction_ms: Some(2_500), ..btc() };
            let told = mode_of(&market, 500);
            assert!(told.contains(words), "{told}");
        };
        check("cancelOnly", "only be cancelled until prices are fresh");
        check("opening", "at one price in 2 s");
        check("halted", "stopped by its authority");
        let mut market = btc();
        market.price_use.increase = false;
        assert!(mode_of(&market, 0).contains("prices are old"));
    }
}
