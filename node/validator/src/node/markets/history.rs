//! What happened in markets lately: an index in memory of events that are kept on disk, filled anew after a start.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use heddle_clearing::ClearingEvent;
use heddle_clearing::Closed;
use heddle_clearing::MarketId;
use heddle_clearing::OrderId;
use heddle_clearing::Trade;
use heddle_exchange::ExchangeEvent;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_types::Event;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::UnixMillis;
use parking_lot::Mutex;

/// Records of one kind and market that are remembered.
const RECORDS_MAX: usize = 10_000;
/// Blocks that are looked through after a start.
const LOOK_BACK: u64 = 1_000;

/// When something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct When {
    pub(crate) height: Height,
    pub(crate) time: UnixMillis,
}

/// What happened in one market, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    pub(super) trades: VecDeque<(When, Trade)>,
    pub(super) closed: VecDeque<(When, Closed)>,
    pub(super) funding: VecDeque<(When, ClearingEvent)>,
    pub(super) liquidations: VecDeque<(When, ClearingEvent)>,
}

#[derive(Debug, Default)]
struct Remembered {
    markets: BTreeMap<MarketId, Past>,
    /// The first block that was executed since the start.
    first: Option<Height>,
}

/// What happened in markets lately.
#[derive(Debug, Default)]
pub(crate) struct History {
    remembered: Mutex<Remembered>,
    /// Whether the blocks before the start were looked through. Held while they are; execution never waits for it.
    has_looked_back: Mutex<bool>,
}

impl History {
    /// Takes in what the phases of the next block reported. Called before the block counts as durable.
    pub(crate) fn on_block(&self, when: When, events: &[Event]) {
        let mut remembered = self.remembered.lock();
        remembered.first.get_or_insert(when.height);
        events.iter().for_each(|event| add(&mut remembered.markets, when, event));
    }

    /// What happened in a market, as `look` wants it. `durable` is the last height that is durable. The first who asks waits until
    /// the blocks before the start are looked through.
    pub(super) fn past<T>(
        &self,
        storage: &Storage,
        durable: Height,
        market: MarketId,
        look: impl FnOnce(&Past) -> T,
    ) -> Result<T, StorageError> {
        self.look_back(storage, durable)?;
        let nothing = Past::default();
        Ok(look(self.remembered.lock().markets.get(&market).unwrap_or(&nothing)))
    }

    fn look_back(&self, storage: &Storage, durable: Height) -> Result<(), StorageError> {
        let mut has_looked_back = self.has_looked_back.lock();
        if *has_looked_back {
            return Ok(());
        }
        // What is durable and was executed since the start is remembered already, and all of it from `first` on.
        let first = self.remembered.lock().first;
        let end = first.unwrap_or_else(|| Height::new(durable.get().saturating_add(1)));
        let older = look_back(storage, end)?;
        let mut remembered = self.remembered.lock();
        let newer = std::mem::replace(&mut remembered.markets, older);
        for (market, past) in newer {
            remembered.markets.entry(market).or_default().extend(past);
        }
        *has_looked_back = true;
        Ok(())
    }
}

impl Past {
    fn extend(&mut self, newer: Self) {
        newer.trades.into_iter().for_each(|record| push(&mut self.trades, record));
        newer.closed.into_iter().for_each(|record| push(&mut self.closed, record));
        newer.funding.into_iter().for_each(|record| push(&mut self.funding, record));
        newer.liquidations.into_iter().for_each(|record| push(&mut self.liquidations, record));
    }

    /// The trades of an order, oldest first.
    pub(super) fn fills(&self, id: OrderId) -> impl Iterator<Item = &(When, Trade)> {
        self.trades.iter().filter(move |(_, trade)| trade.maker == id || trade.taker == id)
    }

    /// How an order was closed.
    pub(super) fn closing(&self, id: OrderId) -> Option<&Closed> {
        self.closed.iter().rev().map(|(_, closed)| closed).find(|closed| closed.id == id)
    }
}

/// The last blocks below `end`.
fn look_back(storage: &Storage, end: Height) -> Result<BTreeMap<MarketId, Past>, StorageError> {
    let mut markets = BTreeMap::new();
    for height in end.get().saturating_sub(LOOK_BACK).max(1)..end.get() {
        let height = Height::new(height);
        let Some(kept) = storage.phase_events(height)? else { continue };
        if kept.events.is_empty() {
            continue;
        }
        let Some(block) = storage.final_block(height)? else { continue };
        let when = When { height, time: block.header.time };
        kept.events.iter().for_each(|event| add(&mut markets, when, event));
    }
    Ok(markets)
}

