//! Who crossed a threshold with the block's new mark.

use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::WorkItem;
use heddle_types::AccessMode;

use crate::ids::MarketId;
use crate::index::LiquidationIndex;
use crate::keys::risk_table_key;
use crate::limits::CROSSED_MAX;
use crate::limits::OUTDATED_MAX;
use crate::liquidation::keys::index_of;
use crate::liquidation::keys::touched_inbox;
use crate::liquidation::phases::Item;
use crate::liquidation::phases::act::row_of;
use crate::liquidation::phases::look::takes_liquidations;
use crate::liquidation::phases::touch;
use crate::liquidation::records::Touched;
use crate::liquidation::threshold::MarketWorth;
use crate::risk_table::RiskTable;
use crate::state::read_risk_table;

/// Work of the begin phase that comes after the marks: every market in which somebody holds a position.
pub fn plan_find(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let table = view.read(&risk_table_key()).and_then(RiskTable::from_value);
    let markets = table.iter().flat_map(RiskTable::rows).map(|row| row.market);
    let is_watched = |market: &MarketId| {
        let head = index_of(*market).part(LiquidationIndex::HEAD);
        head.is_some_and(|head| view.read(&head).is_some())
    };
    markets.filter(is_watched).map(plan_market).collect()
}

fn plan_market(market: MarketId) -> WorkItem {
    Item::Find(market)
        .work()
        .with(risk_table_key(), AccessMode::Read)
        .with(touched_inbox(), AccessMode::Append)
        .with_resident(index_of(market))
}

/// While the price is not good enough to liquidate by, nobody is looked for: whoever has crossed by then is found afterwards.
pub(super) fn run(ctx: &mut PhaseContext<'_, '_>, market: MarketId) -> Result<(), CallError> {
    let row = row_of(&read_risk_table(ctx)?, market)?;
    if !takes_liquidations(&row) {
        return Ok(());
    }
    let (index, work) = ctx.resident::<LiquidationIndex>()?;
    let mut found = index.take_crossed(&MarketWorth::of(&row), CROSSED_MAX);
    found.append(&mut index.take_outdated(&row.tiers, OUTDATED_MAX));
    let touched = found.into_iter().map(|account| Touched { account, market: Some(market) });
    let touched: Vec<_> = touched.collect();
    Ok(touch(work, &touched)?)
}
