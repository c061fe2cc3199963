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
