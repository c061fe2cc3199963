//! What an executor says of the block that it executed last.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use heddle_engine::Reason;
use heddle_executor::BlockExecution;
use heddle_executor::BlockInput;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::ExecutionMode;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::Sequential;
use heddle_executor::Stage;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::header;
use heddle_executor::testing::key;
use heddle_sdk::Phase;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::CheckedTransaction;
use heddle_types::Nonce;
use heddle_types::TransactionBody;

use super::rig::Op;
use super::rig::cell;
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

fn execute(executor: &mut dyn Executor, chain: &TestChain, transactions: &Transactions) -> usize {
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
fn parallel_execution_has_the_stages_and_items_of_the_sequential_one() {
    let chain = chain();
    let planned = Config { choice: Choice::Planned, ..Config::threads(2) };
    let (mut one, mut many) = (Sequential::default(), Parallel::new(planned));
    execute(&mut one, &chain, &transactions(&chain));
    execute(&mut many, &chain, &transactions(&chain));
    let (one, many) = (one.last_execution(), many.last_execution());
    assert_eq!(many.stages, one.stages);
    assert_eq!(many.transactions, 3);
    assert!(many.executions >= 3, "{many:?}");
    assert_eq!((many.mode, many.reason), (ExecutionMode::Mixed, Reason::Asked));
    assert_eq!(many.threads, 2);
}

#[test]
fn a_few_open_transactions_that_run_in_order_are_counted_too() {
    let chain = chain();
    let mut executor = Parallel::new(Config::threads(2));
    let open = tx(&chain, 3, honest(&[Op::Write(1, vec![2])]), |body| body.access = Access::Open);
    execute(&mut executor, &chain, &vec![open]);
    let happened = executor.last_execution();
    assert_eq!((happened.transactions, happened.executions), (1, 1));
    assert_eq!(happened.mode, ExecutionMode::Sequential);
    assert_eq!(happened.reason, Reason::LittleWork);
}

#[test]
fn a_chain_of_writers_is_as_long_as_all_of_them_and_its_keys_are_hot() {
    let chain = chain();
    let write = |lane| {
        let next = |body: &mut TransactionBody| body.nonce = Nonce::Lane { lane, sequence: 0 };
        tx(&chain, 1, honest(&[Op::Write(7, vec![lane])]), next)
    };
    let block: Transactions = (0..200).map(write).collect();
    let config = Config { choice: Choice::Planned, chunk: Some(1), ..Config::threads(2) };
    let mut executor = Parallel::new(Config { clock: Some(clock), ..config });
    let mut hot = None;
    // Which transactions wait depends on the threads: rarely none of a block does.
    for _ in 0..1_000 {
        execute(&mut executor, &chain, &block);
        let happened = executor.last_execution();
        assert_eq!(happened.mode, ExecutionMode::Planned);
        assert!(happened.total_cost_ns > 0, "{happened:?}");
        assert_eq!(happened.critical_path_ns, happened.total_cost_ns);
        assert!(!happened.timeline.is_empty());
        assert!(happened.timeline.iter().all(|span| span.start_ns <= span.end_ns));
        hot = happened.hot_keys.first().map(|hot| hot.key);
        if hot.is_some() {
            break;
        }
    }
    // All of them pay, and all of them write.
    let shared = [native::native_balance_key(&address(&key(1))), cell(7)];
    assert!(hot.is_some_and(|hot| shared.contains(&hot)), "{hot:?}");
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
    assert!(happened.stages.iter().all(|time| time.nanos > 0), "{happened:?}");
}
