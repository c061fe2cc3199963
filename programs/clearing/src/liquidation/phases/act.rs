//! One account of the queue: its orders are cancelled, insurance pays for it, and a slice of its position goes to the book, or all of it to a
//! volunteer.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::Workspace;
use heddle_types::encode;

use crate::account::Account;
use crate::error::ClearingError;
use crate::event::ClearingEvent;
use crate::event::InsurancePaid;
use crate::event::LiquidationOrdered;
use crate::event::PositionHandedOver;
use crate::exposure::Exposure;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::instruction::Instruction;
use crate::instruction::Instructions;
use crate::instruction::market_inbox;
use crate::keys::Lane;
use crate::limits::INSTRUCTIONS_MAX;
use crate::liquidation::health::Health;
use crate::liquidation::health::Rung;
use crate::liquidation::keys::BadDebt;
use crate::liquidation::phases::look::has_plain_orders;
use crate::liquidation::phases::look::judged;
use crate::liquidation::phases::look::takes_liquidations;
use crate::liquidation::phases::money;
use crate::liquidation::phases::touch;
use crate::liquidation::price::Closing;
use crate::liquidation::price::Spread;
use crate::liquidation::records::Touched;
use crate::liquidation::slice::Slicing;
use crate::liquidation::slice::largest;
use crate::liquidation::transfer::Exchange;
use crate::liquidation::transfer::Which;
use crate::margin::sum;
use crate::risk_table::RiskRow;
use crate::risk_table::RiskTable;
use crate::state::read_account;
use crate::state::read_orders;
use crate::state::read_risk_table;
use crate::state::write_account;
use crate::state::write_orders;

/// What is to be done, as far as it was known when the phase was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Act {
    /// The account.
    pub(super) account: AccountId,
    /// What insurance pays of what it owes.
    pub(super) insurance: Quote,
    /// Who is asked to take its position.
    pub(super) volunteer: Option<AccountId>,
}

pub(super) fn run(ctx: &mut PhaseContext<'_, '_>, act: &Act) -> Result<(), CallError> {
    let risk = read_risk_table(ctx)?;
    let mut account = read_account(ctx, act.account)?;
    touch(ctx, &[Touched { account: act.account, market: None }])?;
    let judged = judged(&account, &risk)?.filter(|health| health.rung() != Rung::Sound);
    let Some(health) = judged else {
        if has_plain_orders(&account) && account.free_margin(&risk)? < Quote::ZERO {
            cancel(ctx, &mut account, &risk, Which::Plain)?;
        }
        return Ok(write_account(ctx, &account)?);
    };
    cancel(ctx, &mut account, &risk, Which::All)?;
    match health.rung() {
        Rung::Sound => {}
        Rung::Slices => slice(ctx, &mut account, (&risk, health))?,
        Rung::Backstop => {
            if !hand_over(ctx, &mut account, (&risk, health), act.volunteer)? {
                slice(ctx, &mut account, (&risk, health))?;
            }
        }
        Rung::Bankrupt => insure(ctx, &mut account, &risk, act.insurance)?,
    }
    Ok(write_account(ctx, &account)?)
}

impl Account {
    /// Equity and maintenance margin.
    ///
    /// # Errors
    /// As [`Account::margin`].
    pub(crate) fn health(&self, risk: &RiskTable) -> Result<Health, ClearingError> {
        let margin = self.margin(risk)?;
        Ok(Health { equity: margin.equity, maintenance: margin.maintenance })
    }
}

/// Takes orders away in all markets.
fn cancel(
    work: &mut Workspace<'_>,
    account: &mut Account,
    risk: &RiskTable,
    which: Which,
) -> Result<(), CallError> {
    let markets: Vec<_> = account.exposures.iter().map(|exposure| exposure.market).collect();
    for market in markets {
        cancel_in(work, account, &row_of(risk, market)?, which)?;
    }
    Ok(())
}

