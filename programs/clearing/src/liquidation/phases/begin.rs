//! What the block before decided is carried out, before this block's marks.

use std::collections::BTreeSet;

use heddle_sdk::BlockInfo;
use heddle_sdk::PhaseView;
use heddle_sdk::WorkItem;
use heddle_types::AccessMode;
use heddle_types::StateKey;
use heddle_types::UnixMillis;

use crate::account::Account;
use crate::backstop::Backstops;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::instruction::market_inbox;
use crate::keys::Lane;
use crate::keys::account_key;
use crate::keys::backstops_key;
use crate::keys::orders_key;
use crate::keys::risk_table_key;
use crate::limits::DECISION_AGE_MS_MAX;
use crate::limits::PLAN_PAGES;
use crate::limits::QUEUE_PAGES;
use crate::liquidation::keys::BadDebt;
use crate::liquidation::keys::plan_key;
use crate::liquidation::keys::queue_key;
use crate::liquidation::keys::to_share_key;
use crate::liquidation::keys::touched_inbox;
use crate::liquidation::phases::Item;
use crate::liquidation::phases::act::Act;
use crate::liquidation::phases::view_of;
use crate::liquidation::records::Plan;
use crate::liquidation::records::Queue;
use crate::liquidation::records::QueueEntry;
use crate::risk_table::RiskTable;

/// Work of the begin phase that comes before the marks: the accounts of the queue, then the positions that are closed against others.
pub fn plan_begin(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let mut items = plan_queue(view);
    let markets = view.read(&risk_table_key()).and_then(RiskTable::from_value);
    for row in markets.iter().flat_map(RiskTable::rows) {
        let pages = (0..PLAN_PAGES).map_while(|page| plan_page(view, row.market, page));
        items.extend(pages);
    }
    items
}

fn plan_queue(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let pages = (0..QUEUE_PAGES).map_while(|page| view_of::<Queue>(view, &queue_key(page)));
    let recent = pages.filter(|queue| is_recent(view.block(), queue.decided_at));
    let entries: Vec<_> = recent.flat_map(|queue| queue.entries).collect();
    if entries.is_empty() {
        return Vec::new();
    }
    let volunteers: Backstops = view_of(view, &backstops_key()).unwrap_or_default();
    // Volunteers take turns from block to block, and from account to account.
    let first = view.block().height.get();
    let turns = (first..).zip(entries);
    turns.filter_map(|(turn, entry)| plan_act(view, &entry, volunteers.at(turn))).collect()
}

fn plan_act(
    view: &PhaseView<'_>,
    entry: &QueueEntry,
    volunteer: Option<AccountId>,
) -> Option<WorkItem> {
    let QueueEntry { account, insurance } = *entry;
    let markets = view_of::<Account>(view, &account_key(account))?.exposures;
    let markets: Vec<_> = markets.iter().map(|exposure| exposure.market).collect();
    let volunteer = volunteer.filter(|volunteer| *volunteer != account);
    let item = Item::Act(Act { account, insurance, volunteer }).work();
    let item = item.with_all(accounts_and_lanes(&markets), AccessMode::Add);
    let orders = markets.iter().map(|market| orders_key(account, *market));
    let item = item.with_all(orders, AccessMode::Write);
    let item = item.with_all(markets.iter().copied().map(market_inbox), AccessMode::Append);
    let item = item.with_all(volunteer.map(account_key), AccessMode::Write);
    Some(with_common(item).with(account_key(account), AccessMode::Write))
}

fn plan_page(view: &PhaseView<'_>, market: MarketId, page: u8) -> Option<WorkItem> {
    let key = plan_key(market, page);
    let plan: Plan = view_of(view, &key)?;
    let item = with_common(Item::Close(market, page).work()).with(key, AccessMode::Write);
    if !is_recent(view.block(), plan.decided_at) {
        return Some(item);
    }
    let owing = plan.closings.iter().map(|closing| closing.account);
    let others = plan.closings.iter().flat_map(|closing| &closing.matches);
    let accounts: BTreeSet<_> = owing.chain(others.map(|(account, _)| *account)).collect();
    let item = item.with_all(accounts.iter().copied().map(account_key), AccessMode::Write);
    let orders = accounts.into_iter().map(|account| orders_key(account, market));
    let item = item.with_all(orders, AccessMode::Write);
    let item = item.with_all(accounts_and_lanes(&[market]), AccessMode::Add);
    let item = item.with(to_share_key(market), AccessMode::Add);
    Some(item.with(market_inbox(market), AccessMode::Append))
}

/// What every item reads and adds to.
fn with_common(item: WorkItem) -> WorkItem {
    let sums = [BadDebt::Settled, BadDebt::Insurance, BadDebt::Deleveraged, BadDebt::Shared];
    item.with_all(sums.map(BadDebt::key), AccessMode::Add)
        .with(risk_table_key(), AccessMode::Read)
        .with(touched_inbox(), AccessMode::Append)
}

fn accounts_and_lanes(markets: &[MarketId]) -> Vec<StateKey> {
    let pools =
        markets.iter().flat_map(|market| [Lane::Funding(*market), Lane::SharedLoss(*market)]);
    pools.chain([Lane::Insurance, Lane::Accounts]).map(Lane::key).collect()
}

/// Whether a decision is to be carried out: after a halt it is not.
pub(super) const fn is_recent(block: &BlockInfo, decided_at: UnixMillis) -> bool {
    block.time.get().saturating_sub(decided_at.get()) <= DECISION_AGE_MS_MAX
}
