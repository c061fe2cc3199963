//! What a start must know of epochs that ended, whatever a crash left out.

use std::path::Path;
use std::sync::Arc;

use heddle_storage::Outcome;
use heddle_storage::Snapshot;
use heddle_storage::SnapshotOf;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_storage::restore_snapshot;
use heddle_storage::take_snapshot;
use heddle_types::*;
use tempfile::TempDir;

use crate::chain;
use crate::chain::Chain;

/// A chain whose block at height 3 closes epoch 0.
struct Ending {
    dir: TempDir,
    blocks: Vec<CheckedBlock>,
    outcomes: Vec<Outcome>,
}

fn member(power: u64) -> Vec<Validator> {
    vec![Validator::new(PublicKey([7; 32]), power)]
}

fn committee(epoch: u64) -> Committee {
    Committee::new(chain::genesis().chain, Epoch::new(epoch), member(1)).unwrap()
}

fn cert(header: &BlockHeader) -> CommitCert {
    CommitCert::genesis(header.vote_data())
}

impl Ending {
    /// Heights 1 to 5. The fifth is certified, and the fourth by it.
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        chain::create(&dir.path().join("db"));
        let mut chain = Chain::new();
        let mut blocks = Vec::new();
        let mut outcomes = Vec::new();
        for height in 1..=5 {
            chain.next_committee = (height == 3).then(|| committee(1).hash());
            chain.epoch = Epoch::new(u64::from(height > 3));
            let (block, outcome) = chain.next();
            blocks.push(block);
            outcomes.push(outcome);
        }
        outcomes[3].cert = outcomes[4].cert.clone();
        Self { dir, blocks, outcomes }
    }

    fn db(&self) -> std::path::PathBuf {
        self.dir.path().join("db")
    }

    /// A proof by the certificate of the last of so many blocks of the tail; `view` tells tails apart.
    fn end(&self, tail: usize, view: u64) -> EpochEnd {
        let header = |height: usize| self.blocks[height - 1].header().clone();
        let (before, closing) = (header(2), header(3));
        let mut headers = vec![closing.clone()];
        for _ in 0..tail {
            let parent = headers.last().unwrap();
            headers.push(BlockHeader {
                view: View::new(parent.view.get() + view),
                height: parent.height.next(),
                parent: parent.hash(),
                ..parent.clone()
            });
        }
        let cert = cert(headers.last().unwrap());
        EpochEnd { before, closing, tail: headers.split_off(1), cert, members: member(1) }
    }

    /// Stores an outcome, final by `cert`.
    fn put(&self, storage: &Storage, height: usize, cert: &CommitCert) {
        storage.put_block(&self.blocks[height - 1]).unwrap();
        let outcome = Outcome { cert: cert.clone(), ..self.outcomes[height - 1].clone() };
        storage.put_outcome(&outcome).unwrap();
    }
}

fn open(db: &Path) -> (Storage, Option<EpochEnd>) {
    let (storage, recovery) = chain::open(db);
    (storage, recovery.epoch_end)
}

#[test]
fn an_epoch_ended_once_its_closing_block_has_an_outcome() {
    let ending = Ending::new();
    let end = ending.end(2, 1);
    let (storage, _) = open(&ending.db());
    ending.put(&storage, 1, &end.cert);
    ending.put(&storage, 2, &end.cert);
    storage.put_epoch_end(&end).unwrap();
    assert_eq!(storage.epoch_end(Epoch::ZERO).unwrap(), Some(end.clone()));
    assert_eq!(storage.epoch_end(Epoch::new(1)).unwrap(), None);
    drop(storage);
    let (storage, ended) = open(&ending.db());
    assert_eq!(ended, None);
    ending.put(&storage, 3, &end.cert);
    drop(storage);
    assert_eq!(open(&ending.db()).1, Some(end));
}

#[test]
fn a_certificate_of_a_tail_is_of_no_height_above_the_closing_block() {
    let ending = Ending::new();
    // An earlier certificate made 1 final, of a longer tail; then a crash lost what was above it.
    let (longer, end) = (ending.end(4, 2), ending.end(2, 1));
    let (storage, _) = open(&ending.db());
    ending.put(&storage, 1, &longer.cert);
    drop(storage);
    let (storage, _) = open(&ending.db());
    ending.put(&storage, 2, &end.cert);
    storage.put_epoch_end(&end).unwrap();
    drop(storage);
    let (storage, _) = open(&ending.db());
    ending.put(&storage, 3, &end.cert);
    let later = &ending.outcomes[4].cert;
    ending.put(&storage, 4, later);
    ending.put(&storage, 5, later);
    for (height, cert) in [(1, &end.cert), (2, &end.cert), (3, &end.cert), (4, later), (5, later)] {
        let found = storage.certificate(Height::new(height)).unwrap();
        assert_eq!(found.as_ref(), Some(cert), "height {height}");
    }
}

