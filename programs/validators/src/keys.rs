//! Where the list is.

use heddle_types::ProgramId;
use heddle_types::StateKey;

/// Where the [`crate::Config`] is.
pub fn config_key() -> StateKey {
    key(b"c")
}

/// Where the [`crate::Members`] are.
pub fn members_key() -> StateKey {
    key(b"m")
}

fn key(bytes: &[u8]) -> StateKey {
    StateKey::new(ProgramId::VALIDATORS, &[bytes]).expect("one byte fits a key")
}
