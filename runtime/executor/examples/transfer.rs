//! What a ledger transfer costs, part by part, on one thread.
//!
//! ```text
//! cargo run --release -p heddle-executor --example transfer -- [ACCOUNTS] [TRANSACTIONS] [ROUNDS] [THREADS] [open]
//! ```
//!
//! Prints the least and the median over the rounds, in nanoseconds a transfer.

#![allow(clippy::unwrap_used, reason = "an example ends when something is wrong")]
#![allow(clippy::disallowed_types, reason = "it measures time")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use heddle_executor::BlockInput;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::Sequential;
use heddle_executor::Stage;
use heddle_executor::declared_by;
use heddle_executor::measuring::Transfers;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::header;
use heddle_ledger::Ledger;
use heddle_ledger::transfer_call;
use heddle_sdk::Programs;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::CheckedTransaction;
use heddle_types::Entry;
use heddle_types::Nonce;
use heddle_types::Receipt;
use heddle_types::SecretKey;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::decode_exact;
use heddle_types::encode;
use heddle_types::receipts_root;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (accounts, transactions, rounds) = (number(1000), number(10_000), number(11));
    let threads = arguments.next();
    let access = if arguments.next().is_some() { Access::Open } else { Access::DERIVED };
    let (chain, signed) = block(accounts, transactions, &access);
    let mut parts: Vec<(&str, Vec<f64>)> = Vec::new();
    let mut receipts = Vec::with_capacity(transactions);
    let lookup = Lookup(chain.state.0.iter().map(|(key, entry)| (*key, entry.clone())).collect());
    let planned = Config { choice: Choice::Planned, ..Config::threads(2) };
    let mut executors = vec![
        ("all, 1 thread", Parallel::new(Config { clock: Some(clock), ..Config::threads(1) })),
        ("all, 2 threads", Parallel::new(Config::threads(2))),
        ("all, 2 threads, planned", Parallel::new(planned)),
    ];
    executors.retain(|(name, _)| threads.as_ref().is_none_or(|threads| name.contains(threads)));
    for _ in 0..rounds {
        receipts.clear();
        let memory = (&mut receipts, &lookup, executors.as_mut_slice());
        round(&chain, &signed, memory, &mut |name, nanos| {
            let per_transfer = nanos / transactions as f64;
            match parts.iter_mut().find(|part| part.0 == name) {
                Some(part) => part.1.push(per_transfer),
                None => parts.push((name, vec![per_transfer])),
            }
        });
    }
    for (name, mut nanos) in parts {
        nanos.sort_by(f64::total_cmp);
        println!("{name:<26}{:>9.1}{:>9.1}", nanos[0], nanos[nanos.len() / 2]);
    }
}

/// Nanoseconds since the first time.
fn clock() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    u64::try_from(FIRST.get_or_init(Instant::now).elapsed().as_nanos()).unwrap()
}

/// State whose look-ups cost next to nothing, since it is not state that is measured here.
struct Lookup(HashMap<StateKey, Entry>);

impl StateView for Lookup {
    fn entry(&self, key: &StateKey) -> Option<Entry> {
        self.0.get(key).cloned()
    }
}

/// One after the other, everything that happens to a block of transfers.
fn round(
    chain: &TestChain,
    signed: &[Vec<u8>],
    (receipts, lookup, executors): (&mut Vec<Receipt>, &Lookup, &mut [(&'static str, Parallel)]),
    record: &mut dyn FnMut(&'static str, f64),
) {
    let mut timed = |name, work: &mut dyn FnMut()| {
        let started = Instant::now();
        work();
        record(name, started.elapsed().as_secs_f64() * 1e9);
    };
    let mut decoded = Vec::new();
    timed("decode", &mut || {
        decoded = signed.iter().map(|bytes| decode_exact::<Transaction>(bytes).unwrap()).collect();
    });
    let checked = CheckedTransaction::check_all(std::mem::take(&mut decoded), |_, _| true);
    let checked: Vec<_> = checked.unwrap().into_iter().map(Arc::new).collect();
    timed("declare", &mut || {
        for transaction in &checked {
            black_box(declared_by(&chain.programs, transaction));
        }
    });
    let header = header(chain.height);
    let input = BlockInput { header: &header, transactions: &checked };
    let mut transfers = Transfers::new(&chain.programs, &chain.state, &input);
    // The first time memory is taken that the second time uses.
    transfers.run(receipts);
    receipts.clear();
    timed("run", &mut || transfers.run(receipts));
    drop(transfers);
    timed("receipts root", &mut || {
        black_box(receipts_root(receipts));
    });
    let state = lookup;
    let mut all = |name, executor: &mut dyn Executor| {
        timed(name, &mut || {
            let outcome = executor.execute(&chain.programs, state, &input);
            assert_eq!(outcome.receipts.len(), checked.len());
        });
    };
    if executors.len() > 1 {
        all("all, sequential", &mut Sequential::default());
    }
    for (name, executor) in executors.iter_mut() {
        all(name, executor);
    }
    for (name, executor) in executors {
        for stage in executor.last_execution().stages {
            if stage.items > 0 && *name == "all, 1 thread" {
                let name = match stage.stage {
                    Stage::Plan => "  of 1 thread: plan",
                    Stage::Declared => "  of 1 thread: declared",
                    Stage::Finish => "  of 1 thread: finish",
                    Stage::Open | Stage::Root | Stage::Phase(_) => "  of 1 thread: other",
                };
                record(name, stage.nanos as f64);
            }
        }
    }
}

/// Transfers between random accounts.
fn block(accounts: usize, transactions: usize, access: &Access) -> (TestChain, Vec<Vec<u8>>) {
    let mut chain = TestChain::new(Programs::new(vec![Box::new(Ledger)]));
    let keys: Vec<_> = (0..accounts as u64)
        .map(|n| {
            let mut seed = [7; 32];
            seed[..8].copy_from_slice(&n.to_le_bytes());
            SecretKey::from_seed(seed)
        })
        .collect();
    keys.iter().for_each(|key| chain.fund(key, u64::MAX / 2));
    let mut next = vec![0_u64; accounts];
    let mut random = 1_u64;
    let mut draw = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % accounts
    };
    let mut signed = Vec::with_capacity(transactions);
    for _ in 0..transactions {
        let (from, to) = (draw(), draw());
        let call = transfer_call(address(&keys[to]), AssetId::HDL, Amount::from_units(1));
        let nonce = Nonce::Lane { lane: 0, sequence: next[from] };
        let body = TransactionBody {
            nonce,
            access: access.clone(),
            ..chain.body(&keys[from], vec![call])
        };
        next[from] += 1;
        signed.push(encode(&Transaction::sign(body, &keys[from])));
    }
    (chain, signed)
}
