//! A page of positions that are closed against the most profitable opposite ones, and whose remaining debts are put down to be shared.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::Workspace;

use crate::account::Account;
use crate::error::ClearingError;
use crate::event::ClearingEvent;
use crate::event::Deleveraged;
use crate::event::LossShared;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::instruction::Instruction;
use crate::keys::Lane;
use crate::liquidation::deleverage::Counterparty;
use crate::liquidation::deleverage::Match;
use crate::liquidation::deleverage::Owing;
use crate::liquidation::deleverage::deleverage;
use crate::liquidation::keys::BadDebt;
use crate::liquidation::keys::plan_key;
use crate::liquidation::keys::to_share_key;
use crate::liquidation::phases::act::cancel_in;
use crate::liquidation::phases::act::instruct;
use crate::liquidation::phases::act::row_of;
use crate::liquidation::phases::begin::is_recent;
use crate::liquidation::phases::look::has_plain_orders;
use crate::liquidation::phases::money;
use crate::liquidation::phases::touch;
use crate::liquidation::records::Plan;
use crate::liquidation::records::PlannedClosing;
use crate::liquidation::records::Touched;
use crate::liquidation::transfer::Exchange;
use crate::liquidation::transfer::Which;
use crate::margin::difference;
use crate::margin::sum;
use crate::risk_table::RiskRow;
use crate::risk_table::RiskTable;
use crate::state::read;
use crate::state::read_account;
use crate::state::read_risk_table;
use crate::state::write_account;

/// What a page is about, while it is carried out.
struct Page {
    risk: RiskTable,
    row: RiskRow,
    /// The accounts read so far, and what they held then.
    accounts: BTreeMap<AccountId, (Account, Quote)>,
    /// What the market is told.
    moves: Vec<Instruction>,
}

pub(super) fn run(
    ctx: &mut PhaseContext<'_, '_>,
    market: MarketId,
    page: u8,
) -> Result<(), CallError> {
    let key = plan_key(market, page);
    let plan: Plan = read(ctx, &key)?.ok_or(ClearingError::CorruptState)?;
    ctx.delete(&key)?;
    if !is_recent(ctx.block(), plan.decided_at) {
        return Ok(());
    }
    let risk = read_risk_table(ctx)?;
    let row = row_of(&risk, market)?;
    let mut page = Page { risk, row, accounts: BTreeMap::new(), moves: Vec::new() };
    for closing in &plan.closings {
        page.close(ctx, closing)?;
    }
    page.finish(ctx)
}

impl Page {
    fn close(
        &mut self,
        work: &mut Workspace<'_>,
        closing: &PlannedClosing,
    ) -> Result<(), CallError> {
        let (market, risk) = (self.row.market, self.risk.clone());
        let account = self.account(work, closing.account)?;
        let position = account.exposure(market).map_or(SignedLots::ZERO, |exposure| exposure.lots);
        let equity = account.health(&risk)?.equity;
        let owed = difference(Quote::ZERO, equity)?;
        let debt = closing.debt.min(owed).max(Quote::ZERO);
        let mut others = Vec::with_capacity(closing.matches.len());
        for (other, lots) in &closing.matches {
            others.extend(self.counterparty(work, *other, *lots)?.filter(|other| {
                other.lots.get().signum() == position.get().signum().wrapping_neg()
            }));
        }
        let owing = Owing { lots: position.abs(), debt };
        let done = deleverage(owing, others, (self.row.mark, self.row.unit));
        let done = done.ok_or(ClearingError::Overflow)?;
        for part in &done.matches {
            self.exchange(work, (closing.account, position), part)?;
        }
        if done.lots_left.is_zero() {
            self.share(work, closing.account, done.debt_left)?;
        }
        let account = self.account(work, closing.account)?.clone();
        Ok(money::book_relief(work, equity, &account, &risk)?)
    }

    /// The account, as this page has left it so far.
    fn account(
        &mut self,
        work: &mut Workspace<'_>,
        id: AccountId,
    ) -> Result<&mut Account, CallError> {
        let (account, _) = match self.accounts.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let account = read_account(work, id)?;
                let holdings = account.net()?;
                entry.insert((account, holdings))
            }
        };
        Ok(account)
    }

    /// What there is of a counterparty's position, if it still has one.
    fn counterparty(
        &mut self,
        work: &mut Workspace<'_>,
        id: AccountId,
        lots: Lots,
    ) -> Result<Option<Counterparty>, CallError> {
        let market = self.row.market;
        let exposure = self.account(work, id)?.exposure(market).copied();
        Ok(exposure.filter(|exposure| !exposure.lots.is_zero()).map(|exposure| Counterparty {
            account: id,
            lots: exposure.lots,
            entry: exposure.entry,
            offers: lots.min(exposure.lots.abs()),
        }))
    }

    /// Closes a part of `position` against a counterparty.
    fn exchange(
        &mut self,
        work: &mut Workspace<'_>,
        (account, position): (AccountId, SignedLots),
        part: &Match,
    ) -> Result<(), CallError> {
        let is_long = position > SignedLots::ZERO;
        let lots = if is_long { part.lots.short() } else { part.lots.long() };
        let lots = lots.ok_or(ClearingError::Overflow)?;
        let paid = difference(lots.value(self.row.mark, self.row.unit), part.pays)?;
        let closes = Exchange { lots, paid };
        for (id, exchange) in [(account, closes), (part.account, closes.opposite()?)] {
            let row = self.row;
            let settled = self.account(work, id)?.exchange(&row, &exchange)?;
            money::book_dues(work, row.market, &settled);
            self.moves.push(Instruction::MovePosition(id, exchange.lots));
        }
        money::book_payment(work, BadDebt::Deleveraged, part.pays);
        let (counterparty, market) = (part.account, self.row.market);
        let event = Deleveraged { account, counterparty, market, lots, paid: part.pays };
        Ok(ClearingEvent::from(event).emit(work)?)
    }

    /// Puts down what the account owes to be shared by all open interest of the market, which pays it through the loss index.
    fn share(
        &mut self,
        work: &mut Workspace<'_>,
        account: AccountId,
        debt: Quote,
    ) -> Result<(), CallError> {
        if debt.is_zero() {
            return Ok(());
        }
        let market = self.row.market;
        ClearingEvent::from(LossShared { account, market, amount: debt }).emit(work)?;
        let account = self.account(work, account)?;
        account.cash = sum(account.cash, debt)?;
        work.add(&Lane::SharedLoss(market).key(), debt.get().wrapping_neg());
        work.add(&to_share_key(market), debt.get());
        money::book_payment(work, BadDebt::Shared, debt);
        Ok(())
    }

    fn finish(mut self, work: &mut Workspace<'_>) -> Result<(), CallError> {
        let market = self.row.market;
        let moves = std::mem::take(&mut self.moves);
        instruct(work, market, moves)?;
        let mut touched = Vec::with_capacity(self.accounts.len());
        for (id, (mut account, before)) in self.accounts {
            // A smaller position may no longer cover what it let the account offer.
            if has_plain_orders(&account) && account.free_margin(&self.risk)? < Quote::ZERO {
                cancel_in(work, &mut account, &self.row, Which::Plain)?;
            }
            money::book_net(work, before, &account)?;
            write_account(work, &account)?;
            touched.push(Touched { account: id, market: Some(market) });
        }
        Ok(touch(work, &touched)?)
    }
}