#[test]
fn an_end_with_another_block_than_the_final_one_is_corrupt() {
    let ending = Ending::new();
    let mut other = ending.end(0, 1);
    other.closing.time = UnixMillis::new(99);
    let (storage, _) = open(&ending.db());
    storage.put_epoch_end(&other).unwrap();
    let own = ending.end(0, 1);
    (1..4).for_each(|height| ending.put(&storage, height, &own.cert));
    drop(storage);
    let error = Storage::open(&ending.db(), chain::genesis().chain).err().unwrap();
    assert!(matches!(error, StorageError::Corrupt { .. }), "{error}");
}

#[test]
#[should_panic(expected = "a proof before the outcome")]
fn an_end_after_the_outcome_is_a_bug() {
    let ending = Ending::new();
    let end = ending.end(0, 1);
    let (storage, _) = open(&ending.db());
    (1..4).for_each(|height| ending.put(&storage, height, &end.cert));
    let _ = storage.put_epoch_end(&end);
}

#[test]
fn candidates_are_noted_where_they_change() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let mut chain = Chain::new();
    let mut put = |storage: &Storage, power: u64| {
        let (block, outcome) = chain.next();
        storage.put_block(&block).unwrap();
        storage.put_outcome(&Outcome { candidates: member(power).into(), ..outcome }).unwrap();
    };
    let (storage, recovery) = chain::open(&db);
    assert!(recovery.candidates.is_empty());
    [1, 1, 2].into_iter().for_each(|power| put(&storage, power));
    drop(storage);
    let (storage, _) = chain::open(&db);
    [2, 2, 1].into_iter().for_each(|power| put(&storage, power));
    drop(storage);
    let noted = |height: u64, power: u64| (Height::new(height), Arc::from(member(power)));
    let (storage, recovery) = chain::open(&db);
    assert_eq!(recovery.candidates, [noted(1, 1), noted(3, 2), noted(6, 1)]);
    // Of what is older than the recent heights the newest is enough.
    (0..heddle_storage::RECENT_MAX).for_each(|_| put(&storage, 1));
    put(&storage, 5);
    drop(storage);
    assert_eq!(chain::open(&db).1.candidates, [noted(6, 1), noted(263, 5)]);
}

/// Takes a snapshot of what the chain came to, restores it, and says how the epoch ended there, and which height it is of.
fn restored(ending: &Ending) -> Result<(Option<EpochEnd>, Height), StorageError> {
    let to = TempDir::new().unwrap();
    let (out, db) = (to.path().join("out"), to.path().join("db"));
    take_snapshot(&ending.db(), chain::genesis().chain, SnapshotOf::Newest, &out)?;
    let certify = |manifest: &SnapshotManifest| manifest.claimed().ok_or(ManifestError::NoRoot);
    restore_snapshot(&Snapshot::open(&out, certify)?, &db)?;
    let (storage, ended) = open(&db);
    Ok((ended, storage.last_final().height))
}

#[test]
fn a_database_made_of_a_snapshot_knows_how_the_epochs_before_ended() {
    let ending = Ending::new();
    let end = ending.end(2, 1);
    let (storage, _) = open(&ending.db());
    ending.put(&storage, 1, &end.cert);
    ending.put(&storage, 2, &end.cert);
    storage.put_epoch_end(&end).unwrap();
    ending.put(&storage, 3, &end.cert);
    drop(storage);
    // The certificate of a tail is of no block that has a height.
    assert!(matches!(restored(&ending), Err(StorageError::NoSnapshotYet { .. })));
    let (storage, _) = open(&ending.db());
    ending.put(&storage, 4, &cert(ending.blocks[3].header()));
    drop(storage);
    assert_eq!(restored(&ending).unwrap(), (Some(end.clone()), Height::new(3)));
    let (storage, _) = open(&ending.db());
    ending.put(&storage, 5, &cert(ending.blocks[4].header()));
    drop(storage);
    assert_eq!(restored(&ending).unwrap(), (Some(end), Height::new(4)));
}
