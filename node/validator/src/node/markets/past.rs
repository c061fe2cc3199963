//! The past of markets and orders as the API has it.

use heddle_clearing::ClearingEvent;
use heddle_clearing::CloseReason;
use heddle_clearing::OrderId;
use heddle_clearing::Side;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::SignedLots;
use heddle_num::mul_div;
use heddle_rpc_api as api;

use super::account;
use super::history::Past;
use super::history::When;
use super::units::Grid;

/// `getTrades`.
pub(super) fn trades(past: &Past, limit: usize, grid: Grid<'_>) -> Vec<api::Trade> {
    past.trades.iter().rev().take(limit).map(|record| trade(record, grid)).collect()
}

fn trade((when, trade): &(When, Trade), grid: Grid<'_>) -> api::Trade {
    api::Trade {
        height: when.height,
        time_ms: when.time.get(),
        price: trade.price,
        price_ui: grid.price(trade.price),
        lots: trade.lots,
        size_ui: grid.size(trade.lots),
        side: account::side(trade.taker_side).to_owned(),
        kind: match trade.kind {
            TradeKind::Continuous => "continuous",
            TradeKind::Auction => "auction",
            TradeKind::Liquidation => "liquidation",
        }
        .to_owned(),
        taker: order_name(trade.taker),
        maker: order_name(trade.maker),
    }
}

fn order_name(id: OrderId) -> api::OrderName {
    api::OrderName { account: id.account.get(), number: id.number }
}

/// `getFundingHistory`.
pub(super) fn funding(past: &Past, limit: usize, grid: Grid<'_>) -> Vec<api::FundingPayment> {
    let payment = |(when, event): &(When, ClearingEvent)| match event {
        ClearingEvent::FundingPaid(paid) => Some(api::FundingPayment {
            height: when.height,
            time_ms: when.time.get(),
            rate_ppm: i32::try_from(paid.rate).unwrap_or(i32::MAX),
            price: paid.price,
            price_ui: grid.price(paid.price),
            index: paid.index.to_string(),
        }),
        _ => None,
    };
    past.funding.iter().rev().take(limit).filter_map(payment).collect()
}

/// `getLiquidations`.
pub(super) fn liquidations(past: &Past, limit: usize, grid: Grid<'_>) -> Vec<api::Liquidation> {
    past.liquidations
        .iter()
        .rev()
        .take(limit)
        .filter_map(|record| liquidation(record, grid))
        .collect()
}

fn liquidation((when, event): &(When, ClearingEvent), grid: Grid<'_>) -> Option<api::Liquidation> {
    let (kind, account, lots, amount) = match event {
        ClearingEvent::LiquidationOrdered(e) => ("toBook", e.account, Some(e.lots), Some(e.equity)),
        ClearingEvent::PositionHandedOver(e) => {
            ("toBackstop", e.account, Some(e.lots), Some(e.paid))
        }
        ClearingEvent::Deleveraged(e) => ("deleveraged", e.account, Some(e.lots), Some(e.paid)),
        ClearingEvent::LossShared(e) => ("lossShared", e.account, None, Some(e.amount)),
        _ => return None,
    };
    Some(api::Liquidation {
        height: when.height,
        time_ms: when.time.get(),
        kind: kind.to_owned(),
        account: account.get(),
        lots: lots.map(SignedLots::abs),
        size_ui: lots.map(|lots| grid.size(lots.abs())),
        amount,
    })
}

/// An order and what is left of it, if it is open.
pub(super) struct Asked {
    pub(super) id: OrderId,
    pub(super) open: Option<api::OpenOrder>,
}

/// `getOrder`.
pub(super) fn order(past: &Past, asked: Asked, grid: Grid<'_>) -> api::OrderStatus {
    let Asked { id, open } = asked;
    let fills: Vec<&(When, Trade)> = past.fills(id).collect();
    let filled = fills.iter().fold(0_u64, |sum, (_, trade)| sum.saturating_add(trade.lots.get()));
    let closing = past.closing(id).filter(|_| open.is_none());
    let left = match (&open, closing) {
        (Some(open), _) => open.lots,
        (None, Some(closing)) => closing.lots,
        (None, None) => Lots::ZERO,
    };
    let state = match (&open, closing) {
        (Some(open), _) if open.trigger.is_some() => api::OrderState::Waiting,
        (Some(_), _) => api::OrderState::Resting,
        (None, Some(_)) => api::OrderState::Closed,
        (None, None) if fills.is_empty() => api::OrderState::Gone,
        (None, None) => api::OrderState::Filled,
    };
    let traded_as = fills.first().map(|(_, trade)| account::side(side_of(trade, id)));
    let lots = Lots::new(filled.saturating_add(left.get()));
    api::OrderStatus {
        account: id.account.get(),
        number: id.number,
        market: grid.id.get(),
        name: grid.name(),
        state,
        side: open.as_ref().map(|open| open.side.as_str()).or(traded_as).unwrap_or("").to_owned(),
        price_ui: open.map(|open| open.price_ui).unwrap_or_default(),
        lots,
        size_ui: grid.size(lots),
        filled: Lots::new(filled),
        filled_ui: grid.size(Lots::new(filled)),
        average_price_ui: average_hundredths(&fills).map(|price| grid.fine_price(price)),
        left,
        left_ui: grid.size(left),
        reason: closing.map(|closing| reason(closing.reason).to_owned()),
        fills: fills.into_iter().map(|record| trade(record, grid)).collect(),
    }
}

/// What an order did in a trade of its.
fn side_of(trade: &Trade, id: OrderId) -> Side {
    if trade.taker == id { trade.taker_side } else { trade.taker_side.opposite() }
}

