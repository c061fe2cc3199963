//! Snapshots: what is restored is what was taken, and nothing else is believed.

use std::fs;
use std::num::NonZeroU64;
use std::path::Path;
use std::path::PathBuf;

use heddle_storage::Snapshot;
use heddle_storage::SnapshotFiles;
use heddle_storage::SnapshotOf;
use heddle_storage::SnapshotSummary;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_storage::restore_snapshot;
use heddle_storage::take_snapshot;
use heddle_types::*;
use tempfile::TempDir;

use crate::chain;
use crate::chain::Chain;

/// A closed database of so many heights, and room for a snapshot beside it.
fn database(heights: u64) -> TempDir {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let (storage, _) = chain::open(&db);
    chain::extend(&storage, &mut Chain::new(), heights);
    dir
}

fn take(dir: &TempDir) -> Result<SnapshotSummary, StorageError> {
    let (db, out) = (dir.path().join("db"), dir.path().join("out"));
    take_snapshot(&db, chain::genesis().chain, SnapshotOf::Newest, &out)
}

/// The chain of these tests is unsigned, so that any manifest that says a root is as good as certified.
fn open(dir: &Path) -> Result<Snapshot, StorageError> {
    Snapshot::open(dir, |manifest| manifest.claimed().ok_or(ManifestError::NoRoot))
}

fn restore(from: &Path, to: &TempDir) -> Result<SnapshotSummary, StorageError> {
    restore_snapshot(&open(from)?, &to.path().join("db"))
}

/// Goes on from a restored database to `height`, and compares all that is there with the chain.
fn check_goes_on(db: &Path, restored: u64, height: u64) {
    let (storage, recovery) = chain::open(db);
    let mut chain = Chain::at(restored);
    assert_eq!(storage.last_final().height, Height::new(restored));
    assert_eq!(storage.oldest(), Height::new(restored + 1));
    assert_eq!(recovery.last_final.header, chain.parent);
    assert!(recovery.cert.data.height > Height::new(restored));
    assert!(recovery.state.entries().eq(chain.state.entries()));
    chain::extend(&storage, &mut chain, height - restored);
    drop(storage);
    let (storage, recovery) = chain::open(db);
    assert!(recovery.state.entries().eq(chain.state.entries()));
    for number in restored + 1..=height {
        assert!(storage.final_block(Height::new(number)).unwrap().is_some());
        assert!(storage.receipts(Height::new(number)).unwrap().is_some());
    }
    for number in 0..=restored {
        let number = Height::new(number);
        assert_eq!(storage.final_block(number).unwrap(), None);
        assert_eq!(storage.final_record(number).unwrap(), None);
        assert_eq!(storage.receipts(number).unwrap(), None);
        assert_eq!(storage.phase_events(number).unwrap(), None);
        assert_eq!(storage.certificate(number).unwrap(), None);
    }
}

#[test]
fn a_restored_database_goes_on_like_the_one_it_was_taken_of() {
    for heights in [2, 30, 300] {
        let (dir, to) = (database(heights), TempDir::new().unwrap());
        let taken = take(&dir).unwrap();
        let mut chain = Chain::at(heights - 1);
        assert_eq!(taken.height, Height::new(heights - 1));
        assert_eq!(taken.root, chain.state.root());
        assert_eq!(taken.entries, chain.state.len() as u64);
        assert_eq!(restore(&dir.path().join("out"), &to).unwrap(), taken);
        chain.next();
        check_goes_on(&to.path().join("db"), heights - 1, heights + 40);
    }
}

#[test]
fn the_turns_before_a_snapshot_are_known() {
    let (dir, to) = (database(300), TempDir::new().unwrap());
    take(&dir).unwrap();
    restore(&dir.path().join("out"), &to).unwrap();
    let (original, all) = chain::open(&dir.path().join("db"));
    let (_, recovery) = chain::open(&to.path().join("db"));
    assert_eq!((recovery.before.len(), recovery.recent.len()), (255, 1));
    let (last, record) = &recovery.recent[0];
    let mut expected = original.final_record(*last).unwrap().unwrap();
    (expected.receipts_root, expected.receipts, expected.skipped) = (Hash32::ZERO, 0, 0);
    assert_eq!(*record, expected);
    for header in &recovery.before {
        let stored = original.final_block(header.height).unwrap().unwrap();
        assert_eq!(*header, stored.header);
    }
    assert!(all.before.is_empty());
}

#[test]
fn a_snapshot_can_be_taken_of_a_restored_database() {
    let (dir, to, third) = (database(100), TempDir::new().unwrap(), TempDir::new().unwrap());
    take(&dir).unwrap();
    restore(&dir.path().join("out"), &to).unwrap();
    let none = take(&to);
    assert!(matches!(none, Err(StorageError::NoSnapshotYet { .. })), "{none:?}");
    check_goes_on(&to.path().join("db"), 99, 120);
    let taken = take(&to).unwrap();
    assert_eq!(taken.height, Height::new(119));
    assert_eq!(restore(&to.path().join("out"), &third).unwrap(), taken);
    check_goes_on(&third.path().join("db"), 119, 130);
}

