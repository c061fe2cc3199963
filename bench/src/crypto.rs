//! `crypto`: how long signatures and hashes take on one core.

use std::hint::black_box;
use std::time::Duration;
use std::time::Instant;

use clap::Args;
use heddle_types::Hash32;
use heddle_types::SecretKey;
use heddle_types::SignedMessage;
use heddle_types::verify_each;
use heddle_types::verify_one;
use serde::Serialize;

use crate::error::BenchError;
use crate::machine::Machine;
use crate::output;

/// Signatures of different keys that verification goes through.
const SIGNATURES: u16 = 1024;

/// Time signatures and hashes on one core
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle-bench crypto --json")]
pub(crate) struct CryptoArgs {
    /// Milliseconds for each operation
    #[arg(long, value_name = "MS", default_value = "300", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    millis: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CryptoResult {
    machine: Machine,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    nanos_per_op: f64,
    ops_per_second: f64,
}

pub(crate) fn run(args: &CryptoArgs, json: bool) -> Result<bool, BenchError> {
    let time = Duration::from_millis(args.millis);
    let mut rows = signatures(time);
    rows.extend([64, 1024, 1024 * 1024].map(|len| hashing(time, len)));
    let result = CryptoResult { machine: Machine::this(), rows };
    output::result(json, &result, |result| {
        let line = |row: &Row| {
            format!("{:<32} {:>12.0} ns {:>14.0}/s", row.name, row.nanos_per_op, row.ops_per_second)
        };
        result.rows.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(true)
}

fn signatures(time: Duration) -> Vec<Row> {
    let signed: Vec<SignedMessage> = (0..SIGNATURES).map(signed).collect();
    let key = SecretKey::from_seed([7; 32]);
    let mut rows = vec![
        row("ed25519::sign".to_owned(), time, 1, |_| {
            black_box(key.sign(black_box(&[1; 32])));
        }),
        row("ed25519::verify_one".to_owned(), time, 1, |round| {
            let SignedMessage { key, message, signature } = &signed[round % signed.len()];
            assert!(verify_one(key, message.as_bytes(), signature), "signed above");
        }),
    ];
    for len in [16, 64, 256, 1024] {
        let name = format!("ed25519::verify_each/batch={len}");
        rows.push(row(name, time, len, |_| {
            assert!(verify_each(&signed[..len]).into_iter().all(|good| good), "signed above");
        }));
    }
    rows
}

fn signed(number: u16) -> SignedMessage {
    let seed = *blake3::hash(&number.to_le_bytes()).as_bytes();
    let key = SecretKey::from_seed(seed);
    let message = Hash32(*blake3::hash(&seed).as_bytes());
    SignedMessage { key: key.public_key(), message, signature: key.sign(message.as_bytes()) }
}

fn hashing(time: Duration, len: usize) -> Row {
    let bytes = vec![1; len];
    row(format!("blake3::hash/bytes={len}"), time, 1, |_| {
        black_box(blake3::hash(black_box(&bytes)));
    })
}

/// Repeats `operation`, which does `count` things at once, for `time`; the first tenth warms up.
fn row(name: String, time: Duration, count: usize, mut operation: impl FnMut(usize)) -> Row {
    let warm = Instant::now();
    while warm.elapsed() < time / 10 {
        operation(0);
    }
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < time {
        operation(rounds);
        rounds += 1;
    }
    let ops = (rounds * count) as f64;
    let seconds = start.elapsed().as_secs_f64();
    Row { name, nanos_per_op: seconds * 1e9 / ops, ops_per_second: ops / seconds }
}
