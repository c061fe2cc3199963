//! The settle phase: outcomes of all markets, handed to the accounts that they are about, in the order of (market, sequence).

use std::collections::BTreeMap;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_sdk::limits::WORK_ITEMS_MAX;
use heddle_types::AccessMode;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::account::Account;
use crate::error::ClearingError;
use crate::event::ClearingEvent;
use crate::event::PositionSettled;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::keys;
use crate::keys::Lane;
use crate::liquidation::Touched;
use crate::liquidation::insurance_fee;
use crate::liquidation::touch;
use crate::liquidation::touched_inbox;
use crate::margin::difference;
use crate::margin::sum;
use crate::outcome::Outcome;
use crate::outcome::Outcomes;
use crate::outcome::TradeKind;
use crate::outcome::outcome_inbox;
use crate::risk_table::RiskTable;
use crate::settle::Settled;
use crate::state;
use crate::suspense;

/// What an account is to be settled for.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Due {
    pub(crate) account: AccountId,
    pub(crate) markets: Vec<(MarketId, Vec<Outcome>)>,
}

/// An item for each account that something happened to; where there are too many of them, for a few accounts each. What they touch is not
/// declared yet.
pub(crate) fn plan(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let due = group(view);
    let each = due.len().div_ceil(WORK_ITEMS_MAX).max(1);
    due.chunks(each).map(|due| WorkItem::new(encode(&due))).collect()
}

/// By account. Inboxes come by market, their entries in sequence.
fn group(view: &PhaseView<'_>) -> Vec<Due> {
    let mut all: BTreeMap<AccountId, Due> = BTreeMap::new();
    for (key, entries) in view.inboxes() {
        let Some(market) = market_of(key.bytes()) else {
            continue;
        };
        let decoded = entries.iter().filter_map(|entry| decode_exact::<Outcomes>(&entry.data).ok());
        for outcome in decoded.flat_map(|outcomes| outcomes.0) {
            for account in outcome.accounts().into_iter().flatten() {
                let due = all.entry(account).or_insert_with(|| Due::new(account));
                due.push(market, outcome);
            }
        }
    }
    all.into_values().collect()
}

/// The market that an inbox's key is for.
fn market_of(key: &[u8]) -> Option<MarketId> {
    let [high, low] = *key.get(1..)? else {
        return None;
    };
    let market = MarketId::new(u16::from_be_bytes([high, low]));
    (outcome_inbox(market).bytes() == key).then_some(market)
}

impl Due {
    const fn new(account: AccountId) -> Self {
        Self { account, markets: Vec::new() }
    }

    fn push(&mut self, market: MarketId, outcome: Outcome) {
        match self.markets.last_mut() {
            Some((last, outcomes)) if *last == market => outcomes.push(outcome),
            Some(_) | None => self.markets.push((market, vec![outcome])),
        }
    }
}

impl Due {
    /// Whether a position was closed in the book because the account is liquidated.
    fn is_liquidated(&self) -> bool {
        let mut outcomes = self.markets.iter().flat_map(|(_, outcomes)| outcomes);
        outcomes.any(|outcome| match outcome {
            Outcome::Trade(trade) => {
                trade.kind == TradeKind::Liquidation && trade.taker.account == self.account
            }
            Outcome::Closed(_) | Outcome::Decremented(..) => false,
        })
    }
}

impl Outcome {
    /// Whom it is about: one, or two.
    pub(crate) const fn accounts(&self) -> [Option<AccountId>; 2] {
        match self {
            Self::Trade(trade) => [Some(trade.maker.account), Some(trade.taker.account)],
            Self::Closed(closed) => [Some(closed.id.account), None],
            Self::Decremented(id, _) => [Some(id.account), None],
        }
    }
}

/// Declares what settling the accounts of an item touches: of one account in the order of the keys, those of the suspense excepted.
pub(crate) fn complete(view: &PhaseView<'_>, planned: WorkItem) -> Option<WorkItem> {
    use AccessMode::Add;
    let due = decode(&planned.item).ok()?;
    let pairs = due
        .iter()
        .flat_map(|one| one.markets.iter().map(move |(market, _)| (one.account, *market)));
    let markets = pairs.clone().map(|(_, market)| market);
    let sums = [Lane::Insurance, Lane::Fees, Lane::Accounts, Lane::Suspense];
    let room = due.len().saturating_mul(2).saturating_add(pairs.clone().count().saturating_mul(4));
    let item = planned
        .with_room(room.saturating_add(sums.len()).saturating_add(2))
        .with(touched_inbox(), AccessMode::Append)
        .with_all(due.iter().map(|one| keys::account_key(one.account)), AccessMode::Write)
        .with_all(markets.clone().map(|market| Lane::Funding(market).key()), Add)
        .with_all(sums.map(Lane::key), Add)
        .with_all(markets.clone().map(|market| Lane::SharedLoss(market).key()), Add)
        .with(keys::risk_table_key(), AccessMode::Read)
        .with_all(
            pairs.map(|(account, market)| keys::orders_key(account, market)),
            AccessMode::Write,
        )
        .with_all(markets.map(|market| Lane::Lots(market).key()), Add);
    // Last: of a very great number of outcomes not all may fit, and only an account that cannot be settled needs them.
    let suspense = due.iter().flat_map(|one| suspense::keys(one, view.block().height));
    Some(item.with_all(suspense, AccessMode::Write))
}

