//! Prices and sizes as people type them, onto a market's ticks and lots.

use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_rpc_api::DecimalError;
use heddle_rpc_api::Market;
use heddle_rpc_api::decimal;
use heddle_rpc_api::parse_decimal;

use crate::error::CliError;

/// The price that a text means in this market.
pub(crate) fn price(what: &str, text: &str, market: &Market) -> Result<Ticks, CliError> {
    let digits = text.strip_prefix('@').unwrap_or(text);
    let parsed = parse_decimal(digits, market.price_decimals);
    let ticks = parsed.map(|units| u32::try_from(units).ok().filter(|ticks| *ticks > 0));
    match ticks {
        Ok(Some(ticks)) => Ok(Ticks::new(ticks)),
        Ok(None) | Err(DecimalError::TooLarge) => Err(CliError::usage(format!(
            "{what}: found {text}, expected a price from {} to {}; correct it",
            market.tick_ui,
            decimal(u32::MAX.into(), market.price_decimals)
        ))),
        Err(DecimalError::TooFine) => Err(CliError::usage(format!(
            "{what}: found {text}, expected a multiple of {}'s tick, {}; round it",
            market.name, market.tick_ui
        ))),
        Err(DecimalError::NotDecimal) => Err(CliError::usage(format!(
            "{what}: found {text}, expected a price such as {}; correct it",
            example_price(market)
        ))),
    }
}

/// The size that a text means in this market.
pub(crate) fn size(what: &str, text: &str, market: &Market) -> Result<Lots, CliError> {
    let range = |lots: Lots| {
        let expected = (market.lots_min, market.lots_max);
        if (expected.0..=expected.1).contains(&lots) {
            return Ok(lots);
        }
        let ui = |lots: Lots| decimal(lots.get().into(), market.size_decimals);
        Err(CliError::usage(format!(
            "{what}: found {text}, expected from {} to {} in {}; correct it",
            ui(expected.0),
            ui(expected.1),
            market.name
        )))
    };
    match parse_decimal(text, market.size_decimals) {
        Ok(lots) => range(Lots::new(u64::try_from(lots).unwrap_or(u64::MAX))),
        Err(DecimalError::TooLarge) => range(Lots::MAX),
        Err(DecimalError::TooFine) => Err(CliError::usage(format!(
            "{what}: found {text}, expected a multiple of {}'s lot, {}; round it",
            market.name, market.lot_ui
        ))),
        Err(DecimalError::NotDecimal) => Err(CliError::usage(format!(
            "{what}: found {text}, expected a size such as {}; correct it",
            decimal(market.lots_min.get().saturating_mul(100).into(), market.size_decimals)
        ))),
    }
}

fn example_price(market: &Market) -> String {
    market.mark_ui.clone().unwrap_or_else(|| decimal(1_000_000, market.price_decimals))
}

#[cfg(test)]
pub(crate) mod tests {
    use heddle_num::Quote;
    use serde_json::json;

    use super::*;

    /// A market with ticks of 0.1 and lots of 0.001, marked at 60,000.0.
    pub(crate) fn btc() -> Market {
        let value = json!({
            "market": 0, "name": "BTC-PERP", "quoteAsset": "USD", "quoteDecimals": 6,
            "priceDecimals": 1, "sizeDecimals": 3, "tickUi": "0.1", "lotUi": "0.001",
            "unitValue": 100, "mode": "continuous", "auctionMs": null,
            "priceUse": { "liquidate": true, "increase": true, "reduce": true },
            "mark": "600000", "markUi": "60000.0", "index": "600000", "indexUi": "60000.0",
            "last": null, "lastUi": null, "bestBid": "599999", "bestBidUi": "59999.9",
            "bestAsk": "600001", "bestAskUi": "60000.1",
            "band": { "low": "540000", "lowUi": "54000.0", "high": "660000", "highUi": "66000.0" },
            "bandPpm": 100_000, "breaker": null,
            "openInterest": "0", "openInterestUi": "0.000", "openInterestMax": "1000000000",
            "positionMax": "100000000", "lotsMin": "1", "lotsMax": "1000000",
            "notionalMin": "5000000",
            "funding": { "ratePpm": 100, "nextMs": 1_000_000, "intervalMs": 3_600_000 },
            "tiers": [
                { "notionalMax": "1000000000000", "initialPpm": 20_000, "maintenancePpm": 10_000 },
                { "notionalMax": null, "initialPpm": 100_000, "maintenancePpm": 50_000 }
            ],
            "fees": [{ "takerPpm": 450, "makerPpm": 150 }],
        });
        let market: Market = serde_json::from_value(value).unwrap();
        assert_eq!(market.notional_min, Quote::new(5_000_000));
        market
    }

    #[test]
    fn a_price_is_a_multiple_of_the_tick() {
        let check = |text: &str| price("PRICE", text, &btc()).map_err(|error| error.to_string());
        assert_eq!(check("@60000.5"), Ok(Ticks::new(600_005)));
        assert_eq!(check("60000"), Ok(Ticks::new(600_000)));
        assert_eq!(check("60000.50"), Ok(Ticks::new(600_005)));
        assert!(check("60000.55").unwrap_err().contains("multiple of BTC-PERP's tick, 0.1"));
        assert!(check("0").unwrap_err().contains("from 0.1 to 429496729.5"));
        assert!(check("429496729.6").unwrap_err().contains("from 0.1"));
        assert!(check(&"9".repeat(50)).unwrap_err().contains("from 0.1"));
        assert!(check("6e4").unwrap_err().contains("a price such as 60000.0"));
        assert!(check("-1").unwrap_err().contains("a price such as"));
    }

    #[test]
    fn a_size_is_a_multiple_of_the_lot_and_within_bounds() {
        let check = |text: &str| size("SIZE", text, &btc()).map_err(|error| error.to_string());
        assert_eq!(check("0.1"), Ok(Lots::new(100)));
        assert_eq!(check("1000"), Ok(Lots::new(1_000_000)));
        assert!(check("0.1234").unwrap_err().contains("multiple of BTC-PERP's lot, 0.001"));
        assert!(check("0").unwrap_err().contains("from 0.001 to 1000.000"));
        assert!(check("1000.001").unwrap_err().contains("from 0.001 to 1000.000"));
        assert!(check("ten").unwrap_err().contains("a size such as 0.100"));
    }
}
