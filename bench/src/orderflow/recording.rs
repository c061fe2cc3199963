//! A recording, read and sorted: by the venue's numbers where it gives them, else by its times. The lines' own order is that in which
//! they reached the recorder, over several connections.

use std::collections::BTreeSet;
use std::path::Path;

use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::Ticks;

use crate::limits;
use crate::packed_lines::LineLimits;
use crate::packed_lines::Next;
use crate::packed_lines::PackedLines;

use super::Level;
use super::Levels;
use super::OrderflowError;
use super::Scale;
use super::Take;
use super::TouchUpdate;
use super::Update;
use super::line::Line;

const LIMITS: LineLimits = LineLimits {
    bytes_max: limits::ORDERFLOW_BYTES_MAX,
    line_bytes_max: limits::ORDERFLOW_LINE_BYTES_MAX,
};

/// What was recorded of one market.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recording {
    /// The market's name there.
    pub(crate) symbol: String,
    pub(crate) scale: Scale,
    /// Ascending by id.
    pub(crate) updates: Vec<Update>,
    /// Ascending by id.
    pub(crate) touches: Vec<TouchUpdate>,
    /// Ascending by time; those of one moment and direction are one.
    pub(crate) takes: Vec<Take>,
    /// Trades that the takes consist of.
    pub(crate) trades: u64,
    /// Lines that are something else, of another market, or trades without an order of the book.
    pub(crate) left_out: u64,
    /// Updates before which others are missing.
    pub(crate) gaps: u64,
    /// Whether the file ends within a line or within what was packed.
    pub(crate) is_cut: bool,
}

impl Recording {
    /// Reads a file. Without a scale, decimals are as many as the file needs.
    pub(crate) fn read(path: &Path, scale: Option<Scale>) -> Result<Self, OrderflowError> {
        let scale = match scale {
            Some(scale) => scale,
            None => needed(path)?,
        };
        let mut recording = Self { scale, ..Self::default() };
        let mut levels = 0;
        recording.is_cut = each_line(path, |line| {
            levels += line.len();
            if levels > limits::ORDERFLOW_LEVELS_MAX {
                let max = limits::ORDERFLOW_LEVELS_MAX;
                return Err(format!("found more than {max} price levels up to here"));
            }
            recording.take_in(line)
        })?;
        recording.sort();
        match recording.updates.is_empty() {
            false => Ok(recording),
            true => Err(OrderflowError::file(path, "found no change of a price level")),
        }
    }

    /// Reads a file with the decimals of a market, or more where the file needs more.
    pub(crate) fn read_for(path: &Path, market: Scale) -> Result<Self, OrderflowError> {
        let needed = needed(path)?;
        let scale = Scale {
            price_decimals: needed.price_decimals.max(market.price_decimals),
            size_decimals: needed.size_decimals.max(market.size_decimals),
        };
        Self::read(path, Some(scale))
    }

    /// The middle of the first best prices; none when there never were two.
    pub(crate) fn first_middle(&self) -> Option<Ticks> {
        let of_lines = self.touches.iter().find_map(|update| update.touch.middle());
        of_lines.or_else(|| {
            let mut levels = Levels::default();
            self.updates.iter().find_map(|update| {
                levels.apply(update, &mut BTreeSet::new());
                levels.touch().middle()
            })
        })
    }

    /// Moves every price by so many ticks; levels that would then have none are left out.
    pub(crate) fn move_by(&mut self, ticks: i32) {
        let moved = |price: Ticks| {
            let moved = price.get().checked_add_signed(ticks).filter(|price| *price > 0)?;
            Some(Ticks::new(moved))
        };
        let level = |level: Level| Some(Level { price: moved(level.price)?, ..level });
        for update in &mut self.updates {
            for levels in [&mut update.bids, &mut update.asks] {
                *levels = levels.iter().copied().filter_map(level).collect();
            }
        }
        for TouchUpdate { touch, .. } in &mut self.touches {
            touch.bid = touch.bid.and_then(level);
            touch.ask = touch.ask.and_then(level);
        }
        self.takes.retain_mut(|take| moved(take.price).map(|price| take.price = price).is_some());
    }

    fn take_in(&mut self, line: &Line<'_>) -> Result<(), String> {
        if let Some(symbol) = line.symbol() {
            if self.symbol.is_empty() {
                symbol.clone_into(&mut self.symbol);
            }
            if symbol != self.symbol {
                self.left_out += 1;
                return Ok(());
            }
        }
        match line {
            Line::Depth(depth) => self.updates.push(depth.update(self.scale)?),
            Line::Whole(whole) => self.updates.push(whole.update(self.scale)?),
            Line::Ticker(ticker) => self.touches.push(ticker.update(self.scale)?),
            Line::Trade(trade) => match trade.take(self.scale)? {
                Some(take) => self.takes.push(take),
                None => self.left_out += 1,
            },
            Line::Other => self.left_out += 1,
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.updates.sort_by_key(|update| update.id);
        self.touches.sort_by_key(|touch| touch.id);
        self.takes.sort_by_key(|take| take.time);
        self.trades = self.takes.len() as u64;
        self.takes = merged(&self.takes);
        let mut last = None;
        for update in self.updates.iter().filter(|update| !update.is_snapshot) {
            self.gaps += u64::from(last.is_some() && update.prior != last);
            last = Some(update.id);
        }
    }
}

/// Trades of one moment and direction are what one order did, or so it seems.
fn merged(takes: &[Take]) -> Vec<Take> {
    let mut merged: Vec<Take> = Vec::with_capacity(takes.len());
    for take in takes {
        match merged.last_mut() {
            Some(last) if last.time == take.time && last.side == take.side => {
                last.price = match take.side {
                    Side::Buy => last.price.max(take.price),
                    Side::Sell => last.price.min(take.price),
                };
                last.lots = Lots::new(last.lots.get().saturating_add(take.lots.get()));
            }
            Some(_) | None => merged.push(*take),
        }
    }
    merged
}

/// As many decimals as the file needs.
fn needed(path: &Path) -> Result<Scale, OrderflowError> {
    let mut needed = Scale::default();
    each_line(path, |line| {
        let Scale { price_decimals, size_decimals } = line.decimals()?;
        needed.price_decimals = needed.price_decimals.max(price_decimals);
        needed.size_decimals = needed.size_decimals.max(size_decimals);
        Ok(())
    })?;
    Ok(needed)
}

/// Hands every line to `take`; what it finds wrong is told with the line. Whether the file is cut.
fn each_line(
    path: &Path,
    mut take: impl FnMut(&Line<'_>) -> Result<(), String>,
) -> Result<bool, OrderflowError> {
    let mut lines = PackedLines::open(path, LIMITS).map_err(|e| OrderflowError::file(path, e))?;
    loop {
        let next = lines.advance().map_err(|e| wrong(path, lines.number(), e))?;
        let line = match next {
            Next::Line | Next::LastLine => Line::parse(lines.line()),
            Next::End => return Ok(false),
            Next::Cut => return Ok(true),
        };
        match (line, next) {
            (Ok(line), _) => take(&line).map_err(|e| wrong(path, lines.number(), e))?,
            (Err(_), Next::LastLine) => return Ok(true),
            (Err(e), _) => return Err(wrong(path, lines.number(), e)),
        }
    }
}

fn wrong(path: &Path, line: u64, what: String) -> OrderflowError {
    OrderflowError::Line { path: path.to_owned(), line, what }
}
