//! What a market tells its book for one block, and what the book tells back.

use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_types::UnixMillis;

/// What a block's matching depends on besides the book and the instructions. Frozen for the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Env {
    /// The block's time.
    pub now: UnixMillis,
    /// The mark price, that triggers wait for; without one none is reached.
    pub mark: Option<Ticks>,
    /// How orders meet.
    pub mode: Matching,
    /// Where trades may happen; anywhere if there is none.
    pub band: Option<Band>,
    /// The most open interest to which a trade may lead. One that does not add to it may always happen.
    pub open_interest_cap: Lots,
}

/// How orders meet in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// One after the other, each as it comes.
    Continuous,
    /// Not yet: they collect for an auction. What must trade at once is refused, and no trigger is looked at.
    Collect,
    /// All at one price, when all have come. An order that is immediate takes part, and what is left of it goes; one
    /// that must trade in full is refused.
    Uncross,
    /// Not at all: every new order is refused.
    CancelOnly,
}

/// Prices from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// The lowest.
    pub low: Ticks,
    /// The highest.
    pub high: Ticks,
}

/// What an auction comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncrossing {
    /// The one price.
    pub price: Ticks,
    /// The most that trades at it.
    pub lots: Lots,
}

/// A book after a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The highest price that is bid.
    pub best_bid: Option<Ticks>,
    /// The lowest price that is asked.
    pub best_ask: Option<Ticks>,
    /// The price of the last trade, of any block.
    pub last: Option<Ticks>,
    /// The sum of all long positions.
    pub open_interest: Lots,
    /// Lots traded in this block.
    pub volume: Lots,
    /// The lowest price traded in this block.
    pub low: Option<Ticks>,
    /// The highest price traded in this block.
    pub high: Option<Ticks>,
    /// Whether somebody would have traded in this block beyond the band.
    pub hit_band: bool,
    /// The earliest time at which an order expires or an account's deadline is over.
    pub next_due: Option<UnixMillis>,
    /// The lowest mark at which an order that waits for a higher one becomes active.
    pub next_above: Option<Ticks>,
    /// The highest mark at which an order that waits for a lower one becomes active.
    pub next_below: Option<Ticks>,
}

impl Env {
    /// Continuous matching without a mark, a band or a cap.
    pub const fn continuous(now: UnixMillis) -> Self {
        Self {
            now,
            mark: None,
            mode: Matching::Continuous,
            band: None,
            open_interest_cap: Lots::MAX,
        }
    }

    /// Whether an order with this trigger is not active yet.
    pub(super) fn waits_for(&self, trigger: Trigger) -> bool {
        match self.mode {
            Matching::Continuous | Matching::Uncross => {
                !self.mark.is_some_and(|mark| is_reached(trigger, mark))
            }
            Matching::Collect => true,
            Matching::CancelOnly => false,
        }
    }
}

fn is_reached(trigger: Trigger, mark: Ticks) -> bool {
    match trigger.when {
        TriggerWhen::AtOrAbove => mark >= trigger.price,
        TriggerWhen::AtOrBelow => mark <= trigger.price,
    }
}

impl Band {
    /// Whether the price is within.
    pub fn contains(&self, price: Ticks) -> bool {
        self.low <= price && price <= self.high
    }

    /// With `price` in it.
    #[must_use]
    pub fn with(self, price: Ticks) -> Self {
        Self { low: self.low.min(price), high: self.high.max(price) }
    }
}
