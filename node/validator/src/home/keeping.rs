//! What of the past a node keeps.

use std::num::NonZeroU64;

use heddle_storage::KEPT_MIN;

use crate::home::FieldError;
use crate::home::fields::Fields;

/// The largest window or interval, in blocks.
const BLOCKS_MAX: u64 = 1 << 40;

/// What of the past a node keeps; by default all of it, and no snapshots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// At least so many of the last blocks are kept, and not many more than twice as many; all of them when none.
    pub prune: Option<NonZeroU64>,
    /// How many blocks there are between snapshots. None: as many as [`Self::prune`] says, or no snapshots.
    pub snapshot_interval: Option<NonZeroU64>,
}

impl Keeping {
    /// The fields of `config.toml`.
    pub(crate) const KNOWN: [&str; 2] = ["prune", "snapshot_interval"];

    /// How many blocks there are between snapshots; none when none are taken. Pruning needs them, because the chain is verified
    /// from the oldest one.
    pub fn interval(&self) -> Option<NonZeroU64> {
        self.snapshot_interval.or(self.prune)
    }

    pub(crate) fn from_fields(fields: &mut Fields) -> Result<Self, FieldError> {
        let mut blocks = |name: &str, min: u64| {
            let field = fields.optional(name);
            let number = field.map(|field| field.integer(min, BLOCKS_MAX)).transpose()?;
            Ok::<_, FieldError>(number.and_then(NonZeroU64::new))
        };
        let prune = blocks("prune", KEPT_MIN)?;
        Ok(Self { prune, snapshot_interval: blocks("snapshot_interval", 1)? })
    }

    /// As lines of `config.toml`.
    pub(crate) fn to_toml(self) -> String {
        let line = |name: &str, blocks: Option<NonZeroU64>| {
            blocks.map_or_else(String::new, |blocks| format!("{name} = {blocks}\n"))
        };
        line("prune", self.prune) + &line("snapshot_interval", self.snapshot_interval)
    }
}
