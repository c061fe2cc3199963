//! Reading and writing what the program keeps.

use heddle_sdk::Abort;
use heddle_sdk::CallError;
use heddle_sdk::Workspace;
use heddle_types::Canonical;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::error::ValidatorsError;
use crate::keys;
use crate::member::Config;
use crate::members::Members;

/// The configuration, if there is one.
pub(crate) fn read_config(state: &mut Workspace<'_>) -> Result<Option<Config>, CallError> {
    read(state, &keys::config_key())
}

/// Names another authority.
pub(crate) fn write_config(state: &mut Workspace<'_>, config: Config) -> Result<(), Abort> {
    state.write(&keys::config_key(), Value::from(encode(&config)))
}

/// The members. Where there is a configuration there are some.
pub(crate) fn read_members(state: &mut Workspace<'_>) -> Result<Members, CallError> {
    Ok(read(state, &keys::members_key())?.ok_or(ValidatorsError::CorruptState)?)
}

/// Puts the members back.
pub(crate) fn write_members(state: &mut Workspace<'_>, members: &Members) -> Result<(), Abort> {
    state.write(&keys::members_key(), Value::from(encode(members)))
}

fn read<T: Canonical>(state: &mut Workspace<'_>, key: &StateKey) -> Result<Option<T>, CallError> {
    let value = state.read(key)?;
    let decoded = value.map(|value| decode_exact(value.as_bytes())).transpose();
    Ok(decoded.map_err(|_| ValidatorsError::CorruptState)?)
}
