//! Reading and writing what the oracle keeps.

use heddle_sdk::Abort;
use heddle_sdk::CallError;
use heddle_sdk::PhaseView;
use heddle_sdk::Workspace;
use heddle_types::Canonical;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::error::OracleError;

/// What is at `key` when a phase is planned; none when it is not there, or is nothing of this program's.
pub(crate) fn view_value<T: Canonical>(view: &PhaseView<'_>, key: &StateKey) -> Option<T> {
    decode_exact(view.read(key)?.as_bytes()).ok()
}

/// What is at `key`.
pub(crate) fn read<T: Canonical>(
    state: &mut Workspace<'_>,
    key: &StateKey,
) -> Result<Option<T>, CallError> {
    let value = state.read(key)?;
    let decoded = value.map(|value| decode_exact(value.as_bytes())).transpose();
    Ok(decoded.map_err(|_| OracleError::CorruptState)?)
}

/// Puts `value` at `key`.
pub(crate) fn write<T: Canonical>(
    state: &mut Workspace<'_>,
    key: &StateKey,
    value: &T,
) -> Result<(), Abort> {
    state.write(key, Value::from(encode(value)))
}
