//! Which databases open, and what is said about the others.

use std::fs;

use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_types::ChainId;
use heddle_types::CommitCert;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Proof;
use heddle_types::TimeoutCert;
use heddle_types::View;
use tempfile::TempDir;

use crate::chain;
use crate::chain::Chain;

fn error(dir: &TempDir) -> StorageError {
    Storage::open(&dir.path().join("db"), chain::genesis().chain).map(|_| ()).unwrap_err()
}

#[test]
fn a_missing_and_an_emptied_folder_are_told_from_damage() {
    let dir = TempDir::new().unwrap();
    assert!(matches!(error(&dir), StorageError::Missing { .. }));
    fs::create_dir(dir.path().join("db")).unwrap();
    assert!(matches!(error(&dir), StorageError::Missing { .. }));
    chain::create(&dir.path().join("db"));
    let (storage, recovery) = chain::open(&dir.path().join("db"));
    chain::check(&storage, &recovery, 0);
}

#[test]
fn a_database_is_not_created_over_another() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let changes = heddle_types::ChangeSet::default();
    let again = Storage::create(&db, &chain::genesis(), &changes);
    assert!(matches!(again, Err(StorageError::Exists { .. })));
}

#[test]
fn another_chain_is_refused_by_name() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let other = ChainId(Hash32([5; 32]));
    let error = Storage::open(&dir.path().join("db"), other).map(|_| ()).unwrap_err();
    let found = chain::genesis().chain;
    assert!(matches!(&error, StorageError::WrongChain { found: f, .. } if *f == found));
    assert!(error.to_string().contains(&format!("chain {found}, expected {other}")), "{error}");
}

#[test]
fn an_open_database_is_locked() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let _open = chain::open(&dir.path().join("db"));
    assert!(matches!(error(&dir), StorageError::Locked { .. }));
}

#[test]
fn everything_is_there_after_closing_and_opening() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let (storage, _) = chain::open(&db);
    let mut chain = Chain::new();
    chain::extend(&storage, &mut chain, 30);
    drop(storage);
    let (storage, recovery) = chain::open(&db);
    chain::check(&storage, &recovery, 30);
    chain::extend(&storage, &mut chain, 5);
    storage.flush().unwrap();
    drop(storage);
    let (storage, recovery) = chain::open(&db);
    chain::check(&storage, &recovery, 35);
}

#[test]
fn blocks_above_the_last_final_come_back_and_losers_are_forgotten() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let (storage, _) = chain::open(&db);
    let mut chain = Chain::new();
    let [winner, loser] = chain.blocks();
    storage.put_blocks([&winner, &loser, &winner]).unwrap();
    drop(storage);

    let (storage, recovery) = chain::open(&db);
    let mut hashes: Vec<_> = recovery.blocks.iter().map(|block| block.header.hash()).collect();
    let mut expected = vec![winner.hash(), loser.hash()];
    hashes.sort();
    expected.sort();
    assert_eq!(hashes, expected);
    let (_, outcome) = chain.next();
    storage.put_outcome(&outcome).unwrap();
    assert_eq!(storage.block(loser.hash()).unwrap(), None);
    storage.put_block(&loser).unwrap();
    assert_eq!(storage.block(loser.hash()).unwrap(), None);
    drop(storage);
    assert!(chain::open(&db).1.blocks.is_empty());
}

#[test]
fn an_ancestor_has_its_descendants_certificate_until_the_end() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let (storage, _) = chain::open(&db);
    let mut chain = Chain::new();
    let (first, mut ancestor) = chain.next();
    let (second, certified) = chain.next();
    ancestor.cert = certified.cert.clone();
    storage.put_blocks([&first, &second]).unwrap();
    storage.put_outcome(&ancestor).unwrap();
    drop(storage);
    let (storage, recovery) = chain::open(&db);
    assert_eq!(recovery.cert, certified.cert);
    assert_eq!(storage.certificate(Height::new(2)).unwrap(), None);
    storage.put_outcomes(std::slice::from_ref(&certified)).unwrap();
    assert_eq!(storage.certificate(Height::new(1)).unwrap(), Some(certified.cert.clone()));
    assert_eq!(storage.certificate(Height::new(2)).unwrap(), Some(certified.cert));
    let genesis = CommitCert::genesis(chain::genesis().vote_data());
    assert_eq!(storage.certificate(Height::ZERO).unwrap(), Some(genesis));
}

#[test]
fn the_newest_timeout_certificates_come_back() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let cert = |view: u64| TimeoutCert {
        chain: chain::genesis().chain,
        epoch: Epoch::ZERO,
        view: View::new(view),
        entries: Vec::new(),
        proof: Proof::NONE,
    };
    let (storage, _) = chain::open(&db);
    for view in 1..=300 {
        storage.put_timeout_cert(&cert(view)).unwrap();
    }
    let newest = cert(300);
    assert_eq!(storage.timeout_cert(newest.hash()).unwrap(), Some(newest.clone()));
    assert_eq!(storage.timeout_cert(cert(1).hash()).unwrap(), None);
    drop(storage);
    let found = chain::open(&db).1.timeout_certs;
    assert_eq!(found.last(), Some(&newest));
    assert!(found.len() < 20);
}