/// Takes orders away in one market.
pub(super) fn cancel_in(
    work: &mut Workspace<'_>,
    account: &mut Account,
    row: &RiskRow,
    which: Which,
) -> Result<(), CallError> {
    let mut orders = read_orders(work, account.id, row.market)?;
    let cancels = account.take_away(&mut orders, row, which)?;
    if cancels.is_empty() {
        return Ok(());
    }
    write_orders(work, (account.id, row.market), &orders)?;
    instruct(work, row.market, cancels)
}

/// Tells a market.
pub(super) fn instruct(
    work: &mut Workspace<'_>,
    market: MarketId,
    instructions: Vec<Instruction>,
) -> Result<(), CallError> {
    for entry in instructions.chunks(INSTRUCTIONS_MAX) {
        work.append(&market_inbox(market), encode(&Instructions(entry.to_vec())))?;
    }
    Ok(())
}

pub(super) fn row_of(risk: &RiskTable, market: MarketId) -> Result<RiskRow, ClearingError> {
    risk.row(market).ok_or(ClearingError::UnknownMarket)
}

/// The position with the largest notional in a market that trades, and its market.
fn largest_position(
    account: &Account,
    risk: &RiskTable,
) -> Result<Option<(RiskRow, Exposure)>, ClearingError> {
    let notionals = account.exposures.iter().filter_map(|exposure| {
        let row = risk.row(exposure.market).filter(takes_liquidations)?;
        Some((exposure.market, row.mark.notional(exposure.lots.abs(), row.unit)))
    });
    let Some(market) = largest(notionals) else {
        return Ok(None);
    };
    let exposure = account.exposure(market).ok_or(ClearingError::CorruptState)?;
    Ok(Some((row_of(risk, market)?, *exposure)))
}

/// Sends a slice of the largest position to the book.
fn slice(
    work: &mut Workspace<'_>,
    account: &mut Account,
    (risk, health): (&RiskTable, Health),
) -> Result<(), CallError> {
    let Some((row, exposure)) = largest_position(account, risk)? else {
        return Ok(());
    };
    let params = &row.liquidation;
    let slicing = Slicing { part: params.slice, whole_up_to: params.slice_notional_min };
    let lot_value = SignedLots::new(1).value(row.mark, row.unit);
    let lots = slicing.slice(exposure.lots, lot_value);
    let Some(price) = worst_price(health, &row, &exposure, lots)? else {
        return Ok(());
    };
    let mut orders = read_orders(work, account.id, row.market)?;
    let place = account.place_liquidation(&mut orders, &row, (lots, price))?;
    let (id, market) = (account.id, row.market);
    let given = if exposure.lots > SignedLots::ZERO { lots.long() } else { lots.short() };
    let event = LiquidationOrdered {
        account: id,
        market,
        lots: given.unwrap_or_default(),
        price,
        equity: health.equity,
        maintenance: health.maintenance,
    };
    ClearingEvent::from(event).emit(work)?;
    write_orders(work, (account.id, row.market), &orders)?;
    instruct(work, row.market, vec![Instruction::Place(place)])
}

/// The fillable price, but none at which the account would owe.
fn worst_price(
    health: Health,
    row: &RiskRow,
    exposure: &Exposure,
    lots: heddle_num::Lots,
) -> Result<Option<Ticks>, ClearingError> {
    let is_long = exposure.lots > SignedLots::ZERO;
    let delta = if is_long { lots.short() } else { lots.long() };
    let delta = delta.ok_or(ClearingError::Overflow)?;
    let closing = Closing::at_mark(row, exposure.lots, delta)?;
    let spread = Spread {
        bankruptcy_adjustment: row.liquidation.bankruptcy_adjustment,
        to_maintenance: row.liquidation.spread_to_maintenance,
    };
    let fillable = closing.fillable_price(health, &spread)?.ticks(row.unit);
    let bankruptcy = closing.bankruptcy_price(health, (delta, row.unit))?;
    let both = fillable.zip(bankruptcy);
    Ok(match both {
        Some((fillable, bankruptcy)) if is_long => Some(fillable.max(bankruptcy)),
        Some((fillable, bankruptcy)) => Some(fillable.min(bankruptcy)),
        // The bankruptcy price is beyond all prices, or the fillable one is.
        None => fillable,
    })
}