/// Rounded to the nearest; none without a trade.
fn average_hundredths(fills: &[&(When, Trade)]) -> Option<i128> {
    let lots = |trade: &Trade| i128::from(trade.lots.get());
    let sum = fills.iter().try_fold(Quote::ZERO, |sum, (_, trade)| {
        let worth = i128::from(trade.price.get()).checked_mul(lots(trade))?;
        sum.checked_add(Quote::new(worth))
    })?;
    let all = fills.iter().map(|(_, trade)| lots(trade)).sum();
    mul_div(sum.get(), 100, all, Rounding::HalfUp)
}

const fn reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Unfilled => "unfilled",
        CloseReason::Killed => "killed",
        CloseReason::WouldTake => "wouldTake",
        CloseReason::Expired => "expired",
        CloseReason::SelfTrade => "selfTrade",
        CloseReason::NothingToReduce => "nothingToReduce",
        CloseReason::OpenInterestCap => "openInterestCap",
        CloseReason::MatchLimit => "matchLimit",
        CloseReason::CancelAfter => "cancelAfter",
        CloseReason::OutsideBand => "outsideBand",
        CloseReason::MarketClosed => "marketClosed",
        CloseReason::MarketFrozen => "marketFrozen",
        CloseReason::BookFull => "bookFull",
    }
}

#[cfg(test)]
mod tests {
    use heddle_clearing::AccountId;
    use heddle_clearing::Closed;
    use heddle_clearing::MarketId;
    use heddle_exchange::Market;
    use heddle_exchange::MarketRules;
    use heddle_num::Ppm;
    use heddle_num::Ticks;
    use heddle_rpc_api::OrderState;
    use heddle_types::Height;
    use heddle_types::Millis;
    use heddle_types::UnixMillis;

    use super::*;

    const OURS: OrderId = OrderId { account: AccountId::new(4), number: 9 };
    const THEIRS: OrderId = OrderId { account: AccountId::new(5), number: 9 };

    fn listing() -> Market {
        let rules = MarketRules {
            band: Ppm::new(100_000),
            breaker: None,
            opening: Millis::new(1_000),
            batch: None,
            lots_min: Lots::new(1),
            lots_max: Lots::new(1_000),
            notional_min: Quote::ZERO,
        };
        let name = "BTC-PERP".parse().unwrap();
        Market { name, price_decimals: 1, size_decimals: 3, rules }
    }

    /// Ours took 2 lots at 100 ticks and 1 lot at 101, from an order to sell.
    fn past() -> Past {
        let mut past = Past::default();
        for (price, lots) in [(100, 2), (101, 1)] {
            let when = When { height: Height::new(price), time: UnixMillis::new(1) };
            let price = Ticks::new(u32::try_from(price).unwrap());
            let kind = TradeKind::Continuous;
            let trade = Trade {
                maker: THEIRS,
                taker: OURS,
                taker_side: Side::Buy,
                price,
                lots: Lots::new(lots),
                kind,
            };
            past.trades.push_back((when, trade));
        }
        past
    }

    fn ask(past: &Past, id: OrderId, open: Option<api::OpenOrder>) -> api::OrderStatus {
        let listing = listing();
        order(past, Asked { id, open }, Grid { id: MarketId::new(0), listing: &listing })
    }

    fn open(trigger: Option<api::Trigger>) -> api::OpenOrder {
        api::OpenOrder {
            market: 0,
            name: "BTC-PERP".to_owned(),
            number: 9,
            client: None,
            side: "buy".to_owned(),
            price: Ticks::new(102),
            price_ui: "10.2".to_owned(),
            lots: Lots::new(7),
            size_ui: "0.007".to_owned(),
            reduce_only: false,
            time_in_force: "goodTillCancelled".to_owned(),
            until_ms: None,
            trigger,
            display: None,
        }
    }

    #[test]
    fn an_order_that_traded_in_full_has_its_average_price() {
        let status = ask(&past(), OURS, None);
        assert_eq!((status.state, status.side.as_str()), (OrderState::Filled, "buy"));
        // 301 / 3 ticks.
        assert_eq!(status.average_price_ui.as_deref(), Some("10.033"));
        assert_eq!((status.lots.get(), status.filled.get(), status.left.get()), (3, 3, 0));
        assert_eq!(status.fills.len(), 2);
        assert_eq!(ask(&past(), THEIRS, None).side, "sell");
    }

    #[test]
    fn an_order_that_is_open_rests_or_waits() {
        let status = ask(&past(), OURS, Some(open(None)));
        assert_eq!((status.state, status.lots.get()), (OrderState::Resting, 10));
        assert_eq!((status.left_ui.as_str(), status.price_ui.as_str()), ("0.007", "10.2"));
        let trigger = api::Trigger {
            when: "atOrAbove".to_owned(),
            price: Ticks::new(1),
            price_ui: "0.1".to_owned(),
        };
        let waiting = ask(&Past::default(), OURS, Some(open(Some(trigger))));
        assert_eq!((waiting.state, waiting.filled.get()), (OrderState::Waiting, 0));
        assert_eq!(waiting.average_price_ui, None);
    }

    #[test]
    fn an_order_that_the_market_closed_says_why_and_one_that_is_forgotten_is_gone() {
        let mut past = past();
        let when = When { height: Height::new(1), time: UnixMillis::new(1) };
        let reason = CloseReason::Unfilled;
        past.closed.push_back((when, Closed { id: OURS, lots: Lots::new(5), reason }));
        let status = ask(&past, OURS, None);
        assert_eq!((status.state, status.left.get()), (OrderState::Closed, 5));
        assert_eq!(
            (status.reason.as_deref(), status.size_ui.as_str()),
            (Some("unfilled"), "0.008")
        );
        assert_eq!(ask(&Past::default(), OURS, None).state, OrderState::Gone);
    }
}
