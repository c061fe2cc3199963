//! A new home's first data.

use heddle_ledger::genesis_changes;
use heddle_state::State;
use heddle_storage::SafetyFile;
use heddle_storage::Storage;
use heddle_types::BlockHeader;
use heddle_types::Epoch;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;

use crate::exit::Fatal;
use crate::home::Home;
use crate::home::HomeError;

/// Makes the first data of a validator whose home was just written: a database that holds genesis, and the safety file of
/// one that has signed nothing. Only this, `join` and key creation may make the latter: a node that finds it missing
/// cannot know what it has signed.
///
/// # Errors
/// [`HomeError::Data`] when either exists already, and from writing.
pub fn initialise(home: &Home) -> Result<(), HomeError> {
    let header = create_database(home)?;
    let genesis_qc = QuorumCert::genesis(header.vote_data());
    let record = SafetyRecord::first(header.chain, Epoch::ZERO, genesis_qc);
    SafetyFile::create_first(&home.safety_path(), home.key().public_key(), &record)
        .map(drop)
        .map_err(|error| HomeError::Data(Fatal::of_safety(&error)))
}

/// Makes the database of a home that has none, or whose own was emptied, and returns block 0's header.
///
/// # Errors
/// [`HomeError::Data`] when there is one already, and from writing.
pub fn create_database(home: &Home) -> Result<BlockHeader, HomeError> {
    let changes = genesis_changes(home.genesis());
    let root = State::empty().apply(&changes);
    let header = home.genesis().header(root);
    Storage::create(&home.db_path(), &header, &changes)
        .map(|()| header)
        .map_err(|error| HomeError::Data(Fatal::of_storage(&error)))
}
