//! What an order wants, from words to what the exchange understands.

use clap::Args;
use clap::ValueEnum;
use heddle_clearing::NewOrder;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_num::Ticks;
use heddle_rpc_api::Market;
use heddle_rpc_api::decimal;
use heddle_rpc_api::parse_decimal;
use heddle_types::Millis;
use heddle_types::UnixMillis;
use heddle_validator::home;

use crate::error::CliError;
use crate::grid;

/// What an order wants.
#[derive(Clone, Debug, Args)]
pub(super) struct SpecArgs {
    /// How much, such as 0.1
    #[arg(value_name = "SIZE")]
    size: String,
    /// The worst price, such as @60000, or `market` for whatever the book has now, within --slippage of the mark
    #[arg(value_name = "@PRICE|market")]
    price: String,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    trigger: TriggerArgs,
    /// Only make the position smaller
    #[arg(long)]
    reduce_only: bool,
    /// An iceberg: show this much of it at a time
    #[arg(long, value_name = "SIZE")]
    display: Option<String>,
    /// Your own number for it, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    client_id: Option<u64>,
    /// What happens where it meets an order of your own
    #[arg(long, value_name = "RULE", value_enum, default_value_t = OwnOrder::CancelProvide)]
    self_trade: OwnOrder,
    /// How far from the mark, or from the trigger, `market` may go
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent, default_value = "1%")]
    slippage: u32,
}

/// How long it stays; until it is cancelled unless it is said.
#[derive(Clone, Debug, Args)]
#[group(multiple = false)]
struct TimeArgs {
    /// Never take: cancelled if it would trade at once
    #[arg(long)]
    post_only: bool,
    /// What cannot trade at once is cancelled
    #[arg(long)]
    ioc: bool,
    /// All of it at once, or nothing
    #[arg(long)]
    fok: bool,
    /// Expires after this long, such as 10m
    #[arg(long, value_name = "TIME", value_parser = home::parse_span)]
    until: Option<Millis>,
}

/// What it waits for.
#[derive(Clone, Debug, Args)]
#[group(multiple = false)]
struct TriggerArgs {
    /// Wait until the mark price moved against you to this price: above it to buy, below it to sell
    #[arg(long, value_name = "PRICE")]
    stop: Option<String>,
    /// Wait until the mark price moved in your favour to this price: below it to buy, above it to sell
    #[arg(long, value_name = "PRICE")]
    take_profit: Option<String>,
}

/// What happens where it meets an order of your own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OwnOrder {
    /// The rest of this order is cancelled
    Abort,
    /// The resting order is cancelled
    CancelProvide,
    /// Both get smaller
    Decrement,
}

/// A percentage in millionths.
fn parse_percent(text: &str) -> Result<u32, String> {
    let digits = text.strip_suffix('%').unwrap_or(text);
    let ppm = parse_decimal(digits, 4).ok().and_then(|ppm| u32::try_from(ppm).ok());
    ppm.filter(|ppm| *ppm <= 1_000_000)
        .ok_or_else(|| "expected a percentage from 0 to 100 such as 0.5%".to_owned())
}

impl SpecArgs {
    /// As the exchange understands it.
    pub(super) fn order(
        &self,
        side: Side,
        market: &Market,
        now: UnixMillis,
    ) -> Result<NewOrder, CliError> {
        let trigger = self.trigger.trigger(side, market)?;
        let is_market = self.price == "market";
        if is_market && (self.time.post_only || self.time.until.is_some()) {
            return Err(CliError::usage(
                "@PRICE: found market with an order that rests, expected a price; name one such as @60000",
            ));
        }
        if is_market && trigger.is_none() && collects(market) {
            return Err(CliError::refused(format!(
                "@PRICE: found market, but {} collects orders for an auction ({}); name a price such as @{}, or wait a moment",
                market.name,
                market.mode,
                market.mark_ui.as_deref().unwrap_or("60000")
            )));
        }
        let price = if is_market {
            self.market_price(side, market, trigger.map(|trigger| trigger.price))?
        } else {
            grid::price("@PRICE", &self.price, market)?
        };
        let display = self.display.as_deref();
        Ok(NewOrder {
            client: self.client_id.unwrap_or(0),
            side,
            price,
            lots: grid::size("SIZE", &self.size, market)?,
            time_in_force: self.time.time_in_force(is_market, now),
            reduce_only: self.reduce_only,
            self_trade: match self.self_trade {
                OwnOrder::Abort => SelfTrade::Abort,
                OwnOrder::CancelProvide => SelfTrade::CancelProvide,
                OwnOrder::Decrement => SelfTrade::DecrementTake,
            },
            trigger,
            display: display.map(|size| grid::size("--display", size, market)).transpose()?,
        })
    }