/// A checkpoint is made in the middle of writing, and is of a height that only the chain and the interval decide.
#[test]
fn checkpoints_are_of_the_first_height_named_of_each_interval() {
    let (dir, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let db = dir.path().join("db");
    chain::create(&db);
    let (storage, _) = chain::open(&db);
    let checkpoint = dir.path().join("checkpoint");
    storage.checkpoint_every(NonZeroU64::new(8).unwrap(), checkpoint.clone());
    let mut chain = Chain::new();
    chain::extend(&storage, &mut chain, 22);
    storage.flush().unwrap();
    let take = |out: &Path| {
        take_snapshot(&checkpoint, chain::genesis().chain, SnapshotOf::Checkpoint, out).unwrap()
    };
    let out = dir.path().join("first");
    let taken = take(&out);
    assert_eq!((taken.height, taken.root), (Height::new(8), Chain::at(8).state.root()));
    restore(&out, &to).unwrap();
    check_goes_on(&to.path().join("db"), 8, 15);

    fs::remove_dir_all(&checkpoint).unwrap();
    chain::extend(&storage, &mut chain, 9);
    storage.flush().unwrap();
    let taken = take(&dir.path().join("second"));
    assert_eq!(taken.height, Height::new(24), "none was made at 16 while the first was there");
}

#[test]
fn a_checkpoint_that_cannot_be_made_is_told_once_and_ends_nothing() {
    let dir = database(0);
    let (storage, _) = chain::open(&dir.path().join("db"));
    let every = NonZeroU64::new(8).unwrap();
    storage.checkpoint_every(every, dir.path().join("no folder").join("checkpoint"));
    let mut chain = Chain::new();
    chain::extend(&storage, &mut chain, 12);
    storage.flush().unwrap();
    let failure = storage.take_checkpoint_failure();
    assert!(matches!(failure, Some(StorageError::Io { .. } | StorageError::Corrupt { .. })));
    assert_eq!(storage.take_checkpoint_failure(), None);
    chain::extend(&storage, &mut chain, 1);
    assert_eq!(storage.last_final().height.get(), 13);
}

#[test]
fn no_snapshot_is_taken_of_what_nobody_certified() {
    for heights in [0, 1] {
        let dir = database(heights);
        let error = take(&dir).unwrap_err();
        assert!(matches!(error, StorageError::NoSnapshotYet { .. }), "{error}");
        assert!(!dir.path().join("out").exists());
    }
}

/// Blocks that all become final by one late certificate name roots, and none of them is certified before it.
#[test]
fn the_state_table_does_not_pass_the_newest_certified_root() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let (storage, _) = chain::open(&db);
    let mut chain = Chain::new();
    chain::extend(&storage, &mut chain, 10);
    let late: Vec<_> = (0..30).map(|_| chain.next()).collect();
    let cert = late.last().unwrap().1.cert.clone();
    for (block, outcome) in &late[..29] {
        storage.put_block(block).unwrap();
        let mut outcome = outcome.clone();
        outcome.cert = cert.clone();
        storage.put_outcome(&outcome).unwrap();
    }
    storage.flush().unwrap();
    drop(storage);
    let taken = take(&dir).unwrap();
    assert_eq!((taken.height, taken.root), (Height::new(9), Chain::at(9).state.root()));
}

#[test]
fn nothing_is_written_over() {
    let dir = database(10);
    take(&dir).unwrap();
    assert!(matches!(take(&dir), Err(StorageError::Exists { .. })));
    let onto_itself = restore(&dir.path().join("out"), &dir);
    assert!(matches!(onto_itself, Err(StorageError::Exists { .. })));
    check_goes_on_as_before(&dir);
}

fn check_goes_on_as_before(dir: &TempDir) {
    let (storage, recovery) = chain::open(&dir.path().join("db"));
    chain::check(&storage, &recovery, 10);
}

#[test]
fn a_draft_of_an_interrupted_snapshot_is_no_snapshot() {
    let dir = database(10);
    let draft = dir.path().join("out.partial");
    fs::create_dir(&draft).unwrap();
    fs::write(draft.join("chunk-00000"), b"left over").unwrap();
    take(&dir).unwrap();
    assert!(!draft.exists());
    assert!(open(&dir.path().join("out")).unwrap().entries(0).is_ok());
}

