//! What a recording of order flow has, as results tell it.

use serde::Serialize;

use crate::orderflow::Recording;

/// Lines of a recording: those that changed the book, best prices, trades, and others; and whether it is whole.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lines {
    /// That changed the book.
    pub(crate) updates: usize,
    best_prices: usize,
    trades: u64,
    left_out: u64,
    gaps: u64,
    cut: bool,
}

impl Lines {
    pub(crate) fn of(recording: &Recording) -> Self {
        Self {
            updates: recording.updates.len(),
            best_prices: recording.touches.len(),
            trades: recording.trades,
            left_out: recording.left_out,
            gaps: recording.gaps,
            cut: recording.is_cut,
        }
    }
}
