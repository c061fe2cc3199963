//! A market's rules, and the mode that it is in.
//!
//! ```text
//!  created, resumed ──► CancelOnly ──prices good──► Opening ──time──► Continuous or Batch
//!                           ▲                                             │   ▲
//!                           ├──────────────prices bad─────────────────────┤   │ time
//!                           │                                             ▼   │
//!  Halted ──by authority────┘                      breaker trips ──►    Auction
//!  Frozen: its item failed; it stays. Closed: by authority; it stays.
//! ```
//!
//! After whatever stopped a market it opens through an auction, never by matching on a stale book: dYdX resumed on stale prices in
//! 2025, and paid for it.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_clearing::MarketStatus;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_types::Canonical;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use crate::book::Band;
use crate::book::Matching;
use crate::window::Window;

#[cfg(test)]
mod tests;

/// How a market trades. Fixed when it is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MarketRules {
    /// How far from the mark an order may be priced on the side that hurts it, and a trade may happen at all: limit up, limit down.
    pub band: Ppm,
    /// What stops continuous trading that moves too fast, if anything does.
    pub breaker: Option<Breaker>,
    /// How long orders are collected before the market opens.
    pub opening: Millis,
    /// For a market that is always in auctions: the time from one to the next.
    pub batch: Option<Millis>,
    /// The least that an order may have.
    pub lots_min: Lots,
    /// The most that an order may have.
    pub lots_max: Lots,
    /// The least that an order that may increase a position may be worth.
    pub notional_min: Quote,
}

/// A rolling window's breaker: a trade further than `move_max` from any trade of the last `window` does not happen, and what
/// would have traded there makes the market collect orders for `auction`. After CME's dynamic circuit breakers, whose limits
/// follow a rolling window, and Xetra's volatility interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Breaker {
    /// How far.
    pub move_max: Ppm,
    /// Of how long.
    pub window: Millis,
    /// How long the auction lasts.
    pub auction: Millis,
}

/// Why rules make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRules;

/// The mode that a market is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum MarketMode {
    /// Orders can only be cancelled, until prices are good.
    CancelOnly,
    /// Orders are collected; the first block at this time or later uncrosses them.
    Opening(UnixMillis),
    /// Orders trade as they come.
    Continuous,
    /// The same as opening, after the breaker tripped.
    Auction(UnixMillis),
    /// The same again, over and over.
    Batch(UnixMillis),
    /// The authority stopped it: cancels only, until the authority resumes it.
    Halted,
    /// It broke. Cancels are not even tried; positions stay as they are.
    Frozen,
    /// It is over.
    Closed,
}

/// What the authority may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ModeChange {
    /// Stop it.
    Halt,
    /// Let it open again, through an auction, once prices are good.
    Resume,
    /// End it: orders can be cancelled, nothing trades again.
    Close,
}

/// How good the prices of a market's feed are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prices {
    /// Positions may grow on them.
    Good,
    /// Positions may shrink on them.
    Usable,
    /// Nothing may happen on them.
    Bad,
}

/// What a market carries from block to block, besides its book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Session {
    mode: MarketMode,
    window: Window,
}

/// What a block did, as far as the mode depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traded {
    /// Where trades were, if there was one.
    pub range: Option<Band>,
    /// Whether something would have traded outside of the band.
    pub hit_band: bool,
}

impl MarketRules {
    /// These rules, if they make sense.
    ///
    /// # Errors
    /// When a rate is not above zero, bands reach to zero, or a duration or size is none.
    pub fn check(&self) -> Result<(), InvalidRules> {
        let is_rate = |rate: Ppm| rate > Ppm::ZERO && rate < Ppm::ONE;
        let breaker_fits = self.breaker.is_none_or(|breaker| {
            is_rate(breaker.move_max)
                && breaker.window.get() >= Window::BUCKETS_U64
                && breaker.auction.get() > 0
        });
        let sizes_fit = Lots::ZERO < self.lots_min
            && self.lots_min <= self.lots_max
            && self.lots_max.get() <= heddle_clearing::limits::ORDER_LOTS_MAX
            && self.notional_min >= Quote::ZERO;
        let batch_fits = self.batch.is_none_or(|interval| interval.get() > 0);
        if is_rate(self.band) && breaker_fits && sizes_fit && batch_fits {
            Ok(())
        } else {
            Err(InvalidRules)
        }
    }

    /// The mode that follows an auction at `now`.
    fn after_auction(&self, now: UnixMillis) -> MarketMode {
        match self.batch {
            Some(interval) => MarketMode::Batch(now.after(interval)),
            None => MarketMode::Continuous,
        }
    }
}

impl MarketMode {
    /// Its number in events.
    pub const fn number(self) -> u8 {
        match self {
            Self::CancelOnly => 0,
            Self::Opening(_) => 1,
            Self::Continuous => 2,
            Self::Auction(_) => 3,
            Self::Batch(_) => 4,
            Self::Halted => 5,
            Self::Frozen => 6,
            Self::Closed => 7,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CancelOnly => "cancelOnly",
            Self::Opening(_) => "opening",
            Self::Continuous => "continuous",
            Self::Auction(_) => "auction",
            Self::Batch(_) => "batch",
            Self::Halted => "halted",
            Self::Frozen => "frozen",
            Self::Closed => "closed",
        }
    }