/// All entries are in few chunks here, so a chain of many keys is needed to have several.
fn many_chunks() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    let value = |i: u64| Entry {
        deposit: None,
        value: Value::new(&[u8::try_from(i % 251).unwrap(); 4000]),
    };
    let changes = ChangeSet::new((0..1000).map(|i| (chain::key(i), Some(value(i)))).collect());
    let mut state = heddle_state::State::empty();
    let genesis = BlockHeader {
        executed: ExecutedRoot { height: Height::ZERO, root: state.apply(&changes) },
        ..chain::genesis()
    };
    Storage::create(&db, &genesis, &changes).unwrap();
    let (storage, _) = Storage::open(&db, genesis.chain).unwrap();
    let mut chain = Chain { state, epoch: genesis.epoch, parent: genesis, next_committee: None };
    chain::extend(&storage, &mut chain, 3);
    drop(storage);
    take(&dir).unwrap();
    let out = dir.path().join("out");
    assert!(open(&out).unwrap().chunks() >= 8);
    (dir, out)
}

/// What was wrong, when a file of the snapshot is damaged before it is restored.
fn refused(out: &Path, damage: impl FnOnce(&SnapshotFiles)) -> PathBuf {
    let copy = TempDir::new().unwrap();
    for file in fs::read_dir(out).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    damage(&SnapshotFiles::new(copy.path()));
    let to = TempDir::new().unwrap();
    let error = restore(copy.path(), &to).unwrap_err();
    assert!(!to.path().join("db").exists(), "no database is left that is not whole");
    match error {
        StorageError::BadSnapshot { path, .. } => path.strip_prefix(copy.path()).unwrap().into(),
        error => panic!("{error}"),
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 0x20;
    fs::write(path, bytes).unwrap();
}

fn truncate(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_damaged_chunk_is_refused_by_name() {
    let (_dir, out) = many_chunks();
    for at in [0, 8, 9, 20, 70_000, usize::MAX] {
        let named = refused(&out, |files| flip(&files.chunk_path(3), at));
        assert_eq!(named, Path::new("chunk-00003"), "byte {at}");
    }
    let named = refused(&out, |files| truncate(&files.chunk_path(5)));
    assert_eq!(named, Path::new("chunk-00005"));
    let named = refused(&out, |files| fs::remove_file(files.chunk_path(7)).unwrap());
    assert_eq!(named, Path::new("chunk-00007"));
    let longer = |files: &SnapshotFiles| fs::write(files.chunk_path(0), [0; 600_000]).unwrap();
    assert_eq!(refused(&out, longer), Path::new("chunk-00000"));
}

#[test]
fn swapped_chunks_are_refused() {
    let (_dir, out) = many_chunks();
    let named = refused(&out, |files| {
        let (one, other) = (files.chunk_path(1), files.chunk_path(2));
        let (first, second) = (fs::read(&one).unwrap(), fs::read(&other).unwrap());
        fs::write(one, second).unwrap();
        fs::write(other, first).unwrap();
    });
    assert_eq!(named, Path::new("chunk-00001"));
}

#[test]
fn a_chunk_of_another_height_is_refused() {
    let (dir, out) = (database(30), database(20));
    take(&dir).unwrap();
    take(&out).unwrap();
    let other = fs::read(dir.path().join("out/chunk-00000")).unwrap();
    let named = refused(&out.path().join("out"), |files| {
        fs::write(files.chunk_path(0), other).unwrap();
    });
    assert_eq!(named, Path::new("chunk-00000"));
}

#[test]
fn a_manifest_that_is_missing_cut_or_names_other_chunks_is_refused() {
    let (_dir, out) = many_chunks();
    let named = refused(&out, |files| fs::remove_file(files.manifest_path()).unwrap());
    assert_eq!(named, Path::new("manifest"));
    assert_eq!(refused(&out, |files| truncate(&files.manifest_path())), Path::new("manifest"));
    let last_depth = fs::metadata(out.join("manifest")).unwrap().len() - 1;
    let at = usize::try_from(last_depth).unwrap();
    assert_eq!(refused(&out, |files| flip(&files.manifest_path(), at)), Path::new("manifest"));
}

#[test]
fn an_interrupted_restore_leaves_nothing_that_is_taken_for_a_database() {
    let (dir, out) = many_chunks();
    let to = TempDir::new().unwrap();
    let missing = out.join("chunk-00006");
    let kept = fs::read(&missing).unwrap();
    fs::remove_file(&missing).unwrap();
    assert!(restore(&out, &to).is_err());
    let partial = to.path().join("db.partial");
    fs::create_dir_all(&partial).unwrap();
    fs::write(partial.join("CURRENT"), "left over").unwrap();
    assert!(matches!(
        Storage::open(&to.path().join("db"), chain::genesis().chain),
        Err(StorageError::Missing { .. })
    ));
    fs::write(&missing, kept).unwrap();
    let restored = restore(&out, &to).unwrap();
    assert!(!partial.exists());
    drop(dir);
    let (_, recovery) = Storage::open(&to.path().join("db"), chain::genesis().chain).unwrap();
    assert_eq!(recovery.state.root(), restored.root);
    assert_eq!(recovery.state.len() as u64, restored.entries);
}
