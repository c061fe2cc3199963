//! What an executor says of the block that it executed last.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use heddle_executor::BlockExecution;
use heddle_executor::BlockInput;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_executor::Stage;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::header;
use heddle_sdk::Phase;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::CheckedTransaction;

use super::rig::Op;
use super::rig::chain;
use super::rig::honest;
use super::rig::tx;

type Transactions = Vec<std::sync::Arc<CheckedTransaction>>;

/// Two declared transactions, one of which fills an inbox, an open one, and one whose nonce is wrong.
fn transactions(chain: &TestChain) -> Transactions {
    let append = super::rig::script(&[(5, AccessMode::Append)], &[Op::Append(5, vec![1])]);
    vec![
        tx(chain, 1, honest(&[Op::Write(1, vec![1])]), |_| ()),
        tx(chain, 2, append, |_| ()),
        tx(chain, 3, honest(&[Op::Write(1, vec![2])]), |body| body.access = Access::Open),
        tx(chain, 1, honest(&[Op::Write(2, vec![3])]), |_| ()),
    ]
}

fn execute(executor: &mut Sequential, chain: &TestChain, transactions: &Transactions) -> usize {
    let header = header(chain.height);
    let block = BlockInput { header: &header, transactions };
    executor.execute(&chain.programs, &chain.state, &block).changes.len()
}

#[test]
fn sequential_execution_counts_what_it_did() {
    let chain = chain();
    let mut executor = Sequential::default();
    assert_eq!(executor.last_execution(), BlockExecution::default());
    let changes = execute(&mut executor, &chain, &transactions(&chain)) as u64;
    let happened = executor.last_execution();
    let counts = (happened.transactions, happened.executions, happened.threads);
    assert_eq!(counts, (3, 3, 1));
    let stages: Vec<_> = happened.stages.iter().map(|time| (time.stage, time.items)).collect();
    let expected = [
        (Stage::Phase(Phase::Begin), 1),
        (Stage::Plan, 4),
        (Stage::Declared, 2),
        (Stage::Open, 1),
        (Stage::Phase(Phase::Match), 1),
        (Stage::Phase(Phase::Settle), 1),
        (Stage::Phase(Phase::Risk), 0),
        (Stage::Phase(Phase::Fold), 0),
        (Stage::Finish, changes),
    ];
    assert_eq!(stages, expected);
    assert!(happened.stages.iter().all(|time| time.nanos == 0), "{happened:?}");
}

#[test]
fn an_empty_block_leaves_nothing_of_the_one_before_it() {
    let chain = chain();
    let mut executor = Sequential::default();
    execute(&mut executor, &chain, &transactions(&chain));
    execute(&mut executor, &chain, &Vec::new());
    let happened = executor.last_execution();
    assert_eq!((happened.transactions, happened.executions), (0, 0));
    assert_eq!(happened.stages.len(), 9);
}

/// A clock that is a nanosecond further each time it is read.
fn clock() -> u64 {
    static NOW: AtomicU64 = AtomicU64::new(0);
    NOW.fetch_add(1, Ordering::SeqCst)
}

#[test]
fn with_a_clock_every_stage_is_timed() {
    let chain = chain();
    let mut executor = Sequential::with_clock(clock);
    execute(&mut executor, &chain, &transactions(&chain));
    let happened = executor.last_execution();
    assert!(happened.stages.iter().all(|time| time.nanos == 1), "{happened:?}");
}
