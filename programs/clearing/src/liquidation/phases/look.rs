//! Touched accounts: where it is to be looked at next, and what is to be done about them.

use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_oracle::Quality;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_sdk::limits::WORK_ITEMS_MAX;
use heddle_types::AccessMode;
use heddle_types::encode;

use crate::account::Account;
use crate::account::AccountStatus;
use crate::error::ClearingError;
use crate::event::AccountFrozen;
use crate::event::ClearingEvent;
use crate::exposure::Exposure;
use crate::ids::MarketId;
use crate::ids::Side;
use crate::index::Watched;
use crate::keys::account_key;
use crate::keys::risk_table_key;
use crate::limits::OWED_MARKETS_MAX;
use crate::liquidation::health::Health;
use crate::liquidation::health::Rung;
use crate::liquidation::keys::intents_inbox;
use crate::liquidation::keys::updates_inbox;
use crate::liquidation::phases::Item;
use crate::liquidation::phases::act::row_of;
use crate::liquidation::phases::touched;
use crate::liquidation::phases::view_of;
use crate::liquidation::records::Intent;
use crate::liquidation::records::Look;
use crate::liquidation::records::OwedMarket;
use crate::liquidation::records::Owes;
use crate::liquidation::records::Touched;
use crate::liquidation::records::Update;
use crate::liquidation::threshold::MarketWorth;
use crate::liquidation::threshold::Threshold;
use crate::liquidation::threshold::share;
use crate::margin::sum;
use crate::risk_table::MarketStatus;
use crate::risk_table::RiskRow;
use crate::risk_table::RiskTable;
use crate::state::read_account;
use crate::state::read_risk_table;
use crate::state::write_account;

/// Work of the risk phase: an item for every account that was touched in this block; where there are too many of them, for a few accounts each.
/// They only say so far who was touched.
pub fn plan_risk(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let touched = touched(view);
    let of_each: Vec<_> = touched.chunk_by(|a, b| a.account == b.account).collect();
    let each = of_each.len().div_ceil(WORK_ITEMS_MAX).max(1);
    of_each.chunks(each).map(|accounts| WorkItem::new(encode(&accounts.concat()))).collect()
}

/// Makes a planned item one that says where the accounts have something, and what looking at them touches; none if there is no account.
pub fn complete_risk(view: &PhaseView<'_>, planned: &WorkItem) -> Option<WorkItem> {
    let touched: Vec<Touched> = borsh::from_slice(&planned.item).ok()?;
    let of_each = touched.chunk_by(|a, b| a.account == b.account);
    let looks: Vec<_> = of_each.filter_map(|of_one| look_at(view, of_one)).collect();
    (!looks.is_empty()).then(|| plan_looks(looks))
}

/// An account, with the markets because of which it was touched and those in which it has something.
fn look_at(view: &PhaseView<'_>, touched: &[Touched]) -> Option<Look> {
    let account = touched.first()?.account;
    let held = view_of::<Account>(view, &account_key(account))?.exposures;
    let held = held.iter().map(|exposure| exposure.market);
    let mut markets: Vec<_> = touched.iter().filter_map(|one| one.market).chain(held).collect();
    markets.sort_unstable();
    markets.dedup();
    Some(Look { account, markets })
}

fn plan_looks(looks: Vec<Look>) -> WorkItem {
    let inboxes = looks.iter().flat_map(|look| &look.markets).copied().map(updates_inbox);
    let inboxes: Vec<_> = inboxes.collect();
    let accounts: Vec<_> = looks.iter().map(|look| account_key(look.account)).collect();
    // Accounts are written only if the item fails.
    Item::Look(looks)
        .work()
        .with_room(inboxes.len().saturating_add(accounts.len()).saturating_add(2))
        .with(intents_inbox(), AccessMode::Append)
        .with_all(inboxes, AccessMode::Append)
        .with_all(accounts, AccessMode::Write)
        .with(risk_table_key(), AccessMode::Read)
}

pub(super) fn run(ctx: &mut PhaseContext<'_, '_>, looks: &[Look]) -> Result<(), CallError> {
    let risk = read_risk_table(ctx)?;
    looks.iter().try_for_each(|look| look_closely(ctx, &risk, look))
}

fn look_closely(work: &mut Workspace<'_>, risk: &RiskTable, look: &Look) -> Result<(), CallError> {
    let account = read_account(work, look.account)?;
    let health = account.health(risk)?;
    update(work, &account, risk, (health, look))?;
    if let Some(intent) = intent(&account, risk, look)? {
        work.append(&intents_inbox(), encode(&intent))?;
    }
    Ok(())
}

/// Freezes the accounts.
pub(super) fn failed(ctx: &mut PhaseContext<'_, '_>, looks: &[Look]) -> Result<(), CallError> {
    for Look { account: id, .. } in looks {
        let mut account = read_account(ctx, *id)?;
        account.status = AccountStatus::Frozen;
        write_account(ctx, &account)?;
        ClearingEvent::from(AccountFrozen { account: *id }).emit(ctx)?;
    }
    Ok(())
}

