//! The liquidation index of a market: who is to be looked at now that a lot is worth this, and who holds the most profitable positions;
//! both without going through all accounts.
//!
//! ```text
//! watched    account -> position, cost, thresholds      what stands in state: pages of accounts
//! by_worth   (threshold, account)   \
//! by_free    (threshold, account)    | for each direction, made from `watched`
//! by_cost    (cost a lot, account)  /
//! ```
//!
//! Thresholds are rounded to buckets, towards earlier detection, so that an account whose headroom changes a little leaves its page as it was.
//! Finding costs by what is found, and the rest of the market is not touched. An account is found in every block until its
//! thresholds are taken anew, so nobody is forgotten; where more are found than one block can look at, they take turns.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::SignedLots;
use heddle_num::mul_div;
use heddle_sdk::Resident;
use heddle_types::Value;

use crate::ids::AccountId;
use crate::ids::Side;
use crate::index::pages::Pages;
use crate::limits::MARGIN_TIERS_MAX;
use crate::liquidation::Counterparty;
use crate::liquidation::LotWorth;
use crate::liquidation::MarketWorth;
use crate::liquidation::Threshold;
use crate::margin::INDEX_ONE;
use crate::params::MarginTier;

mod pages;

#[cfg(test)]
mod tests;

pub use pages::{CorruptIndex, Watched};

/// Who holds positions in one market, and at which worth of a lot each is to be looked at.
#[derive(Debug, Default)]
pub struct LiquidationIndex {
    watched: BTreeMap<AccountId, Watched>,
    longs: Ladder,
    shorts: Ladder,
    /// Sizes of all positions together, counted in both directions.
    lots: u128,
    pages: Pages,
}

/// The accounts of one direction, in three orders.
#[derive(Debug, Default)]
struct Ladder {
    by_worth: BTreeSet<(i128, AccountId)>,
    /// With the threshold of the worth, by which most of those that it finds are found already.
    by_free: BTreeSet<(i128, AccountId, i128)>,
    by_cost: BTreeSet<(i128, AccountId)>,
}

impl LiquidationIndex {
    /// The suffix of the part that is there as long as somebody has held a position.
    pub const HEAD: &'static [u8] = pages::HEAD;

    /// From its parts, which `read` knows by their suffixes; without any the empty one.
    ///
    /// # Errors
    /// [`CorruptIndex`] when they are not what [`Resident::flush`] made.
    pub fn load(read: &mut dyn FnMut(&[u8]) -> Option<Value>) -> Result<Self, CorruptIndex> {
        let mut index = Self::default();
        let (pages, watched) = Pages::load(read)?;
        for (account, watched) in watched {
            index.put(account, watched);
        }
        index.pages = pages;
        Ok(index)
    }

    /// Watches an account's position in place of what was watched of it; none of no position.
    pub fn upsert(&mut self, account: AccountId, watched: Watched) {
        if watched.lots.is_zero() {
            self.remove(account);
        } else if self.watched.get(&account) != Some(&watched) {
            self.take(account);
            self.put(account, watched);
            self.pages.touch(account);
        }
    }

    /// Watches the account no more.
    pub fn remove(&mut self, account: AccountId) {
        if self.take(account).is_some() {
            self.pages.touch(account);
        }
    }

    /// Up to `max` accounts of which a threshold is crossed, ordered by account. Where there are more, those that the next call begins with
    /// are the ones that come after, and then the first again.
    pub fn take_crossed(&mut self, now: &MarketWorth, max: usize) -> Vec<AccountId> {
        let longs = self.longs.crossed(now.lot(Side::Buy));
        let mut found: Vec<_> = longs.chain(self.shorts.crossed(now.lot(Side::Sell))).collect();
        found.sort_unstable();
        if found.len() <= max {
            self.pages.set_turn(AccountId::default());
            return found;
        }
        let turn = self.pages.turn();
        let before_turn = found.partition_point(|account| *account < turn);
        found.rotate_left(before_turn);
        self.pages.set_turn(found.get(max).copied().unwrap_or_default());
        found.truncate(max);
        found.sort_unstable();
        found
    }

    /// Up to `max` accounts, ordered, whose thresholds were taken before the market's margin tiers became these, and which come next. All have come
    /// after as many calls as that takes.
    pub fn take_outdated(
        &mut self,
        tiers: &[MarginTier; MARGIN_TIERS_MAX],
        max: usize,
    ) -> Vec<AccountId> {
        let Some(from) = self.pages.outdated(tiers) else {
            return Vec::new();
        };
        let mut accounts = self.watched.range(from..).map(|(account, _)| *account);
        let taken = accounts.by_ref().take(max).collect();
        let next = accounts.next();
        self.pages.set_outdated(next);
        taken
    }

