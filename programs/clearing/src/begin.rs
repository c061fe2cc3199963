//! The begin phase: each market's prices and funding, then the risk table of them all.

use heddle_oracle::Snapshot;
use heddle_oracle::read_snapshot;
use heddle_oracle::snapshot_key;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_types::AccessMode;
use heddle_types::UnixMillis;

use crate::error::ClearingError;
use crate::event::ClearingEvent;
use crate::event::FundingPaid;
use crate::event::MarketFrozen;
use crate::ids::MarketId;
use crate::keys;
use crate::mark::BookSummary;
use crate::market::MarketInputs;
use crate::market::MarketState;
use crate::params::MarketParams;
use crate::risk_table::MarketStatus;
use crate::risk_table::RiskRow;
use crate::risk_table::RiskTable;
use crate::state;
use crate::venue::Venue;

/// First byte of a market's item.
const MARKET: u8 = b'm';
/// The risk table's item.
const TABLE: u8 = b't';

/// An item for each market, then one for the table, which waits for them.
pub(crate) fn plan(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let venue = view.read(&keys::venue_key());
    let venue: Option<Venue> = venue.and_then(|value| state::decode(&value).ok());
    let count = venue.map_or(0, |venue| venue.markets);
    if count == 0 {
        return Vec::new();
    }
    let markets = (0..count).map(MarketId::new);
    let mut items: Vec<_> = markets.clone().filter_map(|id| market_item(view, id)).collect();
    items.push(markets.fold(table_item(), |item, market| {
        item.with(keys::params_key(market), AccessMode::Read)
            .with(keys::market_state_key(market), AccessMode::Read)
            .with(keys::book_summary_key(market), AccessMode::Read)
    }));
    items
}

fn market_item(view: &PhaseView<'_>, market: MarketId) -> Option<WorkItem> {
    let params = view.read(&keys::params_key(market))?;
    let params: MarketParams = state::decode(&params).ok()?;
    let item = [&[MARKET], market.get().to_be_bytes().as_slice()].concat();
    let item = WorkItem::new(item)
        .with(keys::params_key(market), AccessMode::Read)
        .with(keys::market_state_key(market), AccessMode::Write)
        .with(keys::book_summary_key(market), AccessMode::Read)
        .with(snapshot_key(params.feed), AccessMode::Read);
    Some(item)
}

fn table_item() -> WorkItem {
    WorkItem::new(vec![TABLE])
        .with(keys::venue_key(), AccessMode::Read)
        .with(keys::risk_table_key(), AccessMode::Write)
}

/// Does one item.
pub(crate) fn run(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let now = ctx.block().time;
    match *ctx.item() {
        [MARKET, high, low] => renew(ctx, market(high, low), now),
        [TABLE] => write_table(ctx),
        _ => Err(ClearingError::CorruptState.into()),
    }
}

/// A market that cannot be renewed is frozen.
pub(crate) fn failed(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let [MARKET, high, low] = *ctx.item() else {
        return Ok(());
    };
    let market = market(high, low);
    let key = keys::market_state_key(market);
    let before: MarketState = state::read(ctx, &key)?.ok_or(ClearingError::UnknownMarket)?;
    state::write(ctx, &key, &MarketState { status: MarketStatus::Frozen, ..before })?;
    Ok(ClearingEvent::from(MarketFrozen { market }).emit(ctx)?)
}

const fn market(high: u8, low: u8) -> MarketId {
    MarketId::new(u16::from_be_bytes([high, low]))
}

fn renew(work: &mut Workspace<'_>, market: MarketId, now: UnixMillis) -> Result<(), CallError> {
    let params = state::read_params(work, market)?;
    let key = keys::market_state_key(market);
    let before: MarketState = state::read(work, &key)?.ok_or(ClearingError::UnknownMarket)?;
    let snapshot: Option<Snapshot> = read_snapshot(work, params.feed)?;
    let book: Option<BookSummary> = state::read(work, &keys::book_summary_key(market))?;
    let mut after = before;
    let inputs =
        MarketInputs { now, params: &params, snapshot: snapshot.as_ref(), book: book.as_ref() };
    if let Some(payment) = after.renew(&inputs)? {
        let (index, price) = (after.funding, after.index);
        let event = FundingPaid { market, rate: payment.rate, index, price };
        ClearingEvent::from(event).emit(work)?;
    }
    if after != before {
        state::write(work, &key, &after)?;
    }
    Ok(())
}

fn write_table(work: &mut Workspace<'_>) -> Result<(), CallError> {
    let venue = state::read_venue(work)?;
    let mut rows = Vec::with_capacity(venue.markets.into());
    for market in (0..venue.markets).map(MarketId::new) {
        let params = state::read_params(work, market)?;
        let market_state = state::read(work, &keys::market_state_key(market))?;
        let market_state = market_state.ok_or(ClearingError::UnknownMarket)?;
        let book: Option<BookSummary> = state::read(work, &keys::book_summary_key(market))?;
        rows.push(RiskRow::of(&params, &market_state, book.as_ref()));
    }
    let (key, table) = (keys::risk_table_key(), RiskTable::new(&venue.fee_volumes, &rows));
    if work.read(&key)?.as_ref() != Some(table.value()) {
        work.write(&key, table.value().clone())?;
    }
    Ok(())
}