    /// The worst price of an order at the market: the slippage away from the mark or the trigger, and within the market's band.
    fn market_price(
        &self,
        side: Side,
        market: &Market,
        trigger: Option<Ticks>,
    ) -> Result<Ticks, CliError> {
        let Some(from) = trigger.or(market.mark) else {
            return Err(CliError::refused(format!(
                "@PRICE: found market, but {} has no mark price yet; name a price such as @60000",
                market.name
            )));
        };
        let from_ticks = u64::from(from.get());
        let away = from_ticks * u64::from(self.slippage) / 1_000_000;
        let ticks = match side {
            Side::Buy => from_ticks + away,
            Side::Sell => from_ticks - away,
        };
        let ticks = Ticks::new(u32::try_from(ticks).unwrap_or(u32::MAX).max(1));
        match &market.band {
            Some(band) if trigger.is_none() => Ok(ticks.clamp(band.low, band.high)),
            Some(_) | None => Ok(ticks),
        }
    }
}

/// Whether orders wait for an auction, so that what must trade at once is refused.
fn collects(market: &Market) -> bool {
    matches!(market.mode.as_str(), "opening" | "auction" | "batch")
}

impl TimeArgs {
    fn time_in_force(&self, is_market: bool, now: UnixMillis) -> TimeInForce {
        match self.until {
            Some(span) => TimeInForce::GoodTillTime(now.after(span)),
            None if self.post_only => TimeInForce::PostOnly,
            None if self.fok => TimeInForce::FillOrKill,
            None if self.ioc || is_market => TimeInForce::ImmediateOrCancel,
            None => TimeInForce::GoodTillCancelled,
        }
    }
}

impl TriggerArgs {
    fn trigger(&self, side: Side, market: &Market) -> Result<Option<Trigger>, CliError> {
        let (what, price, is_stop) = match (&self.stop, &self.take_profit) {
            (Some(price), _) => ("--stop", price, true),
            (None, Some(price)) => ("--take-profit", price, false),
            (None, None) => return Ok(None),
        };
        let when = match (side, is_stop) {
            (Side::Buy, true) | (Side::Sell, false) => TriggerWhen::AtOrAbove,
            (Side::Sell, true) | (Side::Buy, false) => TriggerWhen::AtOrBelow,
        };
        Ok(Some(Trigger { when, price: grid::price(what, price, market)? }))
    }
}

