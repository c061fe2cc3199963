//! How far down the ladder an account stands.

use heddle_num::Quote;

/// An account's equity, and the maintenance margin of all its positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Cash and what its positions are worth at the marks.
    pub equity: Quote,
    /// The sum over its markets. Never below zero.
    pub maintenance: Quote,
}

/// What is to be done about an account. Later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Nothing.
    Sound,
    /// Its orders are cancelled and slices of its largest position go to the book.
    Slices,
    /// A volunteer takes its position, if one can; slices otherwise.
    Backstop,
    /// It owes: insurance, deleveraging, shared loss.
    Bankrupt,
}

impl Health {
    /// Equity less maintenance margin; none when that does not fit.
    pub fn headroom(self) -> Option<Quote> {
        self.equity.checked_sub(self.maintenance)
    }

    /// Whether positions may be taken from it: dYdX v4's rule, under which an account without any may owe, but is not liquidated.
    pub fn is_liquidatable(self) -> bool {
        self.maintenance > Quote::ZERO && self.equity < self.maintenance
    }

    /// Where it stands. The backstop's rung begins below two thirds of the maintenance margin (Hyperliquid).
    pub fn rung(self) -> Rung {
        let owes = self.equity < Quote::ZERO;
        if owes || (self.is_liquidatable() && self.equity.is_zero()) {
            Rung::Bankrupt
        } else if !self.is_liquidatable() {
            Rung::Sound
        } else if is_below_two_thirds(self.equity, self.maintenance) {
            Rung::Backstop
        } else {
            Rung::Slices
        }
    }
}

/// Whether `3 part < 2 whole`, for amounts that are not below zero.
fn is_below_two_thirds(part: Quote, whole: Quote) -> bool {
    // Saturated at a third of the largest amount, which no sum of accounts comes near.
    part.get().saturating_mul(3) < whole.get().saturating_mul(2)
}
