//! What RPC clients are told of markets, margin accounts and orders.

mod account;
mod books;
mod history;
mod listing;
mod past;
mod units;

use std::sync::atomic::Ordering;

use heddle_clearing::AccountId;
use heddle_clearing::MarketId;
use heddle_clearing::OrderId;
use heddle_exchange::query::Query;
use heddle_rpc_api as api;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::MarketName;
use heddle_rpc_api::RpcError;
use heddle_state::State;
use heddle_types::Height;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::Value;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::node::clock;
use crate::node::shared::Shared;
use crate::rpc::Question;

pub(crate) use books::Books;
pub(crate) use history::History;
pub(crate) use history::When;

use history::Past;
use past::Asked;
use units::Grid;

/// One state, and the height after which it is.
struct At {
    state: State,
    height: Height,
}

impl At {
    /// The newest state.
    fn newest(shared: &Shared) -> Self {
        let state = shared.state.read();
        let height = shared.executed_height.load(Ordering::SeqCst);
        Self { state: state.clone(), height: Height::new(height) }
    }

    fn value(&self, key: &StateKey) -> Option<Value> {
        self.state.entry(key).map(|entry| entry.value)
    }
}

/// The answer to a question about markets, as JSON.
pub(crate) fn answer(shared: &Shared, question: &Question) -> Result<Box<RawValue>, RpcError> {
    let at = At::newest(shared);
    match question {
        Question::GetMarkets(api::GetMarkets {}) => json(&markets(&at)),
        Question::GetOrderBook(request) => json(&order_book(&at, &shared.books, request)?),
        Question::GetMarginAccount(request) => json(&margin_account(&at, request)?),
        Question::GetOpenOrders(request) => json(&open_orders(&at, &shared.books, request)?),
        Question::GetOrder(request) => json(&order(shared, &at, request)?),
        Question::GetTrades(request) => {
            let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
            json(&look_back(shared, &at, &request.market, |past, grid| {
                past::trades(past, limit, grid)
            })?)
        }
        Question::GetFundingHistory(request) => {
            let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
            json(&look_back(shared, &at, &request.market, |past, grid| {
                past::funding(past, limit, grid)
            })?)
        }
        Question::GetLiquidations(request) => {
            let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
            json(&look_back(shared, &at, &request.market, |past, grid| {
                past::liquidations(past, limit, grid)
            })?)
        }
    }
}

/// What happened in a market, as `look` has it.
fn look_back<T>(
    shared: &Shared,
    at: &At,
    name: &MarketName,
    look: impl FnOnce(&Past, Grid<'_>) -> T,
) -> Result<T, RpcError> {
    let read = |key: &StateKey| at.value(key);
    let query = Query::new(&read);
    let id = market_of(&query, name)?;
    let listing = query.listing(id).ok_or_else(|| no_market(name))?;
    let grid = Grid { id, listing: &listing };
    let durable = shared.durable.read().height;
    let past = shared.history.past(&shared.storage, durable, id, |past| look(past, grid));
    past.map_err(|error| RpcError::new(ErrorKind::Internal, error.to_string()))
}

/// `getOrder`.
fn order(shared: &Shared, at: &At, request: &api::GetOrder) -> Result<api::OrderStatus, RpcError> {
    let number = request.number;
    let open = open_orders(
        at,
        &shared.books,
        &api::GetOpenOrders { account: request.account, market: Some(request.market.clone()) },
    )?;
    let open = open.into_iter().find(|order| order.number == number);
    let read = |key: &StateKey| at.value(key);
    let account = account_of(&Query::new(&read), &request.account)?;
    let asked = Asked { id: OrderId { account, number }, open };
    look_back(shared, at, &request.market, |past, grid| past::order(past, asked, grid))
}

fn json<T: Serialize>(reply: &T) -> Result<Box<RawValue>, RpcError> {
    let reply = serde_json::value::to_raw_value(reply);
    reply.map_err(|error| RpcError::new(ErrorKind::Internal, format!("result: {error}")))
}

/// `getMarkets`.
fn markets(at: &At) -> Vec<api::Market> {
    let read = |key: &StateKey| at.value(key);
    let query = Query::new(&read);
    let money = units::money(&read);
    query
        .markets()
        .filter_map(|id| Some(listing::market(&query.market(id, clock::wall())?, &money)))
        .collect()
}

/// `getOrderBook`.
fn order_book(
    at: &At,
    books: &Books,
    request: &api::GetOrderBook,
) -> Result<api::OrderBook, RpcError> {
    let read = |key: &StateKey| at.value(key);
    let query = Query::new(&read);
    let id = market_of(&query, &request.market)?;
    let listing = query.listing(id).ok_or_else(|| no_market(&request.market))?;
    let book = books.book(&query, id, at.height)?;
    let depth = usize::try_from(request.depth).unwrap_or(usize::MAX);
    Ok(listing::order_book((id, &listing), at.height, &book, depth))
}

/// `getMarginAccount`.
fn margin_account(
    at: &At,
    request: &api::GetMarginAccount,
) -> Result<api::MarginAccount, RpcError> {
    let read = |key: &StateKey| at.value(key);
    let query = Query::new(&read);
    let id = account_of(&query, &request.0)?;
    let view = query.account(id).ok_or_else(|| no_account(&request.0))?;
    let listings = |market| query.listing(market);
    Ok(account::margin_account(&view, at.height, &units::money(&read), listings))
}

/// `getOpenOrders`.
fn open_orders(
    at: &At,
    books: &Books,
    request: &api::GetOpenOrders,
) -> Result<Vec<api::OpenOrder>, RpcError> {
    let read = |key: &StateKey| at.value(key);
    let query = Query::new(&read);
    let id = account_of(&query, &request.account)?;
    let wanted = match &request.market {
        Some(name) => vec![market_of(&query, name)?],
        None => query.markets().collect(),
    };
    let mut found = Vec::new();
    for market in wanted {
        let orders = query.open_orders(id, market);
        let Some(listing) = query.listing(market).filter(|_| !orders.is_empty()) else { continue };
        let book = books.book(&query, market, at.height)?;
        let orders = orders.as_slice().iter();
        found.extend(orders.map(|order| account::open_order((market, &listing), order, id, &book)));
    }
    Ok(found)
}

fn market_of(query: &Query<'_>, name: &MarketName) -> Result<MarketId, RpcError> {
    let id = match name {
        MarketName::Number(number) => Some(MarketId::new(*number)),
        MarketName::Name(name) => query.market_named(name),
    };
    id.filter(|id| query.listing(*id).is_some()).ok_or_else(|| no_market(name))
}

fn account_of(query: &Query<'_>, name: &AccountName) -> Result<AccountId, RpcError> {
    match name {
        AccountName::Number { account } => Ok(AccountId::new(*account)),
        AccountName::Owner { address, sub } => {
            query.account_of(address, *sub).ok_or_else(|| no_account(name))
        }
    }
}

fn no_market(name: &MarketName) -> RpcError {
    let found = match name {
        MarketName::Number(number) => number.to_string(),
        MarketName::Name(name) => format!("{name:?}"),
    };
    not_found(format!("market: found {found}, expected one of those that getMarkets lists"))
}

fn no_account(name: &AccountName) -> RpcError {
    not_found(match name {
        AccountName::Number { account } => {
            format!("account: found {account}, expected the number of a margin account")
        }
        AccountName::Owner { address, sub } => format!(
            "address: found {address} without margin account {sub}, expected one that was paid into"
        ),
    })
}

fn not_found(message: String) -> RpcError {
    RpcError::new(ErrorKind::NotFound, message)
}
