//! What the node asks of state.

use heddle_types::Address;
use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::StateView;
use heddle_types::decode_exact;

use crate::keys;
use crate::member::Config;
use crate::members::Members;

/// The members in `state`; none on a chain whose genesis has no section for this program, where the genesis' validators stay.
///
/// # Panics
/// When what is there is no list: nothing but this program writes it, so state is corrupt.
pub fn members(state: &impl StateView) -> Option<Members> {
    state.entry(&keys::members_key()).as_ref().map(decode)
}

/// Who admits members and sets their power in `state`; none where nobody can.
///
/// # Panics
/// As [`members`].
pub fn authority(state: &impl StateView) -> Option<Address> {
    let entry = state.entry(&keys::config_key())?;
    let config: Config =
        decode_exact(entry.value.as_bytes()).expect("only this program writes its configuration");
    Some(config.authority)
}

/// The members after a block that made `changes`, if it changed them; one search among the changes if not.
///
/// # Panics
/// As [`members`].
pub fn changed_members(changes: &ChangeSet) -> Option<Members> {
    let (key, changes) = (keys::members_key(), changes.as_slice());
    let position = changes.binary_search_by_key(&key, |(key, _)| *key).ok()?;
    // They are never deleted.
    changes[position].1.as_ref().map(decode)
}

fn decode(entry: &Entry) -> Members {
    decode_exact(entry.value.as_bytes()).expect("only this program writes its members")
}