/// Tells each market what to watch.
fn update(
    work: &mut Workspace<'_>,
    account: &Account,
    risk: &RiskTable,
    (health, look): (Health, &Look),
) -> Result<(), CallError> {
    let headroom = health.headroom().ok_or(ClearingError::Overflow)?;
    let positions = account.exposures.iter().filter(|exposure| !exposure.lots.is_zero()).count();
    let share = share(headroom, u32::try_from(positions).unwrap_or(u32::MAX));
    for market in &look.markets {
        let exposure = account.exposure(*market).filter(|exposure| !exposure.lots.is_zero());
        let worth = MarketWorth::of(&row_of(risk, *market)?);
        let watched = exposure.map(|exposure| watch(exposure, share, &worth));
        let update = Update { account: account.id, watched };
        work.append(&updates_inbox(*market), encode(&update))?;
    }
    Ok(())
}

fn watch(exposure: &Exposure, share: Quote, worth: &MarketWorth) -> Watched {
    let Exposure { lots, entry, .. } = *exposure;
    let side = if lots > SignedLots::ZERO { Side::Buy } else { Side::Sell };
    Watched { lots, entry, threshold: Threshold::new(share, lots.abs().get(), &worth.lot(side)) }
}

/// What is to be done about the account, if anything.
fn intent(
    account: &Account,
    risk: &RiskTable,
    look: &Look,
) -> Result<Option<Intent>, ClearingError> {
    let judged = judged(account, risk)?.filter(|health| health.rung() != Rung::Sound);
    let Some(health) = judged else {
        let is_uncovered = has_plain_orders(account) && account.free_margin(risk)? < Quote::ZERO;
        return Ok(is_uncovered.then_some(Intent::Act(account.id)));
    };
    if health.rung() != Rung::Bankrupt {
        return Ok(Some(Intent::Act(account.id)));
    }
    let debt = health.equity.checked_neg().ok_or(ClearingError::Overflow)?;
    let positions = owed_positions(account, risk, look)?;
    Ok(Some(Intent::Owes(Owes { account: account.id, debt, positions })))
}

/// The largest positions, by market. An account without any owes where it had one.
fn owed_positions(
    account: &Account,
    risk: &RiskTable,
    look: &Look,
) -> Result<Vec<OwedMarket>, ClearingError> {
    let mut positions = Vec::new();
    for exposure in account.exposures.iter().filter(|exposure| !exposure.lots.is_zero()) {
        let row = row_of(risk, exposure.market)?;
        if !is_priced(&row) {
            continue;
        }
        let amount = row.mark.notional(exposure.lots.abs(), row.unit);
        positions.push(OwedMarket { market: exposure.market, lots: exposure.lots, amount });
    }
    if positions.is_empty() {
        let owed = |market: &MarketId| OwedMarket {
            market: *market,
            lots: SignedLots::ZERO,
            amount: Quote::new(1),
        };
        return Ok(look.markets.iter().take(1).map(owed).collect());
    }
    positions.sort_by_key(|position| (std::cmp::Reverse(position.amount), position.market));
    positions.truncate(OWED_MARKETS_MAX);
    Ok(positions)
}

/// What an account is judged by: none when nothing may be taken from it. What it holds where the price is not good enough is taken to have
/// gained all that it is worth at the last mark, so that no old price liquidates anybody, and a lot in a dead market saves nobody.
pub(super) fn judged(account: &Account, risk: &RiskTable) -> Result<Option<Health>, ClearingError> {
    let mut health = account.health(risk)?;
    let (mut priced, mut unpriced) = (0_usize, 0_usize);
    for exposure in account.exposures.iter().filter(|exposure| !exposure.lots.is_zero()) {
        let row = row_of(risk, exposure.market)?;
        if is_priced(&row) {
            priced = priced.saturating_add(1);
        } else {
            unpriced = unpriced.saturating_add(1);
            let worth = row.mark.notional(exposure.lots.abs(), row.unit);
            health.equity = sum(health.equity, worth)?;
        }
    }
    let may_be = account.status == AccountStatus::Active && (priced > 0 || unpriced == 0);
    Ok(may_be.then_some(health))
}

/// Whether positions may be taken from accounts here, or at least valued.
const fn is_priced(row: &RiskRow) -> bool {
    takes_liquidations(row) || is_over(row)
}

/// Whether the market is over and its price is still good: what is held there protects nobody elsewhere.
const fn is_over(row: &RiskRow) -> bool {
    matches!(row.status, MarketStatus::Closed) && has_good_price(row)
}

const fn has_good_price(row: &RiskRow) -> bool {
    row.quality.has(Quality::LIQUIDATE) && !row.mark.is_zero()
}

/// Whether the market trades, and its price is good enough to liquidate by.
pub(super) const fn takes_liquidations(row: &RiskRow) -> bool {
    let trades = matches!(row.status, MarketStatus::Active | MarketStatus::ReduceOnly);
    trades && has_good_price(row)
}

/// Whether orders rest that may make a position larger.
pub(super) fn has_plain_orders(account: &Account) -> bool {
    let has_any =
        |exposure: &Exposure| !exposure.orders.buys.is_zero() || !exposure.orders.sells.is_zero();
    account.exposures.iter().any(has_any)
}
