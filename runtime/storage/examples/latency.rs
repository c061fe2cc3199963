//! Latency of the durable writes: `cargo run --release -p heddle-storage --example latency -- FOLDER [heights] [changes]`.
//!
//! The folder must be empty or absent, on the disk to be measured.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use heddle_state::State;
use heddle_storage::Outcome;
use heddle_storage::PhaseEvents;
use heddle_storage::Remembered;
use heddle_storage::SafetyFile;
use heddle_storage::Storage;
use heddle_types::*;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("a folder")?;
    let mut arg = |default: u64| args.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (heights, changes) = (arg(300)?, arg(2000)?);
    let genesis = Genesis {
        version: 1,
        time: UnixMillis::default(),
        dev: true,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts: Vec::new(),
        faucet: None,
        sections: Vec::new(),
    };
    let mut parent = genesis.header(StateRoot::ZERO);
    let db = Path::new(&folder).join("db");
    Storage::create(&db, &parent, &ChangeSet::default())?;
    let (storage, _) = Storage::open(&db, parent.chain)?;
    let qc = QuorumCert::genesis(parent.vote_data());
    let record = SafetyRecord::first(parent.chain, Epoch::ZERO, qc);
    let path = Path::new(&folder).join("safety");
    let mut safety = SafetyFile::create_first(&path, PublicKey([1; 32]), &record)?;

    let mut state = State::empty();
    let mut times: [Vec<u128>; 3] = Default::default();
    for number in 0..heights {
        let header = BlockHeader {
            view: parent.view.next(),
            height: parent.height.next(),
            parent: parent.hash(),
            ..parent
        };
        let block = CheckedBlock::build(header, Vec::new());
        let outcome = outcome(&mut state, &block, number, changes)?;
        parent = block.header().clone();
        let [blocks, records, outcomes] = &mut times;
        timed(blocks, || storage.put_block(&block))?;
        let remembered = Remembered { record: record.clone(), durable: parent.height };
        timed(records, || safety.write(remembered))?;
        timed(outcomes, || storage.put_outcome(&outcome))?;
    }
    for (name, mut times) in ["put_block", "safety::write", "put_outcome"].iter().zip(times) {
        times.sort_unstable();
        let at = |part: usize| times[times.len() * part / 100];
        println!("storage::{name}/changes={changes}: p50 {} us, p99 {} us", at(50), at(99));
    }
    let start = Instant::now();
    drop(storage);
    println!("storage::drop: {} ms", start.elapsed().as_millis());
    let start = Instant::now();
    let (_, recovery) = Storage::open(&db, parent.chain)?;
    println!("storage::open/keys={}: {} ms", recovery.state.len(), start.elapsed().as_millis());
    Ok(())
}

fn timed<E: Error>(times: &mut Vec<u128>, work: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    let start = Instant::now();
    work()?;
    times.push(start.elapsed().as_micros());
    Ok(())
}

fn outcome(
    state: &mut State,
    block: &CheckedBlock,
    number: u64,
    changes: u64,
) -> Result<Outcome, Box<dyn Error>> {
    let header = block.header();
    let change = |i: u64| {
        let hash = blake3::hash(&((number * changes + i * 7) % 500_000).to_le_bytes());
        let key = StateKey::new(ProgramId::LEDGER, &[hash.as_bytes()]).ok_or("a short key")?;
        let value = Value::new(&u128::from(number).to_le_bytes());
        Ok((key, Some(Entry { deposit: None, value })))
    };
    let changes = (0..changes).map(change).collect::<Result<Vec<_>, &str>>()?;
    let receipt = |i: u64| Receipt {
        id: TxId(Hash32::of(Domain::TRANSACTION, &[&number.to_le_bytes(), &i.to_le_bytes()])),
        outcome: heddle_types::Outcome::Ok,
        fee_paid: Amount::ZERO,
        deposit_paid: Amount::ZERO,
        events: Events::default(),
    };
    let receipts = (0..changes.len() as u64 / 2).map(receipt).collect();
    let changes = ChangeSet::new(changes);
    let root = state.apply(&changes);
    Ok(Outcome {
        height: header.height,
        hash: block.hash(),
        view: header.view,
        proposer: header.proposer,
        cert: CommitCert::genesis(header.vote_data()),
        receipts,
        traces: Vec::new(),
        phase_events: PhaseEvents::default(),
        skipped: 0,
        changes,
        root,
        candidates: Vec::new().into(),
    })
}
