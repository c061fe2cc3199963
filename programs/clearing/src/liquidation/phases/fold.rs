//! What the fold phase does.

use heddle_sdk::PhaseView;
use heddle_sdk::WorkItem;
use heddle_types::AccessMode;

use crate::ids::MarketId;
use crate::keys::Lane;
use crate::keys::market_state_key;
use crate::keys::risk_table_key;
use crate::limits::DEFICITS_PAGES;
use crate::limits::PLAN_PAGES;
use crate::limits::QUEUE_PAGES;
use crate::liquidation::keys::BadDebt;
use crate::liquidation::keys::deficits_key;
use crate::liquidation::keys::index_of;
use crate::liquidation::keys::intents_inbox;
use crate::liquidation::keys::plan_key;
use crate::liquidation::keys::queue_key;
use crate::liquidation::keys::to_share_key;
use crate::liquidation::keys::updates_inbox;
use crate::liquidation::phases::Item;
use crate::risk_table::RiskTable;

/// Work of the fold phase: who is acted on in the next block, then each market whose accounts were looked at.
pub fn plan_fold(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let intents = intents_inbox();
    let is_decided = view.inboxes().any(|(key, _)| *key == intents);
    let was_decided = [queue_key(0), deficits_key(0)].iter().any(|key| view.read(key).is_some());
    let waterfall = (is_decided || was_decided).then(plan_waterfall);
    let table = view.read(&risk_table_key()).and_then(RiskTable::from_value);
    let markets = table.iter().flat_map(RiskTable::rows).map(|row| row.market);
    let is_touched = |market: &MarketId| {
        let inbox = updates_inbox(*market);
        view.inboxes().any(|(key, _)| *key == inbox)
    };
    waterfall.into_iter().chain(markets.filter(is_touched).map(plan_watch)).collect()
}

fn plan_waterfall() -> WorkItem {
    Item::Waterfall
        .work()
        .with_all((0..DEFICITS_PAGES).map(deficits_key), AccessMode::Write)
        .with_all((0..QUEUE_PAGES).map(queue_key), AccessMode::Write)
        .with(Lane::Insurance.key(), AccessMode::Read)
        .with_inbox(intents_inbox())
}

fn plan_watch(market: MarketId) -> WorkItem {
    let plans = (0..PLAN_PAGES).map(|page| plan_key(market, page));
    let sums = [Lane::Insurance.key(), Lane::SharedLoss(market).key()];
    let debts = [BadDebt::Shared, BadDebt::Insurance].map(BadDebt::key);
    Item::Watch(market)
        .work()
        .with_all(debts, AccessMode::Add)
        .with_all((0..DEFICITS_PAGES).map(deficits_key), AccessMode::Read)
        .with_all(plans, AccessMode::Write)
        .with_all(sums, AccessMode::Add)
        .with(to_share_key(market), AccessMode::Write)
        .with(market_state_key(market), AccessMode::Write)
        .with_inbox(updates_inbox(market))
        .with_resident(index_of(market))
}