/// Gives the largest position to the volunteer at its bankruptcy price, if that leaves the volunteer with the margin that it needs.
fn hand_over(
    work: &mut Workspace<'_>,
    account: &mut Account,
    (risk, health): (&RiskTable, Health),
    volunteer: Option<AccountId>,
) -> Result<bool, CallError> {
    let Some((row, exposure)) = largest_position(account, risk)? else {
        return Ok(false);
    };
    let Some(volunteer) = volunteer else {
        return Ok(false);
    };
    let mut taker = read_account(work, volunteer)?;
    let given = exposure.lots.checked_neg().ok_or(ClearingError::Overflow)?;
    let closing = Closing::at_mark(&row, exposure.lots, given).map_err(ClearingError::from)?;
    let price = closing.bankruptcy_quote(health).map_err(ClearingError::from)?;
    let taken = Exchange { lots: exposure.lots, paid: price };
    let before = (account.net()?, taker.net()?);
    let settled = taker.exchange(&row, &taken)?;
    if !is_able(&taker, &row, risk)? {
        return Ok(false);
    }
    money::book_dues(work, row.market, &settled);
    let settled = account.exchange(&row, &taken.opposite()?)?;
    money::book_dues(work, row.market, &settled);
    money::book_net(work, before.0, account)?;
    money::book_net(work, before.1, &taker)?;
    write_account(work, &taker)?;
    touch_both(work, account.id, volunteer, row.market)?;
    let (id, to, market) = (account.id, volunteer, row.market);
    let event = PositionHandedOver { account: id, to, market, lots: exposure.lots, paid: price };
    ClearingEvent::from(event).emit(work)?;
    let moves = [(account.id, given), (volunteer, exposure.lots)];
    let moves = moves.map(|(account, lots)| Instruction::MovePosition(account, lots));
    instruct(work, row.market, moves.to_vec())?;
    Ok(true)
}

/// Whether the volunteer may hold what it would hold.
fn is_able(taker: &Account, row: &RiskRow, risk: &RiskTable) -> Result<bool, ClearingError> {
    let may_hold = taker.isolated.is_none_or(|only| only == row.market);
    let is_active = taker.status == crate::account::AccountStatus::Active;
    let lots = taker.exposure(row.market).map_or(heddle_num::Lots::ZERO, Exposure::worst_lots);
    let has_margin = taker.free_margin(risk)? >= Quote::ZERO;
    Ok(may_hold && is_active && taker.is_backstop && lots <= row.position_max && has_margin)
}

fn touch_both(
    work: &mut Workspace<'_>,
    one: AccountId,
    other: AccountId,
    market: MarketId,
) -> Result<(), CallError> {
    let touched = [one, other].map(|account| Touched { account, market: Some(market) });
    Ok(touch(work, &touched)?)
}

/// Insurance pays what was set aside for the account, and no more than it owes.
fn insure(
    work: &mut Workspace<'_>,
    account: &mut Account,
    risk: &RiskTable,
    set_aside: Quote,
) -> Result<(), CallError> {
    let equity = account.health(risk)?.equity;
    let owed = equity.checked_neg().ok_or(ClearingError::Overflow)?;
    let paid = set_aside.min(owed).max(Quote::ZERO);
    if paid.is_zero() {
        return Ok(());
    }
    let before = account.net()?;
    account.cash = sum(account.cash, paid)?;
    work.add(&Lane::Insurance.key(), paid.get().wrapping_neg());
    ClearingEvent::from(InsurancePaid { account: account.id, amount: paid }).emit(work)?;
    money::book_payment(work, BadDebt::Insurance, paid);
    money::book_relief(work, equity, account, risk)?;
    Ok(money::book_net(work, before, account)?)
}
