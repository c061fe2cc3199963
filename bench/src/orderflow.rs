//! Recorded order flow of another venue's market: what its book looked like, and what was traded there.
//!
//! A recording is lines of `receive_time_ns {json}`: changes of price levels (`@depth`), the best prices (`@bookTicker`), trades
//! (`@trade`), and at most a few whole books. It is somebody else's: every length is bounded, and whatever is wrong is told with its
//! file and line. Decimals become whole ticks and lots exactly, or it is an error.
//!
//! ```text
//! recording -> what happened, in order -> deeds of makers and takers -> a book (here, or a chain's)
//!                     |                                                    |
//!                     +-> levels: the recorded book <------ compared ------+
//! ```

mod check;
mod decimal;
mod flow;
mod levels;
mod line;
mod recording;
mod roster;
mod shadow;
mod translate;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::Ticks;
use thiserror::Error;

pub(crate) use check::Check;
pub(crate) use check::Difference;
pub(crate) use flow::Event;
pub(crate) use levels::Levels;
pub(crate) use recording::Recording;
pub(crate) use roster::Roster;
pub(crate) use shadow::Named;
pub(crate) use shadow::Shadow;
pub(crate) use shadow::Tally;
pub(crate) use shadow::env;
pub(crate) use translate::Deed;
pub(crate) use translate::OrderLimits;
pub(crate) use translate::reconcile;

/// How decimals become ticks and lots: a price of one tick is `10^-price_decimals`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scale {
    /// Decimals of a price.
    pub(crate) price_decimals: u8,
    /// Decimals of a size.
    pub(crate) size_decimals: u8,
}

/// A price and how much is there. None is left at a level of no lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) price: Ticks,
    pub(crate) lots: Lots,
}

/// A level of a book, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LevelKey {
    pub(crate) side: Side,
    pub(crate) price: Ticks,
}

/// What became of price levels; the quantities are what is there, not what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    /// The venue's number of the last change that is in it.
    pub(crate) id: u64,
    /// The number that the update before it ended with; none when the venue does not say.
    pub(crate) prior: Option<u64>,
    /// When the venue made it, in its milliseconds.
    pub(crate) time: u64,
    /// Whether it is all of the best levels, rather than those that changed.
    pub(crate) is_snapshot: bool,
    /// Bids.
    pub(crate) bids: Vec<Level>,
    /// Asks.
    pub(crate) asks: Vec<Level>,
}

/// The best prices, with what was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touch {
    pub(crate) bid: Option<Level>,
    pub(crate) ask: Option<Level>,
}

/// The best prices after the change of number `id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TouchUpdate {
    pub(crate) id: u64,
    pub(crate) touch: Touch,
}

/// A trade, or several of one moment and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    /// When, in the venue's milliseconds.
    pub(crate) time: u64,
    /// What the taker did.
    pub(crate) side: Side,
    /// The worst price of any.
    pub(crate) price: Ticks,
    /// In all.
    pub(crate) lots: Lots,
}

/// What is wrong with a recording.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum OrderflowError {
    /// A file that cannot be read, or that says too little or too much.
    #[error("{}: {what}; give a recording of @depth, @bookTicker and @trade lines, gzipped", path.display())]
    File { path: PathBuf, what: String },
    /// A line that is not what it should be.
    #[error("{}:{line}: {what}; fetch the file again, or leave it out", path.display())]
    Line { path: PathBuf, line: u64, what: String },
}

impl OrderflowError {
    fn file(path: &Path, what: impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), what: what.to_string() }
    }
}
