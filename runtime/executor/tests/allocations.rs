//! Transfers that are like those of earlier blocks take no memory of their own.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#![expect(unsafe_code, reason = "an allocator that counts is one")]

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use heddle_executor::BlockInput;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::header;
use heddle_executor::testing::key;
use heddle_ledger::Ledger;
use heddle_ledger::transfer_call;
use heddle_sdk::Programs;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::CheckedTransaction;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;

/// The system's allocator, and how often it was asked for memory.
struct Counting;

static TAKEN: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises; it came from the same allocator.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises; it came from the same allocator.
        unsafe { System.realloc(memory, layout, len) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A chain on which 20 accounts hold much, and `count` transfers among them.
fn transfers(count: u64, access: &Access) -> (TestChain, Vec<Arc<CheckedTransaction>>) {
    let mut chain = TestChain::new(Programs::new(vec![Box::new(Ledger)]));
    let keys: Vec<_> = (1..=20).map(key).collect();
    keys.iter().for_each(|key| chain.fund(key, u64::MAX / 2));
    let sign = |n: u64| {
        let [from, to] = [n % 20, n * 7 % 20].map(|n| &keys[usize::try_from(n).unwrap()]);
        let call = transfer_call(address(to), AssetId::HDL, Amount::from_units(1));
        let nonce = Nonce::Lane { lane: 0, sequence: n / 20 };
        let access = access.clone();
        Transaction::sign(TransactionBody { nonce, access, ..chain.body(from, vec![call]) }, from)
    };
    let signed = (0..count).map(sign).collect();
    let checked = CheckedTransaction::check_all(signed, |_, _| true).unwrap();
    (chain, checked.into_iter().map(Arc::new).collect())
}

/// How much more often memory is taken for a block of 3000 transfers than for one of 1000, once both have been executed before.
fn taken_for_more(config: Config, access: &Access) -> u64 {
    let mut executor = Parallel::new(config);
    let blocks = [1_000, 3_000].map(|count| transfers(count, access));
    let mut taken = [0, 0];
    for _again in 0..3 {
        for ((chain, block), taken) in blocks.iter().zip(&mut taken) {
            let header = header(chain.height);
            let input = BlockInput { header: &header, transactions: block };
            let before = TAKEN.load(Ordering::Relaxed);
            let outcome = executor.execute(&chain.programs, &chain.state, &input);
            *taken = TAKEN.load(Ordering::Relaxed) - before;
            assert_eq!(outcome.receipts.len(), block.len());
            assert!(outcome.receipts.iter().all(|receipt| receipt.events.len() == 1));
        }
    }
    taken[1].saturating_sub(taken[0])
}

#[test]
fn a_transfer_takes_no_memory_of_its_own() {
    let planned = |threads| Config { choice: Choice::Planned, ..Config::threads(threads) };
    for config in [Config::threads(1), planned(1), planned(2)] {
        let taken = taken_for_more(config, &Access::DERIVED);
        assert!(taken < 100, "{taken} times for 2000 transfers: {config:?}");
    }
}
