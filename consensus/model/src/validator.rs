//! One honest validator.

use crate::block::View;
use crate::rules::Record;
use crate::signed::Signed;

/// Whether it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Standing {
    Voting,
    /// It lost its record and asks the others where they are.
    Asking {
        /// How many honest ones answered, the lowest bits first: which ones does not matter but to who answers next.
        answered: u8,
        highest: View,
    },
    /// It waits for a QC above the floor.
    Waiting {
        floor: View,
    },
}

/// What it signed, what it knows of that, and what its disk knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Validator {
    pub(crate) signed: Signed,
    pub(crate) record: Record,
    /// What a crash leaves of the record.
    pub(crate) durable: Record,
    /// Nothing above it was signed; synced. Lease mode only.
    pub(crate) limit: View,
    pub(crate) standing: Standing,
}

impl Validator {
    pub(crate) const NEW: Self = Self {
        signed: Signed::NOTHING,
        record: Record::FIRST,
        durable: Record::FIRST,
        limit: 0,
        standing: Standing::Voting,
    };

    pub(crate) fn is_voting(&self) -> bool {
        self.standing == Standing::Voting
    }
}
