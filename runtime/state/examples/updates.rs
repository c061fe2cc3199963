//! Updates a second: `cargo run --release -p heddle-state --example updates -- [keys] [batch] [rounds]`.
//!
//! Prints the rebuild rate, the rate of [`State::prepare`] and [`State::commit`] in the median and
//! in the best round, and the memory that the state takes.

use std::error::Error;
use std::fs;
#[expect(clippy::disallowed_types, reason = "a benchmark measures time")]
use std::time::Instant;

use heddle_state::State;
use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::Value;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use rand_chacha::rand_core::SeedableRng;

#[expect(clippy::disallowed_types, reason = "a benchmark, read downwards")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let mut arg = |default: u64| args.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (keys, batch, rounds) = (arg(1_000_000)?, arg(10_000)?, arg(50)?);

    let before = resident_bytes()?;
    let entries: Vec<_> = (0..keys).map(|i| (key(i), entry(i))).collect();
    let start = Instant::now();
    let mut state = State::from_entries(entries);
    let build = start.elapsed().as_secs_f64();
    println!("state::from_entries/keys={keys}: {:.2} M keys/s", keys as f64 / build / 1e6);
    println!("memory: {} bytes a key", (resident_bytes()? - before) / keys);

    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut prepare = Vec::new();
    let mut commit = Vec::new();
    for _ in 0..rounds {
        let pick = |_| (key(rng.next_u64() % keys), Some(entry(rng.next_u64())));
        let changes = ChangeSet::new((0..batch).map(pick).collect());
        let start = Instant::now();
        let prepared = state.prepare(&changes);
        prepare.push(start.elapsed().as_nanos() as f64 / changes.len() as f64);
        let start = Instant::now();
        state.commit(prepared);
        commit.push(start.elapsed().as_nanos() as f64 / changes.len() as f64);
    }
    let total: Vec<f64> = prepare.iter().zip(&commit).map(|(p, c)| p + c).collect();
    for (name, rank) in [("median", total.len() / 2), ("best", 0)] {
        let [p, c, t] = [&prepare, &commit, &total].map(|values| ranked(values, rank));
        println!(
            "state::apply/keys={keys},batch={batch} {name}: {:.2} M updates/s ({t:.0} ns: prepare {p:.0}, commit {c:.0})",
            1e3 / t
        );
    }

    let start = Instant::now();
    let found = (0..batch).filter(|_| state.entry(&key(rng.next_u64() % keys)).is_some()).count();
    println!("state::entry: {:.0} ns", start.elapsed().as_nanos() as f64 / found as f64);
    let start = Instant::now();
    let proof = state.prove(&key(7));
    println!(
        "state::prove: {:.1} us, {} bytes",
        start.elapsed().as_nanos() as f64 / 1e3,
        heddle_types::encode(&proof).len()
    );
    println!("root {}", state.root());
    Ok(())
}

fn key(i: u64) -> StateKey {
    let address = blake3::hash(&i.to_le_bytes());
    StateKey::new(ProgramId::LEDGER, &[b"b", address.as_bytes(), b"HDL"]).expect("36 bytes")
}

fn entry(i: u64) -> Entry {
    Entry { deposit: None, value: Value::new(&u128::from(i).to_le_bytes()) }
}

fn ranked(values: &[f64], rank: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[rank]
}

fn resident_bytes() -> Result<u64, Box<dyn Error>> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    Ok(statm.split(' ').nth(1).ok_or("statm")?.parse::<u64>()? * 4096)
}
