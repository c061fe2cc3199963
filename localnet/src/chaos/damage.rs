//! Flipping bits in files of a validator that is down.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::ChaosError;
use crate::simulator::Dice;

/// Flips one bit in each of so many bytes of one file of the database; returns what was done, for a person.
pub(super) fn flip_in_db(db: &Path, seed: u64, bytes: u16) -> Result<String, ChaosError> {
    let mut dice = Dice::new(seed);
    let mut files = files(db)?;
    files.sort();
    if files.is_empty() {
        let error = io::Error::other("no file with bytes in it");
        return Err(ChaosError::io(db, error));
    }
    let index = dice.below(files.len() as u64);
    let path = &files[usize::try_from(index).unwrap_or(0)];
    flip(path, &mut dice, bytes)
}

/// Flips one bit in a few bytes of a file.
pub(super) fn flip_in_file(path: &Path, seed: u64) -> Result<String, ChaosError> {
    let mut dice = Dice::new(seed);
    let bytes = u16::try_from(dice.between(1, 8)).unwrap_or(1);
    flip(path, &mut dice, bytes)
}

/// Removes everything in the database.
pub(super) fn empty(db: &Path) -> Result<(), ChaosError> {
    let emptied = fs::remove_dir_all(db).and_then(|()| fs::create_dir(db));
    emptied.map_err(|error| ChaosError::io(db, error))
}

/// What the database consists of: not its own log of events, whose bytes mean nothing to it.
fn files(db: &Path) -> Result<Vec<PathBuf>, ChaosError> {
    let failed = |error| ChaosError::io(db, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(db).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let is_events = name.to_string_lossy().starts_with("LOG");
        if !is_events && entry.metadata().map_err(failed)?.len() > 0 {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn flip(path: &Path, dice: &mut Dice, bytes: u16) -> Result<String, ChaosError> {
    let failed = |error| ChaosError::io(path, error);
    let mut content = fs::read(path).map_err(failed)?;
    let mut places = Vec::new();
    for _ in 0..bytes {
        let place = dice.below(content.len() as u64);
        let bit = 1_u8 << dice.below(8);
        if let Some(byte) = usize::try_from(place).ok().and_then(|place| content.get_mut(place)) {
            *byte ^= bit;
            places.push(place);
        }
    }
    fs::write(path, &content).map_err(failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("flipped bits at {places:?} of {name}, {} bytes", content.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_flips_the_same_bits_and_only_those() {
        let flipped = |seed| {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("LOG"), [0; 100]).unwrap();
            fs::write(dir.path().join("a"), [0; 100]).unwrap();
            fs::write(dir.path().join("empty"), []).unwrap();
            flip_in_db(dir.path(), seed, 3).unwrap();
            assert_eq!(fs::read(dir.path().join("LOG")).unwrap(), [0; 100]);
            fs::read(dir.path().join("a")).unwrap()
        };
        assert_eq!(flipped(1), flipped(1));
        let bits: u32 = flipped(1).iter().map(|byte| byte.count_ones()).sum();
        assert_eq!(bits, 3);
    }

    #[test]
    fn an_emptied_database_is_a_folder_with_nothing_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("db");
        fs::create_dir(&db).unwrap();
        fs::write(db.join("a"), b"a").unwrap();
        empty(&db).unwrap();
        assert_eq!(fs::read_dir(&db).unwrap().count(), 0);
    }
}