    /// What is watched of an account.
    pub fn watched(&self, account: AccountId) -> Option<&Watched> {
        self.watched.get(&account)
    }

    /// The positions that were bought, or that were sold, by unrealised profit per notional, the highest first; of equal ones that of the
    /// first account. Cost per lot gives this order whatever the mark is.
    pub fn by_profit(&self, side: Side) -> impl Iterator<Item = Counterparty> {
        self.ladder(side).by_cost.iter().filter_map(|(_, account)| {
            let watched = self.watched.get(account)?;
            let (lots, entry) = (watched.lots, watched.entry);
            Some(Counterparty { account: *account, lots, entry, offers: lots.abs() })
        })
    }

    /// The sizes of all positions, longs and shorts together.
    pub const fn lots(&self) -> u128 {
        self.lots
    }

    /// How many accounts hold a position.
    pub fn len(&self) -> usize {
        self.watched.len()
    }

    /// Whether nobody holds a position.
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    const fn ladder(&self, side: Side) -> &Ladder {
        match side {
            Side::Buy => &self.longs,
            Side::Sell => &self.shorts,
        }
    }

    const fn ladder_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.longs,
            Side::Sell => &mut self.shorts,
        }
    }

    /// Puts an account that is not there.
    fn put(&mut self, account: AccountId, watched: Watched) {
        self.lots = self.lots.saturating_add(u128::from(watched.lots.abs().get()));
        let ladder = self.ladder_mut(side(watched.lots));
        ladder.by_worth.insert((watched.threshold.worth, account));
        ladder.by_free.insert((watched.threshold.free, account, watched.threshold.worth));
        ladder.by_cost.insert((cost_rank(watched.lots, watched.entry), account));
        self.watched.insert(account, watched);
    }

    fn take(&mut self, account: AccountId) -> Option<Watched> {
        let watched = self.watched.remove(&account)?;
        self.lots = self.lots.saturating_sub(u128::from(watched.lots.abs().get()));
        let ladder = self.ladder_mut(side(watched.lots));
        ladder.by_worth.remove(&(watched.threshold.worth, account));
        ladder.by_free.remove(&(watched.threshold.free, account, watched.threshold.worth));
        ladder.by_cost.remove(&(cost_rank(watched.lots, watched.entry), account));
        Some(watched)
    }
}

impl Ladder {
    /// Those with a threshold above what a lot is worth now, each once.
    fn crossed(&self, now: LotWorth) -> impl Iterator<Item = AccountId> {
        const FIRST: AccountId = AccountId::new(0);
        let (worth, free) = (now.worth().saturating_add(1), now.free().saturating_add(1));
        let by_worth = self.by_worth.range((worth, FIRST)..).map(|(_, account)| *account);
        let by_free = self.by_free.range((free, FIRST, i128::MIN)..);
        let others = by_free.filter(move |(_, _, threshold)| *threshold < worth);
        by_worth.chain(others.map(|(_, account, _)| *account))
    }
}

/// Which direction a position has that is not zero.
fn side(lots: SignedLots) -> Side {
    if lots > SignedLots::ZERO { Side::Buy } else { Side::Sell }
}

/// The order of profit per notional: what a lot cost, for a long position, and the opposite of what it brought, for a short one. The entry of a
/// short position is below zero, as its lots are, so that the one is what entry per lot is, and the other its opposite.
fn cost_rank(lots: SignedLots, entry: Quote) -> i128 {
    let size = i128::from(lots.abs().get());
    let cost = mul_div(entry.get(), INDEX_ONE, size, Rounding::Floor);
    // What does not fit cost more, or brought more, than any price.
    cost.unwrap_or(if entry < Quote::ZERO { i128::MIN } else { i128::MAX })
}

impl Resident for LiquidationIndex {
    fn flush(&mut self, out: &mut dyn FnMut(&[u8], Option<Value>)) {
        self.pages.flush(&self.watched, out);
    }

    fn image(&self) -> Vec<u8> {
        self.pages.image(&self.watched)
    }
}

const _: () = assert!(size_of::<Threshold>() == 32, "what a page of accounts is sized by");
