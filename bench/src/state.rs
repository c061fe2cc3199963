//! `state`: how quickly the state tree is built and updated, and how long its proofs are.

use std::time::Instant;

use clap::Args;
use heddle_ledger::native_balance_key;
use heddle_state::Proof;
use heddle_state::State;
use heddle_types::Address;
use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::encode;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;
use serde::Serialize;

use crate::error::BenchError;
use crate::machine::Machine;
use crate::output;

/// Time the state tree: building, updating, proving
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle-bench state --keys 1000000 --batch 10000 --json")]
pub(crate) struct StateArgs {
    /// Keys in the tree
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    keys: u32,
    /// Keys that change at once
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    batch: u32,
    /// Batches; the result is their median
    #[arg(long, value_name = "N", default_value = "31", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    reps: u32,
    /// Threads
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// Which keys change
    #[arg(long, value_name = "S", default_value = "1")]
    seed: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StateResult {
    machine: Machine,
    keys: u32,
    batch: u32,
    reps: u32,
    threads: u16,
    seed: u64,
    updates_per_second: f64,
    slowest_updates_per_second: f64,
    rebuild_keys_per_second: f64,
    rebuild_seconds: f64,
    proof_bytes: Spread,
    absence_proof_bytes: Spread,
    proof_nanos: f64,
    root: String,
}

#[derive(Debug, Serialize)]
struct Spread {
    min: usize,
    median: usize,
    max: usize,
}

pub(crate) fn run(args: &StateArgs, json: bool) -> Result<bool, BenchError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads.into()).build();
    let pool = pool.map_err(|e| BenchError::failed(format!("--threads: {e}")))?;
    let result = pool.install(|| measure(args));
    output::result(json, &result, |result| {
        format!(
            "{:.2} M updates/s (batches of {}, {} keys, {} threads), rebuild {:.2} M keys/s, proofs of {} bytes",
            result.updates_per_second / 1e6,
            result.batch,
            result.keys,
            result.threads,
            result.rebuild_keys_per_second / 1e6,
            result.proof_bytes.median
        )
    })?;
    Ok(true)
}

fn measure(args: &StateArgs) -> StateResult {
    let mut entries: Vec<_> =
        (0..args.keys).map(|number| (key(number), entry(number.into()))).collect();
    entries.sort_by_key(|(key, _)| *key);
    let start = Instant::now();
    let mut state = State::from_entries(entries);
    let rebuild_seconds = start.elapsed().as_secs_f64();

    let mut dice = ChaCha8Rng::seed_from_u64(args.seed);
    let mut rates = Vec::new();
    for _ in 0..args.reps {
        let changes = changes(args, &mut dice);
        let start = Instant::now();
        state.apply(&changes);
        rates.push(changes.len() as f64 / start.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);

    let start = Instant::now();
    let samples = args.keys.min(10_000);
    let present: Vec<Proof> = (0..samples).map(|number| state.prove(&key(number))).collect();
    let proof_nanos = start.elapsed().as_nanos() as f64 / f64::from(samples);
    let absent = (0..samples).map(|number| state.prove(&key(u32::MAX - number)));
    StateResult {
        machine: Machine::this(),
        keys: args.keys,
        batch: args.batch,
        reps: args.reps,
        threads: args.threads,
        seed: args.seed,
        updates_per_second: rates[rates.len() / 2],
        slowest_updates_per_second: rates[0],
        rebuild_keys_per_second: f64::from(args.keys) / rebuild_seconds,
        rebuild_seconds,
        absence_proof_bytes: spread(absent.map(|proof| encode(&proof).len()).collect()),
        proof_bytes: spread(present.iter().map(|proof| encode(proof).len()).collect()),
        proof_nanos,
        root: state.root().to_string(),
    }
}

/// New values for keys that are there; a key that is drawn twice counts once.
fn changes(args: &StateArgs, dice: &mut ChaCha8Rng) -> ChangeSet {
    let change = |_| {
        let number = dice.next_u32() % args.keys;
        (key(number), Some(entry(dice.next_u64().into())))
    };
    ChangeSet::new((0..args.batch).map(change).collect())
}

fn key(number: u32) -> StateKey {
    native_balance_key(&Address(*blake3::hash(&number.to_le_bytes()).as_bytes()))
}

fn entry(number: u128) -> Entry {
    Entry { deposit: None, value: Value::new(&number.to_le_bytes()) }
}

fn spread(mut sizes: Vec<usize>) -> Spread {
    sizes.sort_unstable();
    let at = |position: usize| sizes.get(position).copied().unwrap_or_default();
    Spread { min: at(0), median: at(sizes.len() / 2), max: at(sizes.len().saturating_sub(1)) }
}