/// The accounts that an item is for.
pub(crate) fn decode(item: &[u8]) -> Result<Vec<Due>, ClearingError> {
    borsh::from_slice(item).map_err(|_| ClearingError::CorruptState)
}

/// Settles the accounts of an item. Outcomes are not charged for: markets bound how many there are, and an account whose item runs out of
/// work would be frozen by those who traded with it.
pub(crate) fn run(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let (due, now) = (decode(ctx.item())?, ctx.block().time);
    let risk = state::read_risk_table(ctx)?;
    due.iter().try_for_each(|due| settle(ctx, &risk, due, now))
}

fn settle(
    work: &mut Workspace<'_>,
    risk: &RiskTable,
    due: &Due,
    now: UnixMillis,
) -> Result<(), CallError> {
    let mut account = state::read_account(work, due.account)?;
    let before = account.net()?;
    let health = due.is_liquidated().then(|| account.health(risk)).transpose()?;
    let mut fee_max = Quote::ZERO;
    for (market, outcomes) in &due.markets {
        let settled = settle_market(work, risk, &mut account, (*market, outcomes))?;
        account.volume.add(now, settled.volume);
        fee_max = sum(fee_max, fee_max_of(risk, *market, &settled)?)?;
        pay(work, *market, &settled);
        report(work, &account, *market, &settled)?;
    }
    account.fee_tier = risk.fee_tier(account.volume.at(now));
    if let Some(health) = health {
        let fee = insurance_fee(health, account.health(risk)?, fee_max);
        let fee = fee.ok_or(ClearingError::Overflow)?;
        account.cash = difference(account.cash, fee)?;
        state::add_to_lane(work, Lane::Insurance, fee);
    }
    let markets = due.markets.iter();
    let touched = markets.map(|(market, _)| Touched { account: account.id, market: Some(*market) });
    touch(work, &touched.collect::<Vec<_>>())?;
    let change = account.net()?.checked_sub(before).ok_or(ClearingError::Overflow)?;
    state::add_to_lane(work, Lane::Accounts, change);
    Ok(state::write_account(work, &account)?)
}

/// The most that insurance takes of what was liquidated in a market, rounded down.
fn fee_max_of(
    risk: &RiskTable,
    market: MarketId,
    settled: &Settled,
) -> Result<Quote, ClearingError> {
    if settled.liquidated.is_zero() {
        return Ok(Quote::ZERO);
    }
    let row = risk.row(market).ok_or(ClearingError::UnknownMarket)?;
    let fee = settled.liquidated.at_rate(row.liquidation.fee_max, Rounding::Floor);
    fee.ok_or(ClearingError::Overflow)
}

fn settle_market(
    work: &mut Workspace<'_>,
    risk: &RiskTable,
    account: &mut Account,
    (market, outcomes): (MarketId, &[Outcome]),
) -> Result<Settled, CallError> {
    let row = risk.row(market).ok_or(ClearingError::UnknownMarket)?;
    let mut orders = state::read_orders(work, account.id, market)?;
    let settled = account.settle(&mut orders, &row, outcomes)?;
    state::write_orders(work, (account.id, market), &orders)?;
    Ok(settled)
}

/// What the account paid goes to whom it is for.
fn pay(work: &mut Workspace<'_>, market: MarketId, settled: &Settled) {
    state::add_to_lane(work, Lane::Fees, settled.fees);
    state::add_to_lane(work, Lane::Funding(market), settled.funding);
    state::add_to_lane(work, Lane::SharedLoss(market), settled.loss);
    state::add_to_lane(work, Lane::Lots(market), Quote::new(settled.lots.get().into()));
}

fn report(
    work: &mut Workspace<'_>,
    account: &Account,
    market: MarketId,
    settled: &Settled,
) -> Result<(), CallError> {
    if settled.volume.is_zero() && settled.funding.is_zero() && settled.loss.is_zero() {
        return Ok(());
    }
    let exposure = account.exposure(market);
    let event = PositionSettled {
        account: account.id,
        market,
        lots: exposure.map(|exposure| exposure.lots).unwrap_or_default(),
        entry: exposure.map(|exposure| exposure.entry).unwrap_or_default(),
        realised: settled.realised,
        fees: settled.fees,
        funding: settled.funding,
        loss: settled.loss,
    };
    Ok(ClearingEvent::from(event).emit(work)?)
}
