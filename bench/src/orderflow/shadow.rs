//! The book of a replay: a real one, that is told the same as the chain's, so that it is known what each deed did.

use std::collections::BTreeSet;
use std::collections::HashMap;

use heddle_clearing::CloseReason;
use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_types::UnixMillis;
use serde::Serialize;

use super::Level;
use super::LevelKey;
use super::Touch;
use super::roster::Roster;
use super::translate::Deed;

/// A book that makers and takers meet in.
#[derive(Clone, Debug)]
pub(crate) struct Shadow {
    book: Book,
    roster: Roster,
    /// The order of each level, and what is left of it.
    resting: HashMap<LevelKey, (OrderId, Lots)>,
    /// The level of each open order, and what is left of it.
    open: HashMap<OrderId, (LevelKey, Lots)>,
    /// Levels that something happened to without a deed that was about them.
    loose: BTreeSet<LevelKey>,
    tally: Tally,
    outcomes: Vec<Outcome>,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Orders of makers.
    pub(crate) orders: u64,
    /// Orders of takers.
    pub(crate) takers: u64,
    pub(crate) cancels: u64,
    pub(crate) reductions: u64,
    /// Pairs of orders that traded.
    pub(crate) fills: u64,
    /// Orders of makers that were closed by the book: none, as none crosses.
    pub(crate) closed: u64,
    /// Orders that no maker had room for.
    pub(crate) unplaced: u64,
    /// Lots that traded.
    #[serde(skip)]
    pub(crate) lots: u64,
    /// Lots that takers wanted.
    #[serde(skip)]
    pub(crate) lots_wanted: u64,
}

/// A deed, by the order that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) deed: Deed,
    pub(crate) instruction: Instruction,
}

impl Shadow {
    pub(crate) fn new(roster: Roster) -> Self {
        Self {
            book: Book::new(),
            roster,
            resting: HashMap::new(),
            open: HashMap::new(),
            loose: BTreeSet::new(),
            tally: Tally::default(),
            outcomes: Vec::new(),
        }
    }

    /// An empty book, with what happened so far.
    pub(crate) fn emptied(&self, roster: Roster) -> Self {
        Self { tally: self.tally, ..Self::new(roster) }
    }

    /// As the market is told it. A cancel of what is not there and an order that no maker has room for are left out.
    pub(crate) fn name(&mut self, deeds: &[Deed]) -> Vec<Named> {
        let mut named = Vec::with_capacity(deeds.len());
        for deed in deeds {
            let instruction = match deed {
                Deed::Cancel(key) => self.resting.get(key).map(|(id, _)| Instruction::Cancel(*id)),
                Deed::Reduce(key, to) => self.resting.get(key).and_then(|(id, lots)| {
                    let by = lots.checked_sub(*to).filter(|by| !by.is_zero())?;
                    Some(Instruction::Reduce(*id, by))
                }),
                Deed::Place(key, lots) => self.name_maker(*key, *lots),
                Deed::Take(take) => {
                    let order = (take.side, take.price, take.lots);
                    let book = &self.book;
                    let wanted = (take.side, take.lots);
                    let id = self.roster.name_taker(wanted, |account| book.position(account));
                    Some(Instruction::Place(place(id, order, TimeInForce::ImmediateOrCancel)))
                }
                Deed::Withdraw(id) => Some(Instruction::Cancel(*id)),
            };
            named.extend(instruction.map(|instruction| Named { deed: *deed, instruction }));
        }
        named
    }

    /// Carries out a block's instructions, whoever named their orders.
    pub(crate) fn run(&mut self, instructions: &[Instruction]) -> &[Outcome] {
        self.run_in(&env(), instructions)
    }

    /// The same in a market with limits of its own.
    pub(crate) fn run_in(&mut self, env: &Env, instructions: &[Instruction]) -> &[Outcome] {
        self.roster.forget_plans();
        self.count(instructions);
        let mut outcomes = std::mem::take(&mut self.outcomes);
        outcomes.clear();
        self.book.run_block(env, instructions, &mut outcomes);
        for instruction in instructions {
            match instruction {
                Instruction::Place(place) => self.look_at(place.id),
                Instruction::Cancel(id) | Instruction::Reduce(id, _) => self.look_at(*id),
                Instruction::CancelAfter(..) | Instruction::MovePosition(..) => {}
            }
        }
        for outcome in &outcomes {
            self.note(outcome);
        }
        self.outcomes = outcomes;
        &self.outcomes
    }

    /// The levels that something happened to without a deed that was about them, since this was last asked.
    pub(crate) fn take_loose(&mut self) -> BTreeSet<LevelKey> {
        std::mem::take(&mut self.loose)
    }

