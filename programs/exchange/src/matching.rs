//! The match phase: one item for each market, which has the market's book to itself.

use heddle_clearing::BookSummary;
use heddle_clearing::CloseReason;
use heddle_clearing::Closed;
use heddle_clearing::Instruction;
use heddle_clearing::Instructions;
use heddle_clearing::MarketId;
use heddle_clearing::MarketStatus;
use heddle_clearing::Outcome;
use heddle_clearing::RiskRow;
use heddle_clearing::Trade;
use heddle_clearing::market_inbox;
use heddle_clearing::outcome_inbox;
use heddle_num::Lots;
use heddle_sdk::Abort;
use heddle_sdk::CallError;
use heddle_sdk::InboxEntry;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_types::AccessMode;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::accounts::of_clearing;
use crate::book::Band;
use crate::book::Book;
use crate::book::Env;
use crate::book::Summary;
use crate::error::ExchangeError;
use crate::event::Closings;
use crate::event::ExchangeEvent;
use crate::event::ModeChanged;
use crate::event::Trades;
use crate::keys;
use crate::limits::CLOSINGS_PER_EVENT;
use crate::limits::EVENTS_PER_BLOCK_MAX;
use crate::limits::OUTCOMES_PER_ENTRY;
use crate::limits::TRADES_PER_EVENT;
use crate::market::Prices;
use crate::market::Session;
use crate::market::Traded;
use crate::markets;

/// An item for each market, whether anything came for it or not: something may have come due.
pub(crate) fn plan(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let count = markets::decode_count(view.read(&keys::count_key()).as_ref());
    (0..count).map(|number| item(MarketId::new(number))).collect()
}

fn item(market: MarketId) -> WorkItem {
    WorkItem::new(market.get().to_be_bytes().to_vec())
        .with(keys::market_key(market), AccessMode::Read)
        .with(keys::session_key(market), AccessMode::Write)
        .with(heddle_clearing::risk_table_key(), AccessMode::Read)
        .with(heddle_clearing::book_summary_key(market), AccessMode::Write)
        .with(outcome_inbox(market), AccessMode::Append)
        .with_inbox(market_inbox(market))
        .with_resident(keys::book_key(market))
}

/// Matches a block in one market.
///
/// Neither instructions nor outcomes are charged for: an item that runs out of work freezes its market, and everybody could bring that
/// about. The block bounds the instructions, and the book what comes of them.
pub(crate) fn run(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let market = market_of(ctx.item())?;
    let now = ctx.block().time;
    let before = markets::read_session(ctx, market)?;
    if before.is_over() && ctx.inbox().is_empty() {
        return Ok(());
    }
    let instructions = decode(ctx.inbox())?;
    let rules = markets::read_market(ctx, market)?.rules;
    let row = of_clearing(heddle_clearing::read_risk_table(ctx))?.row(market);
    let row = row.ok_or(ExchangeError::UnknownMarket)?;

    let mut state = before;
    state.begin(&rules, now, prices(&row));
    let band = state.band(&rules, now, row.mark);
    let env = Env {
        now,
        mark: Some(row.mark).filter(|mark| !mark.is_zero()),
        mode: state.matching(now),
        band: Some(band),
        open_interest_cap: row.open_interest_max,
    };
    let mut outcomes = Vec::new();
    let (book, work) = ctx.resident::<Book>()?;
    let summary = book.run_block(&env, &instructions, &mut outcomes);
    book.check(env.mode).map_err(|_| ExchangeError::CorruptState)?;
    state.end(&rules, now, traded(&summary));
    report(work, market, &outcomes)?;
    leave(work, market, (&before, &state), &summary)
}

/// The market broke: it is frozen, what came for it is void, and the accounts are told.
pub(crate) fn freeze(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let market = market_of(ctx.item())?;
    let before = markets::read_session(ctx, market)?;
    let mut state = before;
    state.freeze();
    markets::write_session(ctx, market, &state)?;
    let void =
        ctx.inbox().iter().filter_map(|entry| decode_exact::<Instructions>(&entry.data).ok());
    let closed: Vec<Outcome> = void.flat_map(|entry| entry.0).filter_map(void_order).collect();
    report(ctx, market, &closed)?;
    let summary_key = heddle_clearing::book_summary_key(market);
    let summary = ctx.read(&summary_key)?;
    let summary = summary.and_then(|value| decode_exact::<BookSummary>(value.as_bytes()).ok());
    let status = state.mode().status();
    let frozen = BookSummary { status, bid: None, ask: None, ..summary.unwrap_or(UNQUOTED) };
    ctx.write(&summary_key, Value::from(encode(&frozen)))?;
    Ok(tell_mode(ctx, market, (&before, &state))?)
}

/// A book of which nothing is known.
const UNQUOTED: BookSummary = BookSummary {
    bid: None,
    ask: None,
    last: None,
    open_interest: Lots::ZERO,
    status: MarketStatus::Frozen,
};

