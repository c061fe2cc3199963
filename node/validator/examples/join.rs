//! How long a node without a database takes to get one by snapshot, from three others on this machine:
//! `cargo run --release -p heddle-validator --example join -- [KEYS] [PORT]`.
//!
//! Four homes of one new chain are made. Three run and have a snapshot of so many keys (a million); the fourth is started without a
//! database, and the time is taken until it has one. The snapshot is of no chain that anybody decided on: this program has all
//! keys and signs for it.

#![allow(clippy::unwrap_used, reason = "an example fails by panicking")]

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_state::State;
use heddle_storage::Outcome;
use heddle_storage::PhaseEvents;
use heddle_storage::SnapshotOf;
use heddle_storage::Storage;
use heddle_types::*;
use heddle_validator::RunOptions;
use heddle_validator::home::Config;
use heddle_validator::home::Home;
use heddle_validator::home::Keeping;
use heddle_validator::home::KeyFile;
use heddle_validator::home::Peer;
use heddle_validator::home::SyncChoice;

const NODES: u8 = 4;

fn secret(number: u8) -> SecretKey {
    SecretKey::from_seed([number + 1; 32])
}

fn genesis() -> Genesis {
    let validator = |number| Validator::new(secret(number).public_key(), 1);
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(1_700_000_000_000),
        dev: true,
        validators: (0..NODES).map(validator).collect(),
        possessions: Vec::new(),
        accounts: Vec::new(),
        faucet: None,
        sections: Vec::new(),
    }
}

fn home(dir: &Path, number: u8, port: u16) -> Home {
    let addr = |offset| SocketAddr::from(([127, 0, 0, 1], port + 10 * u16::from(number) + offset));
    let peer = |other: u8| Peer {
        public_key: secret(other).public_key(),
        quic: ([127, 0, 0, 1], port + 10 * u16::from(other) + 1).into(),
    };
    let text = format!("rpc = \"{}\"\nquic = \"{}\"\n", addr(0), addr(1));
    let config = Config {
        peers: (0..NODES).filter(|other| *other != number).map(peer).collect(),
        keeping: Keeping { sync: SyncChoice::Snapshot, ..Keeping::default() },
        ..Config::parse(text.as_bytes()).unwrap()
    };
    let key = KeyFile::new(secret(number));
    Home::write(&dir.join(number.to_string()), &config, &genesis(), &key).unwrap()
}

fn entry(number: u64) -> (StateKey, Option<Entry>) {
    let address = Hash32::of(Domain::TRANSACTION, &[&number.to_le_bytes()]);
    let key = StateKey::new(ProgramId::LEDGER, &[b"b", address.as_bytes(), b"HDL"]).unwrap();
    let deposit = Deposit { payer: Address(address.0), amount: Amount::from_units(1_890_000) };
    let value = Value::new(&u128::from(number).to_le_bytes());
    (key, Some(Entry { deposit: Some(deposit), value }))
}

fn cert(committee: &Committee, header: &BlockHeader) -> CommitCert {
    let data = header.vote_data();
    let message = data.message(VoteKind::CommitVote);
    let sign = |number: u8| VoterSignature {
        voter: committee.index_of(&secret(number).public_key()).unwrap(),
        signature: secret(number).sign(message.as_bytes()),
    };
    let mut signatures: Vec<VoterSignature> = (0..NODES).map(sign).collect();
    signatures.sort_by_key(|one| one.voter);
    CommitCert::new(data, &signatures, committee, &Ed25519Scheme)
}

/// Appends a block that names the state before it, and changes it.
fn extend(
    storage: &Storage,
    committee: &Committee,
    (parent, state): (&mut BlockHeader, &mut State),
    changes: ChangeSet,
) {
    let header = BlockHeader {
        view: View::new(parent.view.get() + 1),
        height: parent.height.next(),
        parent: parent.hash(),
        executed: ExecutedRoot { height: parent.height, root: state.root() },
        ..parent.clone()
    };
    let block = CheckedBlock::build(header, Vec::new());
    let header = block.header().clone();
    storage.put_block(&block).unwrap();
    let root = state.apply(&changes);
    let outcome = Outcome {
        height: header.height,
        hash: block.hash(),
        view: header.view,
        proposer: header.proposer,
        cert: cert(committee, &header),
        receipts: Vec::new(),
        traces: Vec::new(),
        phase_events: PhaseEvents::default(),
        skipped: 0,
        changes,
        root,
        candidates: committee.validators().into(),
    };
    storage.put_outcome(&outcome).unwrap();
    *parent = header;
}

/// Writes the snapshot of height 1 into each folder.
fn make_snapshot(dir: &Path, home: &Home, keys: u64) {
    let programs = heddle_validator::node::programs();
    let changes = heddle_sdk::genesis_state(&programs, home.genesis()).unwrap();
    let mut state = State::empty();
    let mut parent = home.genesis().header(state.apply(&changes));
    let (db, chain) = (dir.join("made"), parent.chain);
    Storage::create(&db, &parent, &changes).unwrap();
    let (storage, _) = Storage::open(&db, chain).unwrap();
    let all = ChangeSet::new((0..keys).map(entry).collect());
    extend(&storage, home.committee(), (&mut parent, &mut state), all);
    extend(&storage, home.committee(), (&mut parent, &mut state), ChangeSet::default());
    drop(storage);
    let out = dir.join("snapshot");
    let taken = heddle_storage::take_snapshot(&db, chain, SnapshotOf::Newest, &out).unwrap();
    println!("{} entries, {} chunks, {} bytes", taken.entries, taken.chunks, taken.bytes);
    for number in 0..NODES - 1 {
        let kept = dir.join(number.to_string()).join("snapshots/000000000001");
        fs::create_dir_all(&kept).unwrap();
        for file in fs::read_dir(&out).unwrap().flatten() {
            fs::hard_link(file.path(), kept.join(file.file_name())).unwrap();
        }
    }
}

fn run(home: &Home) {
    let dir = home.dir().to_owned();
    thread::spawn(move || heddle_validator::run(&dir, &RunOptions::default()));
}

fn main() {
    let mut args = env::args().skip(1);
    let keys: u64 = args.next().map_or(1_000_000, |keys| keys.parse().unwrap());
    let port: u16 = args.next().map_or(31_800, |port| port.parse().unwrap());
    let dir = env::temp_dir().join(format!("heddle-join-{}", process::id()));
    let homes: Vec<Home> = (0..NODES).map(|number| home(&dir, number, port)).collect();
    homes.iter().for_each(|home| heddle_validator::node::initialise(home).unwrap());
    make_snapshot(&dir, &homes[0], keys);
    homes[..usize::from(NODES) - 1].iter().for_each(run);
    thread::sleep(Duration::from_secs(3));
    let joiner = homes.last().unwrap();
    fs::remove_dir_all(joiner.db_path()).unwrap();
    let began = Instant::now();
    run(joiner);
    let current = joiner.db_path().join("CURRENT");
    while !current.exists() {
        assert!(began.elapsed() < Duration::from_secs(300), "no database");
        thread::sleep(Duration::from_millis(5));
    }
    println!("joined after {:.2} s", began.elapsed().as_secs_f64());
    // The nodes are of no more use; they still write.
    let _ = fs::remove_dir_all(&dir);
    process::exit(0);
}
