//! What of the past a node keeps.

use std::num::NonZeroU64;
use std::str::FromStr;

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
    /// How a home without a database gets one.
    pub sync: SyncChoice,
}

/// How a home without a database gets one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncChoice {
    /// Of a snapshot, if one above height [`SyncChoice::AUTO_HEIGHT_MIN`] is offered; else from genesis.
    #[default]
    Auto,
    /// From genesis, executing all blocks.
    Replay,
    /// Of a snapshot, if any is offered; else from genesis.
    Snapshot,
}

impl SyncChoice {
    /// Fewer blocks are executed in no time. Who prunes keeps at least as many.
    pub const AUTO_HEIGHT_MIN: u64 = 1000;

    /// As it stands in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Replay => "replay",
            Self::Snapshot => "snapshot",
        }
    }
}

impl FromStr for SyncChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Auto, Self::Replay, Self::Snapshot];
        all.into_iter().find(|choice| choice.as_str() == text).ok_or(())
    }
}

const _: () = assert!(SyncChoice::AUTO_HEIGHT_MIN <= KEPT_MIN);

impl Keeping {
    /// The fields of `config.toml`.
    pub(crate) const KNOWN: [&str; 3] = ["prune", "snapshot_interval", "sync"];

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
        let snapshot_interval = blocks("snapshot_interval", 1)?;
        let sync = fields
            .optional("sync")
            .map_or(Ok(SyncChoice::default()), |field| field.parsed("auto, replay or snapshot"));
        Ok(Self { prune, snapshot_interval, sync: sync? })
    }

    /// As lines of `config.toml`.
    pub(crate) fn to_toml(self) -> String {
        let line = |name: &str, blocks: Option<NonZeroU64>| {
            blocks.map_or_else(String::new, |blocks| format!("{name} = {blocks}\n"))
        };
        let sync = if self.sync == SyncChoice::default() {
            String::new()
        } else {
            format!("sync = \"{}\"\n", self.sync.as_str())
        };
        line("prune", self.prune) + &line("snapshot_interval", self.snapshot_interval) + &sync
    }
}