    /// Levels with an order.
    pub(crate) fn levels(&self) -> impl Iterator<Item = LevelKey> {
        self.resting.keys().copied()
    }

    /// Orders beside another one of their level.
    pub(crate) fn doubled(&self) -> Vec<OrderId> {
        if self.open.len() == self.resting.len() {
            return Vec::new();
        }
        let is_doubled = |(id, (key, _)): (&OrderId, &(LevelKey, Lots))| {
            self.resting.get(key).is_none_or(|(resting, _)| resting != id).then_some(*id)
        };
        let mut doubled: Vec<_> = self.open.iter().filter_map(is_doubled).collect();
        doubled.sort_unstable();
        doubled
    }

    /// What is left of a level's order.
    pub(crate) fn lots(&self, key: LevelKey) -> Lots {
        self.resting.get(&key).map_or(Lots::ZERO, |(_, lots)| *lots)
    }

    /// The best prices of the book itself.
    pub(crate) fn touch(&self) -> Touch {
        let best = |side| {
            let level = self.book.depth(side, 1).into_iter().next()?;
            Some(Level { price: level.price, lots: level.lots })
        };
        Touch { bid: best(Side::Buy), ask: best(Side::Sell) }
    }

    pub(crate) const fn book(&self) -> &Book {
        &self.book
    }

    pub(crate) const fn tally(&self) -> &Tally {
        &self.tally
    }

    fn name_maker(&mut self, key: LevelKey, lots: Lots) -> Option<Instruction> {
        let book = &self.book;
        let Some(id) = self.roster.name_maker(key, lots, |account| book.position(account)) else {
            self.tally.unplaced += 1;
            return None;
        };
        let order = (key.side, key.price, lots);
        Some(Instruction::Place(place(id, order, TimeInForce::PostOnly)))
    }

    fn count(&mut self, instructions: &[Instruction]) {
        for instruction in instructions {
            match instruction {
                Instruction::Place(place) if self.roster.is_maker(place.id.account) => {
                    self.tally.orders += 1;
                    let key = LevelKey { side: place.side, price: place.price };
                    self.open.insert(place.id, (key, place.lots));
                    self.roster.opened(place.id, key.side, place.lots);
                }
                Instruction::Place(place) => {
                    self.tally.takers += 1;
                    self.tally.lots_wanted += place.lots.get();
                    self.roster.took(place.id);
                }
                Instruction::Cancel(_) => self.tally.cancels += 1,
                Instruction::Reduce(..) => self.tally.reductions += 1,
                Instruction::CancelAfter(..) | Instruction::MovePosition(..) => {}
            }
        }
    }

    fn note(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Trade(trade) => {
                self.tally.fills += 1;
                self.tally.lots += trade.lots.get();
                self.loosen(trade.maker);
                self.loosen(trade.taker);
            }
            Outcome::Closed(closed) => {
                let is_expected = closed.reason == CloseReason::Unfilled;
                self.tally.closed += u64::from(!is_expected);
                self.loosen(closed.id);
            }
            Outcome::Decremented(id, _) => self.loosen(*id),
        }
    }

    fn loosen(&mut self, id: OrderId) {
        self.loose.extend(self.open.get(&id).map(|(key, _)| *key));
        self.look_at(id);
    }

    /// What is left of a maker's order.
    fn look_at(&mut self, id: OrderId) {
        let Some((key, before)) = self.open.get_mut(&id) else { return };
        let key = *key;
        let left = self.book.order(id).map_or(Lots::ZERO, |order| order.lots);
        let gone = Lots::new(before.get().saturating_sub(left.get()));
        *before = left;
        self.roster.shrunk(id.account, key.side, gone);
        if !left.is_zero() {
            self.resting.insert(key, (id, left));
            return;
        }
        self.open.remove(&id);
        self.roster.gone(id.account);
        if self.resting.get(&key).is_some_and(|(resting, _)| *resting == id) {
            self.resting.remove(&key);
        }
    }
}

/// Matching as it is here: the recording is of a market that never stopped.
pub(crate) fn env() -> Env {
    Env::continuous(UnixMillis::new(0))
}

fn place(id: OrderId, (side, price, lots): (Side, Ticks, Lots), how_long: TimeInForce) -> Place {
    Place {
        id,
        side,
        price,
        lots,
        time_in_force: how_long,
        reduce_only: false,
        self_trade: SelfTrade::CancelProvide,
        trigger: None,
        display: None,
        is_liquidation: false,
    }
}
