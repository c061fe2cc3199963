//! A damaged database gives an error or the same answers, never others.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use heddle_storage::Storage;
use heddle_storage::StorageError;
use tempfile::TempDir;

use crate::chain;
use crate::chain::Chain;

const HEIGHTS: u64 = 12;

/// A closed database with table files and a log.
fn original() -> TempDir {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let (storage, _) = chain::open(&db);
    let mut chain = Chain::new();
    chain::extend(&storage, &mut chain, HEIGHTS / 2);
    storage.flush().unwrap();
    chain::extend(&storage, &mut chain, HEIGHTS / 2);
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn files(dir: &Path, kind: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.ends_with(kind) || name.starts_with(kind)
    });
    files.sort();
    files
}

/// Damages a copy, and opens and reads all of it.
fn outcome_of(original: &TempDir, damage: impl Fn(&Path)) -> Result<(), StorageError> {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    copy(&original.path().join("db"), &db);
    damage(&db);
    let (storage, recovery) = Storage::open(&db, chain::genesis().chain)?;
    for height in (0..=HEIGHTS).map(heddle_types::Height::new) {
        let block = storage.final_block(height)?.unwrap();
        storage.block(block.header.hash())?;
        storage.final_record(height)?;
        storage.receipts(height)?;
        storage.traces(height)?;
        storage.phase_events(height)?;
        storage.certificate(height)?;
        (0..3).try_for_each(|i| storage.transaction(&chain::id(height, i)).map(|_| ()))?;
    }
    chain::check(&storage, &recovery, HEIGHTS);
    Ok(())
}

/// Flips bytes all over the files of a kind, one at a time; how many times that was noticed.
fn noticed(kind: &str) -> usize {
    let original = original();
    let mut noticed = 0;
    for index in 0..files(&original.path().join("db"), kind).len() {
        for part in 0..6 {
            let damage = |db: &Path| {
                let file = &files(db, kind)[index];
                let mut bytes = fs::read(file).unwrap();
                let len = bytes.len();
                if let Some(byte) = bytes.get_mut(len * part / 6) {
                    *byte ^= 0x41;
                }
                fs::write(file, bytes).unwrap();
            };
            match outcome_of(&original, damage) {
                Ok(()) => {}
                Err(StorageError::Corrupt { .. }) => noticed += 1,
                Err(error) => panic!("{kind} {index} part {part}: {error}"),
            }
        }
    }
    noticed
}

#[test]
fn the_undamaged_copy_opens() {
    outcome_of(&original(), |_| {}).unwrap();
}

#[test]
fn flipped_bytes_in_table_files_are_noticed() {
    assert!(noticed(".sst") > 0);
}

#[test]
fn flipped_bytes_in_the_log_are_noticed() {
    assert!(noticed(".log") > 0);
}

#[test]
fn flipped_bytes_in_the_manifest_are_noticed() {
    assert!(noticed("MANIFEST") > 0);
}

#[test]
fn flipped_bytes_in_current_are_noticed() {
    assert!(noticed("CURRENT") > 0);
}

/// What is said of a copy without one of its files, or with half of it; each is one that the database cannot do without.
fn refusals(kind: &str, harm: impl Fn(&Path)) -> Vec<(String, String)> {
    let original = original();
    let all = files(&original.path().join("db"), kind);
    let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
    let refusal = |name: String| match outcome_of(&original, |db| harm(&db.join(&name))) {
        Err(error @ StorageError::Corrupt { .. }) => (name, error.to_string()),
        other => panic!("{name}: {other:?}"),
    };
    all.iter().map(name).map(refusal).collect()
}

#[test]
fn a_deleted_file_is_damage_that_names_it_and_not_an_empty_database() {
    let delete = |file: &Path| fs::remove_file(file).unwrap();
    for kind in [".sst", "MANIFEST", "CURRENT"] {
        for (name, said) in refusals(kind, delete) {
            assert!(said.contains(&name), "{name}: {said}");
        }
    }
}

#[test]
fn a_cut_table_file_is_damage_that_names_it() {
    let halve = |file: &Path| {
        let file = fs::File::options().write(true).open(file).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    };
    for (name, said) in refusals(".sst", halve) {
        assert!(said.contains(&name), "{name}: {said}");
    }
}
