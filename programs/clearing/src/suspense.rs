//! What becomes of outcomes that an account could not be settled for: the account is frozen, and they are kept, so that lots and
//! cash still sum.

use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::Workspace;
use heddle_types::Height;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::encode;
use heddle_types::limits::VALUE_BYTES_MAX;

use crate::account::AccountStatus;
use crate::error::ClearingError;
use crate::event::AccountFrozen;
use crate::event::ClearingEvent;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::ids::Side;
use crate::keys;
use crate::keys::Lane;
use crate::outcome::Outcome;
use crate::risk_table::RiskTable;
use crate::settle::Fill;
use crate::settlement;
use crate::settlement::Due;
use crate::state;

/// Where the outcomes of an account would be kept.
pub(crate) fn keys(due: &Due, height: Height) -> impl Iterator<Item = StateKey> {
    let account = due.account;
    let parts = due.bytes_max().div_ceil(VALUE_BYTES_MAX);
    (0..parts)
        .map_while(move |part| Some(keys::suspense_key(account, height, u16::try_from(part).ok()?)))
}

/// Freezes the accounts of an item that failed, and keeps what they were to be settled for.
pub(crate) fn failed(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let (due, height) = (settlement::decode(ctx.item())?, ctx.block().height);
    let risk = state::read_risk_table(ctx)?;
    due.iter().try_for_each(|due| freeze(ctx, &risk, due, height))
}

fn freeze(
    work: &mut Workspace<'_>,
    risk: &RiskTable,
    due: &Due,
    height: Height,
) -> Result<(), CallError> {
    let mut account = state::read_account(work, due.account)?;
    account.status = AccountStatus::Frozen;
    state::write_account(work, &account)?;
    let bytes = encode(&due.markets);
    for (key, part) in keys(due, height).zip(bytes.chunks(VALUE_BYTES_MAX)) {
        work.write(&key, Value::new(part))?;
    }
    for (market, outcomes) in &due.markets {
        let held = held_back(risk, due.account, (*market, outcomes))?;
        state::add_to_lane(work, Lane::Suspense, held.net);
        state::add_to_lane(work, Lane::Lots(*market), Quote::new(held.lots.get().into()));
    }
    Ok(ClearingEvent::from(AccountFrozen { account: due.account }).emit(work)?)
}

/// What trades would have changed of an account, fees not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeldBack {
    pub(crate) net: Quote,
    pub(crate) lots: SignedLots,
}

/// The sum over the trades of one market.
pub(crate) fn held_back(
    risk: &RiskTable,
    account: AccountId,
    (market, outcomes): (MarketId, &[Outcome]),
) -> Result<HeldBack, ClearingError> {
    let row = risk.row(market).ok_or(ClearingError::UnknownMarket)?;
    let mut held = HeldBack::default();
    for outcome in outcomes {
        let Outcome::Trade(trade) = outcome else {
            continue;
        };
        let is_maker = trade.maker.account == account;
        let side: Side = if is_maker { trade.taker_side.opposite() } else { trade.taker_side };
        let fill = Fill::new(side, trade.price, trade.lots)?;
        let cost = fill.lots.value(fill.price, row.unit);
        held.net = held.net.checked_sub(cost).ok_or(ClearingError::Overflow)?;
        held.lots = held.lots.checked_add(fill.lots).ok_or(ClearingError::Overflow)?;
    }
    Ok(held)
}

impl Due {
    /// Bytes that its outcomes take at most.
    fn bytes_max(&self) -> usize {
        const OUTCOME_BYTES_MAX: usize = 40;
        let outcomes: usize = self.markets.iter().map(|(_, outcomes)| outcomes.len()).sum();
        let markets = self.markets.len().saturating_mul(6).saturating_add(4);
        outcomes.saturating_mul(OUTCOME_BYTES_MAX).saturating_add(markets)
    }
}
