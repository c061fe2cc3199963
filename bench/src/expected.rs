//! What every party should hold in the end, computed without the chain's help but for what its receipts charge.

use heddle_types::Amount;

#[cfg(test)]
mod tests;

/// One transfer between parties, by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Who signs, pays and is charged.
    pub(crate) from: usize,
    /// Who receives.
    pub(crate) to: usize,
    /// How much.
    pub(crate) amount: Amount,
}

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    /// Whether the transfers took effect.
    pub(crate) ok: bool,
    /// The fee, paid either way.
    pub(crate) fee: Amount,
    /// What was put down for keys that were created.
    pub(crate) deposit: Amount,
}

/// Balances that are being computed. Signed and wider than any amount, so that no order of the parts overflows or is
/// refused; whether one ends below zero is for the comparison to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Balances(Vec<i128>);

impl Balances {
    /// What the parties hold before anything is sent.
    pub(crate) fn new(start: &[Amount]) -> Self {
        Self(start.iter().map(|amount| amount.signed()).collect())
    }

    /// A payment from outside, such as the faucet's.
    pub(crate) fn fund(&mut self, party: usize, amount: Amount) {
        self.0[party] += amount.signed();
    }

    /// A transaction of one or several transfers that all have one sender.
    pub(crate) fn apply(&mut self, sender: usize, flows: &[Flow], charge: &Charge) {
        self.0[sender] -= charge.fee.signed() + charge.deposit.signed();
        if !charge.ok {
            return;
        }
        for flow in flows {
            self.0[flow.from] -= flow.amount.signed();
            self.0[flow.to] += flow.amount.signed();
        }
    }

    /// How many of `found` differ.
    pub(crate) fn mismatches(&self, found: &[Amount]) -> usize {
        let differ =
            self.0.iter().zip(found).filter(|(expected, found)| **expected != found.signed());
        differ.count() + self.0.len().abs_diff(found.len())
    }
}
