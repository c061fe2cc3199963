//! The parallel executor gives what the sequential one gives, in every way, on any number of threads, at any timing.

use std::cell::RefCell;
use std::sync::Arc;

use proptest::prelude::*;

use heddle_engine::Reason;
use heddle_executor::BlockExecution;
use heddle_executor::BlockInput;
use heddle_executor::BlockOutcome;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::ExecutionMode;
use heddle_executor::Executor;
use heddle_executor::HotKey;
use heddle_executor::Parallel;
use heddle_executor::Sequential;
use heddle_executor::Stage;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::first_difference;
use heddle_executor::testing::header;
use heddle_executor::testing::key;
use heddle_ledger::transfer_call;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::CheckedTransaction;
use heddle_types::Entry;
use heddle_types::Nonce;
use heddle_types::SecretKey;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::Value;

use crate::random;
use crate::rig::HDL;
use crate::rig::Op;
use crate::rig::cell;
use crate::rig::chain;
use crate::rig::honest;
use crate::rig::tx;

/// Settings that make a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) threads: usize,
    pub(crate) choice: Choice,
    pub(crate) chunk: Option<u32>,
    pub(crate) speculate: bool,
}

thread_local! {
    /// One executor for each way that came up, used again: nothing of one block may show in another.
    static EXECUTORS: RefCell<Vec<(Way, Parallel)>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn way() -> impl Strategy<Value = Way> {
    let threads = prop_oneof![Just(1_usize), Just(2), Just(3), Just(4), Just(8), Just(16)];
    let choice = prop_oneof![1 => Just(Choice::Auto), 1 => Just(Choice::Sequential), 4 => Just(Choice::Planned)];
    let chunk = prop_oneof![Just(None), Just(Some(1)), Just(Some(3)), Just(Some(64))];
    (threads, choice, chunk, any::<bool>()).prop_map(|(threads, choice, chunk, speculate)| Way {
        threads,
        choice,
        chunk,
        speculate,
    })
}

fn execute(way: Way, chain: &TestChain, block: &[Arc<CheckedTransaction>]) -> BlockOutcome {
    let header = header(chain.height);
    let input = BlockInput { header: &header, transactions: block };
    EXECUTORS.with_borrow_mut(|executors| {
        let known = executors.iter().position(|(known, _)| *known == way);
        let position = known.unwrap_or_else(|| {
            let Way { threads, choice, chunk, speculate } = way;
            let config = Config { choice, chunk, speculate, ..Config::threads(threads) };
            executors.push((way, Parallel::new(config)));
            executors.len() - 1
        });
        let executor = &mut executors[position].1;
        let outcome = executor.execute(&chain.programs, &chain.state, &input);
        let reason = executor.last_execution().reason;
        assert_ne!(reason, Reason::Broken, "the engine broke: {way:?}");
        outcome
    })
}

/// Executes a block in one way and one after the other, and makes its changes.
fn check(way: Way, chain: &mut TestChain, block: &[Arc<CheckedTransaction>]) -> BlockOutcome {
    let header = header(chain.height);
    let input = BlockInput { header: &header, transactions: block };
    let expected = Sequential::default().execute(&chain.programs, &chain.state, &input);
    let outcome = execute(way, chain, block);
    assert_eq!(first_difference(&outcome, &expected), None, "{way:?}");
    chain.state.apply(&outcome.changes);
    chain.height = chain.height.next();
    outcome
}

fn account(n: u32) -> SecretKey {
    let mut seed = [9; 32];
    seed[..4].copy_from_slice(&n.to_le_bytes());
    SecretKey::from_seed(seed)
}

/// A payment: from whom, to whom, how much, and whether it is open.
type Payment = (u32, u32, u64, bool);

/// A chain on which so many accounts hold something each, and one block of payments between them; every tenth of them is new.
fn payments(accounts: u32, payments: &[Payment]) -> (TestChain, Vec<Arc<CheckedTransaction>>) {
    let mut chain = chain();
    let keys: Vec<SecretKey> = (0..accounts).map(account).collect();
    let addresses: Vec<Address> = keys.iter().map(address).collect();
    for holder in addresses.iter().enumerate().filter(|(n, _)| n % 10 != 9).map(|(_, one)| one) {
        let value = Value::new(&native::encode_amount(Amount::from_units(HDL)));
        let entry = Entry { deposit: None, value };
        chain.state.0.insert(native::native_balance_key(holder), entry);
    }
    let mut next = vec![0_u64; keys.len()];
    let signed = payments.iter().map(|(from, to, amount, is_open)| {
        let [from, to] = [from, to].map(|n| usize::try_from(n % accounts).unwrap());
        let call = transfer_call(addresses[to], AssetId::HDL, Amount::from_units(*amount));
        let nonce = Nonce::Lane { lane: 0, sequence: next[from] };
        next[from] += 1;
        let access = if *is_open { Access::Open } else { Access::DERIVED };
        let body = TransactionBody { nonce, access, ..chain.body(&keys[from], vec![call]) };
        Transaction::sign(body, &keys[from])
    });
    // Their own signatures are good.
    let checked = CheckedTransaction::check_all(signed.collect(), |_, _| true).unwrap();
    (chain, checked.into_iter().map(Arc::new).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_block_of_anything(
        blocks in proptest::collection::vec(
            proptest::collection::vec(random::plan(), 0..60), 1..3),
        way in way(),
    ) {
        let mut chain = chain();
        for plans in &blocks {
            let block = random::block(&chain, plans);
            check(way, &mut chain, &block);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn payments_among_few_and_many(
        accounts in prop_oneof![Just(2_u32), Just(10), Just(100), Just(1000)],
        drawn in proptest::collection::vec(
            (any::<u32>(), any::<u32>(), 0..HDL, proptest::bool::weighted(0.2)), 0..300),
        way in way(),
    ) {
        let (mut chain, block) = payments(accounts, &drawn);
        check(way, &mut chain, &block);
    }
}

/// `count` payments, of which one in `open_in` is open.
fn many(count: u32, open_in: u32) -> Vec<Payment> {
    let draw = |n: u32| n.wrapping_mul(2_654_435_761) >> 7;
    (0..count).map(|n| (draw(2 * n), draw(2 * n + 1), u64::from(n), n % open_in == 0)).collect()
}

#[test]
fn a_block_of_thousands_of_keys() {
    let (chain, block) = payments(5_000, &many(3_000, 50));
    for threads in [2, 8] {
        let mut chain =
            TestChain { state: chain.state.clone(), programs: chain.programs.clone(), ..chain };
        let way = Way { threads, choice: Choice::Planned, chunk: None, speculate: true };
        let outcome = check(way, &mut chain, &block);
        assert_eq!(outcome.receipts.len(), 3_000);
        assert!(outcome.changes.len() > 3_000);
    }
}

#[test]
fn what_happened_is_told_of_both_parts() {
    let (chain, block) = payments(50, &many(400, 2));
    let header = header(chain.height);
    let input = BlockInput { header: &header, transactions: &block };
    let config = Config { choice: Choice::Planned, ..Config::threads(2) };
    let mut executor = Parallel::new(config);
    executor.execute(&chain.programs, &chain.state, &input);
    let happened = executor.last_execution();
    assert_eq!(happened.transactions, 400);
    assert!(happened.executions >= 400);
    assert_eq!((happened.mode, happened.threads), (ExecutionMode::Mixed, 2));
    let items = |stage| happened.stages.iter().find(|done| done.stage == stage).unwrap().items;
    assert!(items(Stage::Open) >= 200);
    assert_eq!(items(Stage::Declared) + items(Stage::Open), 400);
}

#[test]
fn the_advice_names_the_key_that_all_wait_for() {
    let chain = chain();
    let mark = |n: u8| honest(&[Op::Show(7), Op::Work(1), Op::Write(7, vec![n])]);
    let block: Vec<_> = (1..=4).map(|n| tx(&chain, n, mark(n), |_| {})).collect();
    let advice = chain.advice(&block);
    assert!(advice.contains("4 transactions ran"), "{advice}");
    assert!(advice.contains("the longest chain"), "{advice}");
    assert_eq!(chain.next_sequence(&address(&key(1)), 0), 0, "nothing was changed");
    let hot = HotKey { key: cell(7), count: 3 };
    let happened = BlockExecution { hot_keys: vec![hot], ..BlockExecution::default() };
    let advice = heddle_executor::advice(&happened);
    assert!(advice.contains(&cell(7).to_string()), "{advice}");
}

/// A key with a deposit, deleted by a declared transaction and added to by an open one, so that the deposit is needed again.
#[test]
fn an_open_add_brings_back_the_deposit_of_what_a_declared_delete_removed() {
    let mut chain = chain();
    let first = tx(&chain, 1, honest(&[Op::Add(0, 5)]), |_| {});
    chain.run(&[first]);
    let block = [
        tx(&chain, 1, honest(&[Op::Delete(0)]), |_| {}),
        tx(&chain, 4, honest(&[Op::Add(0, 6)]), |body| body.access = Access::Open),
    ];
    let way = Way { threads: 2, choice: Choice::Planned, chunk: None, speculate: false };
    check(way, &mut chain, &block);
    let deposit = chain.state.0[&cell(0)].deposit.unwrap();
    assert_eq!(deposit.payer, address(&key(1)));
}