fn void_order(instruction: Instruction) -> Option<Outcome> {
    match instruction {
        Instruction::Place(place) => Some(Outcome::Closed(Closed {
            id: place.id,
            lots: place.lots,
            reason: CloseReason::MarketFrozen,
        })),
        Instruction::Cancel(_)
        | Instruction::Reduce(..)
        | Instruction::CancelAfter(..)
        | Instruction::MovePosition(..) => None,
    }
}

/// The market that an item is for.
fn market_of(item: &[u8]) -> Result<MarketId, ExchangeError> {
    let bytes = <[u8; 2]>::try_from(item).map_err(|_| ExchangeError::UnknownMarket)?;
    Ok(MarketId::new(u16::from_be_bytes(bytes)))
}

fn decode(inbox: &[InboxEntry]) -> Result<Vec<Instruction>, ExchangeError> {
    let entries = inbox.iter().map(|entry| decode_exact::<Instructions>(&entry.data));
    let entries: Result<Vec<_>, _> = entries.collect();
    let entries = entries.map_err(|_| ExchangeError::MalformedCall)?;
    let mut all = Vec::with_capacity(entries.iter().map(|entry| entry.0.len()).sum());
    entries.into_iter().for_each(|entry| all.extend(entry.0));
    Ok(all)
}

fn prices(row: &RiskRow) -> Prices {
    use heddle_oracle::Quality;
    if row.mark.is_zero() || !row.quality.has(Quality::REDUCE) {
        Prices::Bad
    } else if row.quality.has(Quality::INCREASE) {
        Prices::Good
    } else {
        Prices::Usable
    }
}

fn traded(summary: &Summary) -> Traded {
    let range = summary.low.zip(summary.high).map(|(low, high)| Band { low, high });
    Traded { range, hit_band: summary.hit_band }
}

/// Tells the accounts what became of their orders, in the bytes of [`heddle_clearing::Outcomes`], and everybody what was traded.
fn report(
    work: &mut Workspace<'_>,
    market: MarketId,
    outcomes: &[Outcome],
) -> Result<(), CallError> {
    for entry in outcomes.chunks(OUTCOMES_PER_ENTRY) {
        work.append(&outcome_inbox(market), encode(&entry))?;
    }
    let room = tell_trades(work, market, outcomes)?;
    Ok(tell_closings(work, market, (outcomes, room))?)
}

/// Tells of all trades; how many events there is still room for.
fn tell_trades(
    work: &mut Workspace<'_>,
    market: MarketId,
    outcomes: &[Outcome],
) -> Result<usize, Abort> {
    let trades = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Trade(trade) => Some(*trade),
        Outcome::Closed(_) | Outcome::Decremented(..) => None,
    });
    let trades: Vec<Trade> = trades.collect();
    let events = trades.chunks(TRADES_PER_EVENT);
    let room = EVENTS_PER_BLOCK_MAX.saturating_sub(events.len());
    for trades in events {
        ExchangeEvent::Trades(Trades { market, trades: trades.to_vec() }).emit(work)?;
    }
    Ok(room)
}

/// Tells of as many closings as there is room for.
fn tell_closings(
    work: &mut Workspace<'_>,
    market: MarketId,
    (outcomes, room): (&[Outcome], usize),
) -> Result<(), Abort> {
    let closed = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Closed(closed) => Some(*closed),
        Outcome::Trade(_) | Outcome::Decremented(..) => None,
    });
    let closed: Vec<Closed> = closed.collect();
    for closed in closed.chunks(CLOSINGS_PER_EVENT).take(room) {
        ExchangeEvent::Closings(Closings { market, closed: closed.to_vec() }).emit(work)?;
    }
    Ok(())
}

/// Leaves the market's state, if it changed, and what clearing makes the next mark from.
fn leave(
    work: &mut Workspace<'_>,
    market: MarketId,
    (before, after): (&Session, &Session),
    summary: &Summary,
) -> Result<(), CallError> {
    if before != after {
        markets::write_session(work, market, after)?;
        tell_mode(work, market, (before, after))?;
    }
    let key = heddle_clearing::book_summary_key(market);
    let value = Value::from(encode(&BookSummary {
        bid: summary.best_bid,
        ask: summary.best_ask,
        last: summary.last,
        open_interest: summary.open_interest,
        status: after.mode().status(),
    }));
    if work.read(&key)?.as_ref() != Some(&value) {
        work.write(&key, value)?;
    }
    Ok(())
}

fn tell_mode(
    work: &mut Workspace<'_>,
    market: MarketId,
    (before, after): (&Session, &Session),
) -> Result<(), Abort> {
    let mode = after.mode().number();
    if before.mode().number() == mode {
        return Ok(());
    }
    ExchangeEvent::Mode(ModeChanged { market, mode }).emit(work)
}
