//! Margin accounts, positions and orders as the API has them.

use heddle_clearing::AccountId;
use heddle_clearing::AccountStatus;
use heddle_clearing::MarketId;
use heddle_clearing::OpenOrder;
use heddle_clearing::OrderId;
use heddle_clearing::Place;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_exchange::Book;
use heddle_exchange::Market;
use heddle_exchange::query::AccountView;
use heddle_exchange::query::PositionView;
use heddle_rpc_api as api;
use heddle_rpc_api::decimal;
use heddle_types::Height;

use super::units::Grid;
use super::units::Money;

/// `getMarginAccount`.
pub(super) fn margin_account(
    view: &AccountView,
    height: Height,
    money: &Money,
    listings: impl Fn(MarketId) -> Option<Market>,
) -> api::MarginAccount {
    let AccountView { account, margin, free, withdrawable, positions } = view;
    let position = |view: &PositionView| {
        let id = view.exposure.market;
        let listing = listings(id)?;
        Some(position(view, Grid { id, listing: &listing }, money))
    };
    api::MarginAccount {
        account: account.id.get(),
        owner: account.owner,
        sub: account.sub,
        status: match account.status {
            AccountStatus::Active => "active",
            AccountStatus::Frozen => "frozen",
        }
        .to_owned(),
        isolated: account.isolated.map(MarketId::get),
        is_backstop: account.is_backstop,
        fee_tier: account.fee_tier,
        height,
        quote_asset: money.asset,
        quote_decimals: money.decimals,
        cash: account.cash,
        cash_ui: money.ui(account.cash),
        equity: margin.equity,
        equity_ui: money.ui(margin.equity),
        required: margin.required,
        required_ui: money.ui(margin.required),
        free: *free,
        free_ui: money.ui(*free),
        withdrawable: *withdrawable,
        withdrawable_ui: money.ui(*withdrawable),
        maintenance: margin.maintenance,
        maintenance_ui: money.ui(margin.maintenance),
        leverage_ui: view.leverage_hundredths().map(|hundredths| decimal(hundredths, 2)),
        positions: positions.iter().filter_map(position).collect(),
    }
}

fn position(view: &PositionView, grid: Grid<'_>, money: &Money) -> api::Position {
    api::Position {
        market: grid.id.get(),
        name: grid.name(),
        lots: view.exposure.lots,
        size_ui: grid.position(view.exposure.lots),
        entry: view.exposure.entry,
        entry_price_ui: grid.fine_price(view.entry_hundredths),
        mark: view.mark,
        mark_ui: grid.price(view.mark),
        notional: view.notional,
        notional_ui: money.ui(view.notional),
        unrealised: view.unrealised,
        unrealised_ui: money.ui(view.unrealised),
        funding_due: view.funding_due,
        funding_due_ui: money.ui(view.funding_due),
        required: view.required,
        required_ui: money.ui(view.required),
        maintenance: view.maintenance,
        maintenance_ui: money.ui(view.maintenance),
        liquidation_price: view.liquidation,
        liquidation_price_ui: view.liquidation.map(|price| grid.price(price)),
    }
}

/// One item of `getOpenOrders`. What the account does not keep of an order its book knows.
pub(super) fn open_order(
    (id, listing): (MarketId, &Market),
    order: &OpenOrder,
    account: AccountId,
    book: &Book,
) -> api::OpenOrder {
    let grid = Grid { id, listing };
    let placed = book.order(OrderId { account, number: order.number });
    let (time_in_force, until_ms) = time_in_force(placed.as_ref());
    api::OpenOrder {
        market: id.get(),
        name: grid.name(),
        number: order.number,
        client: Some(order.client).filter(|client| *client != 0).map(|client| client.to_string()),
        side: side(order.side).to_owned(),
        price: order.price,
        price_ui: grid.price(order.price),
        lots: order.lots,
        size_ui: grid.size(order.lots),
        reduce_only: order.reduce_only,
        time_in_force: time_in_force.to_owned(),
        until_ms,
        trigger: placed.as_ref().and_then(|placed| placed.trigger).map(|t| trigger(t, grid)),
        display: placed.and_then(|placed| placed.display),
    }
}

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// Its name, and when the order expires.
fn time_in_force(placed: Option<&Place>) -> (&'static str, Option<u64>) {
    let time_in_force =
        placed.map_or(TimeInForce::GoodTillCancelled, |placed| placed.time_in_force);
    match time_in_force {
        TimeInForce::GoodTillCancelled => ("goodTillCancelled", None),
        TimeInForce::GoodTillTime(end) => ("goodTillTime", Some(end.get())),
        TimeInForce::ImmediateOrCancel => ("immediateOrCancel", None),
        TimeInForce::FillOrKill => ("fillOrKill", None),
        TimeInForce::PostOnly => ("postOnly", None),
    }
}

fn trigger(trigger: Trigger, grid: Grid<'_>) -> api::Trigger {
    let when = match trigger.when {
        TriggerWhen::AtOrAbove => "atOrAbove",
        TriggerWhen::AtOrBelow => "atOrBelow",
    };
    api::Trigger {
        when: when.to_owned(),
        price: trigger.price,
        price_ui: grid.price(trigger.price),
    }
}
