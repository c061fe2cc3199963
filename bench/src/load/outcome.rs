//! What became of each transaction that was offered. Every one has exactly one outcome.

use heddle_types::Height;
use serde::Serialize;

use crate::expected::Charge;

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    /// Final and ok.
    Succeeded,
    /// Final, and its calls had no effect.
    Failed,
    /// Refused by its node, or not admitted in time.
    Rejected,
    /// Admitted, and not final when the run gave up waiting.
    Expired,
}

/// What is known of a transaction when the run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Where it is final. Counts more than a refusal: a request whose reply was lost may have had its effect.
    pub(crate) height: Option<Height>,
    /// What its receipt says.
    pub(crate) charge: Option<Charge>,
    /// Whether its node refused it.
    pub(crate) is_refused: bool,
}

impl Known {
    pub(crate) const fn outcome(&self) -> Outcome {
        match (self.height, self.charge, self.is_refused) {
            (Some(_), Some(Charge { ok: true, .. }), _) => Outcome::Succeeded,
            (Some(_), Some(Charge { ok: false, .. }) | None, _) => Outcome::Failed,
            (None, _, true) => Outcome::Rejected,
            (None, _, false) => Outcome::Expired,
        }
    }
}

/// How many had which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) rejected: u64,
    pub(crate) expired: u64,
}

impl Tally {
    pub(crate) fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Succeeded => tally.succeeded += 1,
                Outcome::Failed => tally.failed += 1,
                Outcome::Rejected => tally.rejected += 1,
                Outcome::Expired => tally.expired += 1,
            }
        }
        tally
    }

    pub(crate) const fn offered(&self) -> u64 {
        self.succeeded + self.failed + self.rejected + self.expired
    }
}

#[cfg(test)]
mod tests {
    use heddle_types::Amount;

    use super::*;

    fn known(height: Option<u64>, ok: Option<bool>, is_refused: bool) -> Known {
        let charge = |ok| Charge { ok, fee: Amount::ZERO, deposit: Amount::ZERO };
        Known { height: height.map(Height::new), charge: ok.map(charge), is_refused }
    }

    #[test]
    fn every_transaction_has_one_outcome_and_offered_is_their_sum() {
        let all = [
            (known(Some(1), Some(true), false), Outcome::Succeeded),
            (known(Some(1), Some(true), true), Outcome::Succeeded),
            (known(Some(1), Some(false), false), Outcome::Failed),
            (known(None, None, true), Outcome::Rejected),
            (known(None, None, false), Outcome::Expired),
        ];
        for (known, expected) in &all {
            assert_eq!(known.outcome(), *expected, "{known:?}");
        }
        let tally = Tally::of(all.iter().map(|(known, _)| known.outcome()));
        assert_eq!(tally, Tally { succeeded: 2, failed: 1, rejected: 1, expired: 1 });
        assert_eq!(tally.offered(), 5);
    }
}
