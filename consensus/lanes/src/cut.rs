//! What a cut adds to those before it.

use std::sync::Arc;

use heddle_types::BatchRef;
use heddle_types::CheckedBatch;
use heddle_types::ValidatorIndex;
use thiserror::Error;

use crate::lane::Break;
use crate::lane::Lane;
use crate::limits;
use crate::place::Place;
use crate::place::Positions;

/// Why nobody honest votes for a cut. L4, L5
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CutFault {
    /// A lane that no member of the committee owns.
    #[error("cut: lane {lane}: there is no such lane")]
    UnknownLane {
        /// The lane.
        lane: ValidatorIndex,
    },
    /// A lane that stands there twice, or out of order.
    #[error("cut: lane {lane}: lanes must be strictly ascending")]
    Order {
        /// The lane.
        lane: ValidatorIndex,
    },
    /// A number that is not above its ancestors'.
    #[error("cut: lane {lane}: number {sequence} is not above its ancestors' {base}")]
    Back {
        /// The lane.
        lane: ValidatorIndex,
        /// The number.
        sequence: u64,
        /// Its ancestors'.
        base: u64,
    },
    /// More of a lane, or of all, than one cut may add.
    #[error("cut: lane {lane}: adds more than a cut may")]
    TooMuch {
        /// The lane with which it is too much.
        lane: ValidatorIndex,
    },
    /// A batch that does not descend from the one that its ancestors named.
    #[error("cut: lane {lane}: does not extend what its ancestors named")]
    OffChain {
        /// The lane.
        lane: ValidatorIndex,
    },
}

/// A batch that a cut needs and that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) lane: ValidatorIndex,
    pub(crate) place: Place,
    /// The number below the first batch that is needed.
    pub(crate) above: u64,
}

/// What is here of what a cut adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extension {
    /// The first batch that is not here, of each lane where there is one, from the cut's end downwards.
    pub(crate) missing: Vec<Missing>,
    /// Whether something that is here is not durable yet.
    pub(crate) unstored: bool,
}

impl Extension {
    /// Whether everything is durable here.
    pub(crate) const fn is_available(&self) -> bool {
        self.missing.is_empty() && !self.unstored
    }
}

/// What is here of what `cut` adds to `base`.
///
/// # Errors
/// [`CutFault`], as far as it shows by what is here. A cut that passes when all is here has none.
pub(crate) fn extension(
    lanes: &[Lane],
    base: &Positions,
    cut: &[BatchRef],
) -> Result<Extension, CutFault> {
    let mut extension = Extension::default();
    let mut total = Total::default();
    let mut last = None;
    for reference in cut {
        let (lane, to) = (reference.lane, Place::of(reference));
        let known = base.get(lane).zip(lanes.get(usize::from(lane.get())));
        let (base, held) = known.ok_or(CutFault::UnknownLane { lane })?;
        if last.is_some_and(|last| last >= lane) {
            return Err(CutFault::Order { lane });
        }
        last = Some(lane);
        if to.sequence <= base.sequence {
            return Err(CutFault::Back { lane, sequence: to.sequence, base: base.sequence });
        }
        if to.sequence - base.sequence > limits::CUT_LANE_BATCHES_MAX {
            return Err(CutFault::TooMuch { lane });
        }
        match held.path(to, base) {
            Err(Break::OffChain) => return Err(CutFault::OffChain { lane }),
            Err(Break::Missing(place)) => {
                extension.missing.push(Missing { lane, place, above: base.sequence });
            }
            Ok(path) => {
                if !path.iter().all(|batch| total.add(batch)) {
                    return Err(CutFault::TooMuch { lane });
                }
                let place = |batch: &Arc<CheckedBatch>| Place {
                    sequence: batch.header().sequence,
                    digest: batch.digest(),
                };
                extension.unstored |= !path.iter().all(|batch| held.is_durable(place(batch)));
            }
        }
    }
    Ok(extension)
}

/// What one cut adds so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Total {
    transactions: u64,
    bytes: u64,
}

impl Total {
    /// Adds a batch; whether a cut may add that much. If not, nothing is added.
    pub(crate) fn add(&mut self, batch: &CheckedBatch) -> bool {
        let header = batch.header();
        let transactions = self.transactions.saturating_add(u64::from(header.transactions));
        let bytes = self.bytes.saturating_add(u64::from(header.bytes));
        let fits = transactions <= limits::CUT_TXS_MAX && bytes <= limits::CUT_BYTES_MAX;
        if fits {
            *self = Self { transactions, bytes };
        }
        fits
    }
}
