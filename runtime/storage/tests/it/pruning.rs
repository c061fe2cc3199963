//! Old heights are forgotten whole, the others are as they were, whenever the process ends.

use std::env;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use heddle_storage::KEPT_MIN;
use heddle_storage::Storage;
use heddle_types::Height;
use heddle_types::TxIndex;
use tempfile::TempDir;

use crate::chain;
use crate::chain::Chain;

const DIR: &str = "HEDDLE_STORAGE_PRUNE_DIR";
const HEIGHTS: u64 = KEPT_MIN + 200;

fn database(dir: &TempDir) -> (Storage, Chain) {
    let db = dir.path().join("db");
    chain::create(&db);
    let (storage, _) = chain::open(&db);
    let mut chain = Chain::new();
    let all: Vec<_> = (0..HEIGHTS).map(|_| chain.next()).collect();
    for part in all.chunks(50) {
        storage.put_blocks(part.iter().map(|(block, _)| block)).unwrap();
        let outcomes: Vec<_> = part.iter().map(|(_, outcome)| outcome.clone()).collect();
        storage.put_outcomes(&outcomes).unwrap();
    }
    storage.flush().unwrap();
    (storage, chain)
}

/// Whether heights below `oldest` are gone, and the others there.
fn check(storage: &Storage, oldest: u64) {
    assert_eq!(storage.oldest(), Height::new(oldest));
    let mut chain = Chain::new();
    for number in 1..=HEIGHTS {
        let (block, outcome) = chain.next();
        let height = Height::new(number);
        let is_there = number >= oldest;
        let stored = storage.final_block(height).unwrap();
        assert_eq!(stored, is_there.then(|| block.to_block()), "{number}");
        assert_eq!(storage.block(block.hash()).unwrap().is_some(), is_there);
        assert_eq!(storage.receipts(height).unwrap(), is_there.then(|| outcome.receipts.clone()));
        assert_eq!(storage.traces(height).unwrap(), is_there.then(|| outcome.traces.clone()));
        assert_eq!(storage.phase_events(height).unwrap().is_some(), is_there);
        assert_eq!(storage.certificate(height).unwrap().is_some(), is_there);
        assert_eq!(storage.final_record(height).unwrap().is_some(), is_there);
        for index in 0..3 {
            let found = storage.transaction(&chain::id(height, index)).unwrap();
            let place = found.map(|place| (place.height, place.index));
            assert_eq!(place, is_there.then(|| (height, TxIndex::new(index))), "{number}");
        }
    }
    assert!(storage.final_blocks(Height::new(oldest - 1), usize::MAX).unwrap().is_empty());
}

#[test]
fn pruning_forgets_a_bounded_number_of_heights_at_a_time() {
    let dir = TempDir::new().unwrap();
    let (storage, _) = database(&dir);
    assert!(!storage.prune(Height::new(100), 30).unwrap());
    check(&storage, 30);
    assert!(!storage.prune(Height::new(100), 69).unwrap());
    assert!(storage.prune(Height::new(100), 30).unwrap());
    check(&storage, 100);
    assert!(storage.prune(Height::new(100), 30).unwrap());
    assert!(storage.prune(Height::new(50), 30).unwrap());
    check(&storage, 100);
}

#[test]
fn the_newest_heights_stay_whatever_is_asked() {
    let dir = TempDir::new().unwrap();
    let (storage, chain) = database(&dir);
    assert!(storage.prune(Height::new(u64::MAX), u64::MAX).unwrap());
    check(&storage, HEIGHTS - KEPT_MIN);
    drop(storage);
    let (storage, recovery) = chain::open(&dir.path().join("db"));
    check(&storage, HEIGHTS - KEPT_MIN);
    assert!(recovery.state.entries().eq(chain.state.entries()));
    assert_eq!(recovery.recent.len(), 256);
}

/// What the killed process does; a test of its own, empty unless started by the one below.
#[test]
fn a_pruner_to_be_killed() {
    let Ok(dir) = env::var(DIR) else { return };
    let (storage, _) = chain::open(Path::new(&dir));
    for oldest in storage.oldest().get() + 1..=HEIGHTS - KEPT_MIN {
        storage.prune(Height::new(oldest), 1).unwrap();
        println!("pruned {oldest}");
        // The killer is to find it at work.
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_killed_pruner_leaves_whole_heights() {
    let dir = TempDir::new().unwrap();
    drop(database(&dir));
    let db = dir.path().join("db");
    for round in 1..=3_u64 {
        let mut pruner = Command::new(env::current_exe().unwrap())
            .args(["pruning::a_pruner_to_be_killed", "--exact", "--nocapture"])
            .env(DIR, &db)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(pruner.stdout.take().unwrap()).lines();
        let heights = lines.filter_map(|line| {
            let line = line.unwrap();
            line.split_once("pruned ").map(|(_, height)| height.parse::<u64>().unwrap())
        });
        assert!({ heights }.any(|height| height >= round * 40));
        pruner.kill().unwrap();
        pruner.wait().unwrap();
        let (storage, _) = chain::open(&db);
        let oldest = storage.oldest().get();
        assert!(oldest >= round * 40, "{oldest}");
        check(&storage, oldest);
    }
}
