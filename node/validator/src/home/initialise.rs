//! A new home's first data.

use std::fs;

use crate::home::Home;
use crate::home::HomeError;

/// Makes the first data of a validator whose home was just written. Only this, `join` and key creation may do so: a node
/// that finds its `safety` missing must not make a new one, because it cannot know what it has signed.
///
/// # Errors
/// [`HomeError::Exists`] when the home has a `db/` or a `safety` already.
pub fn initialise(home: &Home) -> Result<(), HomeError> {
    let db = home.db_path();
    if db.exists() || home.safety_path().exists() {
        return Err(HomeError::Exists { path: db });
    }
    fs::create_dir(&db).map_err(|error| HomeError::io(&db, error))
}
