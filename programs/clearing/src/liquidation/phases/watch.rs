//! One market's liquidation index when a block ends: it is told of the accounts that were looked at, says who closes against whom, and
//! how the market's loss index rises.

use std::collections::BTreeMap;

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::Workspace;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;

use crate::error::ClearingError;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::ids::Side;
use crate::index::LiquidationIndex;
use crate::keys::Lane;
use crate::keys::market_state_key;
use crate::limits::DEFICITS_PAGES;
use crate::limits::MATCHES_PER_PAGE;
use crate::limits::PLAN_PAGES;
use crate::liquidation::deleverage::Counterparty;
use crate::liquidation::keys::BadDebt;
use crate::liquidation::keys::deficits_key;
use crate::liquidation::keys::plan_key;
use crate::liquidation::keys::to_share_key;
use crate::liquidation::phases::waterfall::write_pages;
use crate::liquidation::records::Deficits;
use crate::liquidation::records::OwedMarket;
use crate::liquidation::records::Plan;
use crate::liquidation::records::PlannedClosing;
use crate::liquidation::records::Update;
use crate::loss::loss_index_rise;
use crate::market::MarketState;
use crate::state::read;
use crate::state::read_number;
use crate::state::write;

pub(super) fn run(ctx: &mut PhaseContext<'_, '_>, market: MarketId) -> Result<(), CallError> {
    let decided_at = ctx.block().time;
    let updates = ctx.inbox().iter().map(|entry| decode_exact::<Update>(&entry.data));
    let updates: Result<Vec<_>, _> = updates.collect();
    let updates = updates.map_err(|_| ClearingError::CorruptState)?;
    let (index, work) = ctx.resident::<LiquidationIndex>()?;
    for Update { account, watched } in updates {
        match watched {
            Some(watched) => index.upsert(account, watched),
            None => index.remove(account),
        }
    }
    let closings = plan(index, &owed(work, market)?);
    let plans = (0..PLAN_PAGES).map(|page| plan_key(market, page));
    write_pages(work, plans, pages(closings, decided_at))?;
    share(work, market, index.lots())
}

/// What accounts owe in this market.
fn owed(
    work: &mut Workspace<'_>,
    market: MarketId,
) -> Result<Vec<(AccountId, OwedMarket)>, CallError> {
    let mut all = Vec::new();
    for page in 0..DEFICITS_PAGES {
        let Some(Deficits(deficits)) = read(work, &deficits_key(page))? else {
            break;
        };
        for deficit in deficits {
            let parts = deficit.parts.into_iter().filter(|part| part.market == market);
            all.extend(parts.map(|part| (deficit.account, part)));
        }
    }
    Ok(all)
}

/// Who closes against whom: each account in turn against those who are the most profitable of whom there are lots left.
fn plan(index: &LiquidationIndex, owed: &[(AccountId, OwedMarket)]) -> Vec<PlannedClosing> {
    let mut offers: BTreeMap<Side, Offers<_>> = BTreeMap::new();
    let mut room = usize::from(PLAN_PAGES) * MATCHES_PER_PAGE;
    let mut closings = Vec::new();
    for (account, part) in owed {
        if room == 0 {
            break;
        }
        let side = if part.lots > SignedLots::ZERO { Side::Sell } else { Side::Buy };
        let offers = offers.entry(side).or_insert_with(|| Offers::new(index.by_profit(side)));
        // A page holds whole closings.
        let matches = offers.take(part.lots.abs(), room.min(MATCHES_PER_PAGE));
        room = room.saturating_sub(matches.len().max(1));
        closings.push(PlannedClosing { account: *account, debt: part.amount, matches });
    }
    closings
}

/// Lots of one direction that may be closed against others.
struct Offers<I> {
    counterparties: I,
    current: Option<(AccountId, Lots)>,
}

impl<I: Iterator<Item = Counterparty>> Offers<I> {
    const fn new(counterparties: I) -> Self {
        Self { counterparties, current: None }
    }

    /// The next `lots`, of at most so many accounts.
    fn take(&mut self, mut lots: Lots, max: usize) -> Vec<(AccountId, Lots)> {
        let mut taken = Vec::new();
        while !lots.is_zero() && taken.len() < max {
            let next = || self.counterparties.next().map(|other| (other.account, other.offers));
            let Some((account, offered)) = self.current.take().or_else(next) else {
                break;
            };
            let part = offered.min(lots);
            let left = |of: Lots| of.checked_sub(part).unwrap_or_default();
            lots = left(lots);
            self.current = Some((account, left(offered))).filter(|(_, left)| !left.is_zero());
            taken.push((account, part));
        }
        taken
    }
}

/// Cuts closings into pages of as many matches as a page may have.
fn pages(closings: Vec<PlannedClosing>, decided_at: UnixMillis) -> Vec<Plan> {
    let mut pages: Vec<Plan> = Vec::new();
    let mut room = 0_usize;
    for closing in closings {
        let needs = closing.matches.len().max(1);
        match (pages.last_mut(), room.checked_sub(needs)) {
            (Some(page), Some(left)) => {
                room = left;
                page.closings.push(closing);
            }
            (Some(_) | None, _) => {
                room = MATCHES_PER_PAGE.saturating_sub(needs);
                pages.push(Plan { decided_at, closings: vec![closing] });
            }
        }
    }
    pages
}

/// Raises the loss index by what is to be shared.
fn share(work: &mut Workspace<'_>, market: MarketId, lots: u128) -> Result<(), CallError> {
    let loss = Quote::new(read_number(work, &to_share_key(market))?);
    if loss.is_zero() {
        return Ok(());
    }
    work.delete(&to_share_key(market))?;
    if lots == 0 {
        insure(work, market, loss);
        return Ok(());
    }
    let lots = u64::try_from(lots).map_err(|_| ClearingError::Overflow)?;
    let rise = loss_index_rise(loss, Lots::new(lots)).ok_or(ClearingError::Overflow)?;
    let key = market_state_key(market);
    let mut state: MarketState = read(work, &key)?.ok_or(ClearingError::UnknownMarket)?;
    state.loss = state.loss.checked_add(rise).ok_or(ClearingError::Overflow)?;
    Ok(write(work, &key, &state)?)
}

/// Where nobody holds a position any more, insurance owes the loss, and pays it from what it earns: those who open positions later have nothing to
/// do with it.
fn insure(work: &mut Workspace<'_>, market: MarketId, loss: Quote) {
    let back = loss.get().wrapping_neg();
    work.add(&Lane::Insurance.key(), back);
    work.add(&Lane::SharedLoss(market).key(), loss.get());
    work.add(&BadDebt::Shared.key(), back);
    work.add(&BadDebt::Insurance.key(), loss.get());
}