fn add(markets: &mut BTreeMap<MarketId, Past>, when: When, event: &Event) {
    match event.program {
        ProgramId::EXCHANGE => match ExchangeEvent::decode(event.kind, &event.data) {
            Some(ExchangeEvent::Trades(found)) => {
                let past = markets.entry(found.market).or_default();
                found.trades.into_iter().for_each(|trade| push(&mut past.trades, (when, trade)));
            }
            Some(ExchangeEvent::Closings(found)) => {
                let past = markets.entry(found.market).or_default();
                found.closed.into_iter().for_each(|one| push(&mut past.closed, (when, one)));
            }
            Some(
                ExchangeEvent::Batch(_) | ExchangeEvent::Mode(_) | ExchangeEvent::MarketCreated(_),
            )
            | None => {}
        },
        ProgramId::CLEARING => {
            let Some(event) = ClearingEvent::decode(event.kind, &event.data) else { return };
            if let Some(market) = liquidated_in(&event) {
                push(&mut markets.entry(market).or_default().liquidations, (when, event));
            } else if let ClearingEvent::FundingPaid(paid) = event {
                push(&mut markets.entry(paid.market).or_default().funding, (when, event));
            }
        }
        _ => {}
    }
}

/// The market of a liquidation, or of what came of one.
fn liquidated_in(event: &ClearingEvent) -> Option<MarketId> {
    match event {
        ClearingEvent::LiquidationOrdered(ordered) => Some(ordered.market),
        ClearingEvent::PositionHandedOver(handed) => Some(handed.market),
        ClearingEvent::Deleveraged(deleveraged) => Some(deleveraged.market),
        ClearingEvent::LossShared(shared) => Some(shared.market),
        _ => None,
    }
}

fn push<T>(records: &mut VecDeque<T>, record: T) {
    if records.len() >= RECORDS_MAX {
        records.pop_front();
    }
    records.push_back(record);
}

#[cfg(test)]
mod tests {
    use heddle_clearing::AccountId;
    use heddle_clearing::Side;
    use heddle_clearing::TradeKind;
    use heddle_exchange::Trades;
    use heddle_num::Lots;
    use heddle_num::Ticks;
    use heddle_types::EventData;
    use heddle_types::encode;

    use super::*;

    fn trade(number: u32) -> Trade {
        let id = |account| OrderId { account: AccountId::new(account), number };
        Trade {
            maker: id(1),
            taker: id(2),
            taker_side: Side::Buy,
            price: Ticks::new(5),
            lots: Lots::new(1),
            kind: TradeKind::Continuous,
        }
    }

    fn event(trades: Vec<Trade>) -> Event {
        let trades = Trades { market: MarketId::new(3), trades };
        let data = EventData::new(&encode(&trades));
        Event { program: ProgramId::EXCHANGE, kind: 2, data }
    }

    fn at(height: u64) -> When {
        When { height: Height::new(height), time: UnixMillis::new(height) }
    }

    #[test]
    fn trades_are_remembered_by_market_and_found_by_order() {
        let mut markets = BTreeMap::new();
        add(&mut markets, at(1), &event(vec![trade(7), trade(8)]));
        add(&mut markets, at(2), &event(vec![trade(7)]));
        let past = &markets[&MarketId::new(3)];
        let id = OrderId { account: AccountId::new(2), number: 7 };
        let heights: Vec<_> = past.fills(id).map(|(when, _)| when.height.get()).collect();
        assert_eq!(heights, [1, 2]);
        assert_eq!(markets.len(), 1);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut markets = BTreeMap::new();
        for height in 1..=500 {
            add(&mut markets, at(height), &event((0..24).map(trade).collect()));
        }
        let past = &markets[&MarketId::new(3)];
        assert_eq!(past.trades.len(), RECORDS_MAX);
        assert_eq!(past.trades.back().map(|(when, _)| when.height.get()), Some(500));
    }

    #[test]
    fn what_is_no_event_of_ours_is_passed_over() {
        let mut markets = BTreeMap::new();
        let data = EventData::new(&[1, 2, 3]);
        for program in [ProgramId::EXCHANGE, ProgramId::CLEARING, ProgramId::LEDGER] {
            add(&mut markets, at(1), &Event { program, kind: 2, data: data.clone() });
        }
        assert!(markets.is_empty());
    }
}