    /// What accounts know of it.
    pub(crate) const fn status(self) -> MarketStatus {
        match self {
            Self::Continuous | Self::Batch(_) => MarketStatus::Active,
            Self::Opening(_) | Self::Auction(_) => MarketStatus::Collecting,
            Self::CancelOnly => MarketStatus::CancelOnly,
            Self::Halted => MarketStatus::Halted,
            Self::Frozen => MarketStatus::Frozen,
            Self::Closed => MarketStatus::Closed,
        }
    }

    /// Whether new orders are taken.
    pub const fn takes_orders(self) -> bool {
        match self {
            Self::Opening(_) | Self::Continuous | Self::Auction(_) | Self::Batch(_) => true,
            Self::CancelOnly | Self::Halted | Self::Frozen | Self::Closed => false,
        }
    }
}

impl Session {
    /// Of a new market: it opens once prices are good.
    pub const fn new() -> Self {
        Self { mode: MarketMode::CancelOnly, window: Window::EMPTY }
    }

    /// The mode.
    pub const fn mode(&self) -> MarketMode {
        self.mode
    }

    /// What the mode becomes before a block of this time is matched.
    pub fn begin(&mut self, rules: &MarketRules, now: UnixMillis, prices: Prices) {
        match (self.mode, prices) {
            (MarketMode::CancelOnly, Prices::Good) => {
                self.window = Window::EMPTY;
                self.mode = MarketMode::Opening(now.after(rules.opening));
            }
            (
                MarketMode::Opening(_)
                | MarketMode::Continuous
                | MarketMode::Auction(_)
                | MarketMode::Batch(_),
                Prices::Bad,
            ) => self.mode = MarketMode::CancelOnly,
            (
                MarketMode::CancelOnly
                | MarketMode::Opening(_)
                | MarketMode::Continuous
                | MarketMode::Auction(_)
                | MarketMode::Batch(_)
                | MarketMode::Halted
                | MarketMode::Frozen
                | MarketMode::Closed,
                Prices::Good | Prices::Usable | Prices::Bad,
            ) => {}
        }
    }

    /// How a block of this time is matched.
    pub fn matching(&self, now: UnixMillis) -> Matching {
        match self.mode {
            MarketMode::Continuous => Matching::Continuous,
            MarketMode::Opening(due) | MarketMode::Auction(due) | MarketMode::Batch(due) => {
                if now >= due { Matching::Uncross } else { Matching::Collect }
            }
            MarketMode::CancelOnly
            | MarketMode::Halted
            | MarketMode::Frozen
            | MarketMode::Closed => Matching::CancelOnly,
        }
    }

    /// Where trades may happen in a block of this time: around the mark, and in continuous trading no further from what was traded
    /// lately than the breaker allows.
    pub fn band(&self, rules: &MarketRules, now: UnixMillis, mark: Ticks) -> Band {
        let around_mark = Band::around(mark, mark, rules.band);
        match (self.mode, rules.breaker) {
            (MarketMode::Continuous, Some(breaker)) => {
                let recent = self.window.range(now, breaker.window);
                recent.map_or(around_mark, |recent| {
                    around_mark.narrowed(Band::around(recent.high, recent.low, breaker.move_max))
                })
            }
            _ => around_mark,
        }
    }

    /// What the mode becomes after a block of this time was matched.
    pub fn end(&mut self, rules: &MarketRules, now: UnixMillis, traded: Traded) {
        if let (Some(range), Some(breaker)) = (traded.range, rules.breaker) {
            self.window.add(now, breaker.window, range);
        }
        match self.matching(now) {
            Matching::Uncross => self.mode = rules.after_auction(now),
            Matching::Continuous => {
                if let (true, Some(breaker)) = (traded.hit_band, rules.breaker) {
                    self.window = Window::EMPTY;
                    self.mode = MarketMode::Auction(now.after(breaker.auction));
                }
            }
            Matching::Collect | Matching::CancelOnly => {}
        }
    }

    /// Does what the authority wants; false if that cannot be from this mode.
    #[must_use]
    pub const fn change(&mut self, change: ModeChange) -> bool {
        self.mode = match (change, self.mode) {
            (_, MarketMode::Frozen | MarketMode::Closed) => return false,
            (ModeChange::Halt, _) => MarketMode::Halted,
            (ModeChange::Resume, MarketMode::Halted) => MarketMode::CancelOnly,
            (ModeChange::Resume, _) => return false,
            (ModeChange::Close, _) => MarketMode::Closed,
        };
        true
    }

    /// Whether nothing can come of matching any more.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.mode, MarketMode::Frozen)
    }

    /// Its match failed: it stays as it is from here on.
    pub const fn freeze(&mut self) {
        self.mode = MarketMode::Frozen;
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Canonical for Session {
    const NAME: &'static str = "session";
    const BYTES_MAX: usize = 9 + Window::BYTES;
}