/// Such as `buy 0.100 BTC-PERP at 60000.0 or better`.
pub(super) fn words(order: &NewOrder, market: &Market) -> String {
    let price = |price: Ticks| decimal(price.get().into(), market.price_decimals);
    let size = decimal(order.lots.get().into(), market.size_decimals);
    let side = match order.side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    };
    let mut words = format!("{side} {size} {} at {} or better", market.name, price(order.price));
    if let Some(trigger) = order.trigger {
        let when = match trigger.when {
            TriggerWhen::AtOrAbove => "at or above",
            TriggerWhen::AtOrBelow => "at or below",
        };
        words.push_str(&format!(", once the mark is {when} {}", price(trigger.price)));
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use heddle_num::Lots;

    use super::*;
    use crate::grid::tests::btc;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        spec: SpecArgs,
    }

    fn order(side: Side, line: &str) -> Result<NewOrder, String> {
        let words = std::iter::once("order").chain(line.split(' '));
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        let order = line.spec.order(side, &btc(), UnixMillis::new(1_000));
        order.map_err(|error| error.to_string())
    }

    fn buy(line: &str) -> NewOrder {
        order(Side::Buy, line).unwrap()
    }

    #[test]
    fn an_order_is_what_its_words_say() {
        let plain = buy("0.1 @60000");
        assert_eq!((plain.price, plain.lots), (Ticks::new(600_000), Lots::new(100)));
        assert_eq!(plain.time_in_force, TimeInForce::GoodTillCancelled);
        assert_eq!(buy("0.1 60000 --post-only").time_in_force, TimeInForce::PostOnly);
        assert_eq!(buy("0.1 @1 --ioc").time_in_force, TimeInForce::ImmediateOrCancel);
        assert_eq!(buy("0.1 @1 --fok").time_in_force, TimeInForce::FillOrKill);
        let until = TimeInForce::GoodTillTime(UnixMillis::new(601_000));
        assert_eq!(buy("0.1 @1 --until 10m").time_in_force, until);
        assert!(buy("0.1 @1 --reduce-only").reduce_only);
        assert_eq!(buy("0.1 @1 --display 0.01").display, Some(Lots::new(10)));
        assert_eq!(buy("0.1 @1 --client-id 7").client, 7);
        assert_eq!(buy("0.1 @1 --self-trade abort").self_trade, SelfTrade::Abort);
    }

    #[test]
    fn an_order_at_the_market_goes_no_further_than_the_slippage_and_the_band() {
        let market = buy("0.1 market");
        assert_eq!(market.price, Ticks::new(606_000));
        assert_eq!(market.time_in_force, TimeInForce::ImmediateOrCancel);
        let sell = order(Side::Sell, "0.1 market --slippage 0.5%").unwrap();
        assert_eq!(sell.price, Ticks::new(597_000));
        assert_eq!(buy("0.1 market --slippage 50").price, Ticks::new(660_000));
        assert_eq!(buy("0.1 market --fok").time_in_force, TimeInForce::FillOrKill);
        // From the trigger on, wherever the band is by then.
        assert_eq!(buy("0.1 market --stop 70000").price, Ticks::new(707_000));
    }

    #[test]
    fn an_order_at_the_market_is_not_sent_to_one_that_collects_orders() {
        let market = Market { mode: "opening".to_owned(), ..btc() };
        let order = |line: &str| {
            let line = Line::try_parse_from(["order"].into_iter().chain(line.split(' '))).unwrap();
            line.spec.order(Side::Buy, &market, UnixMillis::new(1)).map_err(|e| e.to_string())
        };
        assert!(order("0.1 market").unwrap_err().contains("such as @60000.0, or wait"));
        assert!(order("0.1 @60000").is_ok());
        assert!(order("0.1 market --stop 61000").is_ok());
    }

    #[test]
    fn a_stop_waits_for_the_bad_side_and_a_take_profit_for_the_good_one() {
        let when = |side, line: &str| order(side, line).unwrap().trigger.unwrap().when;
        assert_eq!(when(Side::Buy, "1 @1 --stop 61000"), TriggerWhen::AtOrAbove);
        assert_eq!(when(Side::Sell, "1 @1 --stop 59000"), TriggerWhen::AtOrBelow);
        assert_eq!(when(Side::Buy, "1 @1 --take-profit 59000"), TriggerWhen::AtOrBelow);
        assert_eq!(when(Side::Sell, "1 @1 --take-profit 61000"), TriggerWhen::AtOrAbove);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let refused = |line: &str| order(Side::Buy, line).unwrap_err();
        assert!(refused("0.1 market --post-only").contains("a price"));
        assert!(refused("0.1 @1 --ioc --fok").contains("cannot be used with"));
        assert!(refused("0.1 @1 --stop 1 --take-profit 2").contains("cannot be used with"));
        assert!(refused("0.1 @1 --client-id 0").contains("0"));
        assert!(refused("0.1 @1 --slippage 101%").contains("from 0 to 100"));
        assert!(refused("0.1 @1 --stop 1.23").contains("--stop: found 1.23"));
    }

    #[test]
    fn an_order_is_told_in_human_units() {
        let order = buy("0.1 @61000 --stop 60900");
        let expected =
            "buy 0.100 BTC-PERP at 61000.0 or better, once the mark is at or above 60900.0";
        assert_eq!(words(&order, &btc()), expected);
    }
}
