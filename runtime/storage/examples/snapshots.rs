//! How long a snapshot takes: `cargo run --release -p heddle-storage --example snapshots -- [KEYS]`.
//!
//! Makes a database of so many keys (a million), each with a balance of 16 bytes and a deposit, as an account's asset has them; takes
//! a snapshot, restores it into another database, and opens that, which compares the root. Prints seconds.

#![allow(clippy::unwrap_used, reason = "an example fails by panicking")]

use std::env;
use std::time::Instant;

use heddle_state::State;
use heddle_storage::Outcome;
use heddle_storage::PhaseEvents;
use heddle_storage::Snapshot;
use heddle_storage::SnapshotOf;
use heddle_storage::Storage;
use heddle_types::*;

fn entry(number: u64) -> (StateKey, Option<Entry>) {
    let address = Hash32::of(Domain::TRANSACTION, &[&number.to_le_bytes()]);
    let key = StateKey::new(ProgramId::LEDGER, &[b"b", address.as_bytes(), b"HDL"]).unwrap();
    let deposit = Deposit { payer: Address(address.0), amount: Amount::from_units(1_890_000) };
    let value = Value::new(&u128::from(number).to_le_bytes());
    (key, Some(Entry { deposit: Some(deposit), value }))
}

fn genesis(root: StateRoot) -> BlockHeader {
    let genesis = Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::default(),
        dev: true,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts: Vec::new(),
        faucet: None,
        sections: Vec::new(),
    };
    genesis.header(root)
}

/// Appends a block without transactions, whose header names the state before it. Storage verifies no signatures.
fn extend(storage: &Storage, parent: &mut BlockHeader, root: StateRoot) {
    let header = BlockHeader {
        view: View::new(parent.view.get() + 1),
        height: parent.height.next(),
        parent: parent.hash(),
        executed: ExecutedRoot { height: parent.height, root },
        ..parent.clone()
    };
    let block = CheckedBlock::build(header, Vec::new());
    let (header, hash) = (block.header().clone(), block.hash());
    storage.put_block(&block).unwrap();
    let outcome = Outcome {
        height: header.height,
        hash,
        view: header.view,
        proposer: header.proposer,
        cert: CommitCert::genesis(header.vote_data()),
        receipts: Vec::new(),
        traces: Vec::new(),
        phase_events: PhaseEvents::default(),
        skipped: 0,
        changes: ChangeSet::default(),
        root,
        candidates: Vec::new().into(),
    };
    storage.put_outcome(&outcome).unwrap();
    *parent = header;
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    println!("{what:<10} {:>7.2} s", began.elapsed().as_secs_f64());
    result
}

fn main() {
    let keys: u64 = env::args().nth(1).map_or(1_000_000, |keys| keys.parse().unwrap());
    let dir = env::temp_dir().join(format!("heddle-snapshots-{}", std::process::id()));
    let (db, out, other) = (dir.join("db"), dir.join("out"), dir.join("other"));
    std::fs::create_dir_all(&dir).unwrap();
    let changes = ChangeSet::new((0..keys).map(entry).collect());
    let root = State::empty().apply(&changes);
    let mut parent = genesis(root);
    let chain = parent.chain;
    Storage::create(&db, &parent, &changes).unwrap();
    let (storage, _) = Storage::open(&db, chain).unwrap();
    (0..3).for_each(|_| extend(&storage, &mut parent, root));
    drop((storage, changes));

    let take = || heddle_storage::take_snapshot(&db, chain, SnapshotOf::Newest, &out);
    let taken = timed("take", take).unwrap();
    let certify = |manifest: &SnapshotManifest| manifest.claimed().ok_or(ManifestError::NoRoot);
    let snapshot = Snapshot::open(&out, certify).unwrap();
    timed("verify", || {
        (0..snapshot.chunks()).for_each(|index| drop(snapshot.entries(index).unwrap()));
    });
    timed("restore", || heddle_storage::restore_snapshot(&snapshot, &other)).unwrap();
    let (_, recovery) = timed("open", || Storage::open(&other, chain)).unwrap();
    assert_eq!((recovery.state.root(), recovery.state.len() as u64), (root, keys));
    println!("{} entries, {} chunks, {} bytes", taken.entries, taken.chunks, taken.bytes);
    std::fs::remove_dir_all(&dir).unwrap();
}
