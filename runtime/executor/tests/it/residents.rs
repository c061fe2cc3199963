//! Resident objects: the same result whether they were in memory or not, whatever happened before.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::prelude::*;

use heddle_executor::BlockInput;
use heddle_executor::BlockOutcome;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::Sequential;
use heddle_executor::testing::MemoryState;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::first_difference;
use heddle_executor::testing::header;
use heddle_executor::testing::key;
use heddle_executor::testing::sign;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::CheckedTransaction;
use heddle_types::Domain;
use heddle_types::Entry;
use heddle_types::Hash32;
use heddle_types::Nonce;
use heddle_types::Outcome;
use heddle_types::StateKey;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;
use heddle_types::Value;
use heddle_types::encode;

use crate::books;
use crate::books::COUNTED;
use crate::books::Do;
use crate::books::Order;
use crate::books::REFUSED;
use crate::books::book;
use crate::books::chain;
use crate::books::submit;
use crate::parallel::Way;
use crate::parallel::way;
use crate::rig::HDL;
use crate::rig::assert_conserved;
use crate::rig::value;

/// Orders for a market, sent by an account in an open transaction or a declared one.
type Sent = (u8, u8, bool, Vec<Order>);

fn order() -> impl Strategy<Value = Order> {
    let price = || 0..4_u8;
    prop_oneof![
        30 => (price(), 1..9_u8).prop_map(|(price, amount)| Order::Add(price, amount)),
        16 => price().prop_map(Order::Take),
        6 => price().prop_map(Order::Clear),
        1 => Just(Order::Panic),
        1 => Just(Order::Refuse),
        1 => Just(Order::Burn),
        1 => Just(Order::FlushLong),
        1 => Just(Order::FlushUnnamed),
        1 => Just(Order::FlushPanic),
        1 => Just(Order::FlushHeavy),
        1 => Just(Order::AskAgain),
        1 => Just(Order::Pry),
        1 => Just(Order::Mistake),
    ]
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let market = prop_oneof![20 => 0..6_u8, 1 => REFUSED..=REFUSED + 1];
    let orders = proptest::collection::vec(order(), 0..6);
    let open = proptest::bool::weighted(0.2);
    proptest::collection::vec((1..=4_u8, market, open, orders), 0..10)
}

/// One thing that happens to a chain.
#[derive(Clone, Debug)]
enum Step {
    Run(Vec<Sent>),
    /// A block is executed, and nothing becomes of it.
    Abandon(Vec<Sent>),
    /// The state is replaced by an earlier one.
    Rewind(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => sent().prop_map(Step::Run),
        2 => sent().prop_map(Step::Abandon),
        1 => (0..6_usize).prop_map(Step::Rewind),
    ]
}

fn block(chain: &TestChain, sent: &[Sent]) -> Vec<Arc<CheckedTransaction>> {
    let mut next: Vec<u64> =
        (0..=4).map(|n| chain.next_sequence(&address(&key(n.max(1))), 0)).collect();
    let signed = sent.iter().map(|(sender, market, is_open, orders)| {
        let sequence = &mut next[usize::from(*sender)];
        let nonce = Nonce::Lane { lane: 0, sequence: *sequence };
        *sequence += 1;
        let access = if *is_open { Access::Open } else { Access::DERIVED };
        let body = chain.body(&key(*sender), vec![submit(*market, orders)]);
        sign(TransactionBody { nonce, access, ..body }, &key(*sender))
    });
    signed.collect()
}

fn execute(
    executor: &mut dyn Executor,
    chain: &TestChain,
    block: &[Arc<CheckedTransaction>],
) -> BlockOutcome {
    let header = header(chain.height);
    let input = BlockInput { header: &header, transactions: block };
    executor.execute(&chain.programs, &chain.state, &input)
}

/// Executes a block here and one after the other.
fn compare(executor: &mut Parallel, chain: &TestChain, sent: &[Sent]) -> BlockOutcome {
    let block = block(chain, sent);
    let expected = execute(&mut Sequential::default(), chain, &block);
    let outcome = execute(executor, chain, &block);
    assert_eq!(first_difference(&outcome, &expected), None, "{executor:?}");
    outcome
}

fn take(
    executor: &mut Parallel,
    (chain, states): (&mut TestChain, &mut Vec<MemoryState>),
    step: &Step,
) {
    match step {
        Step::Run(sent) => {
            let outcome = compare(executor, chain, sent);
            chain.state.apply(&outcome.changes);
            chain.height = chain.height.next();
            assert_eq!(executor.check_residents(&chain.state), None);
            assert_conserved(chain, 400 * u128::from(HDL));
            states.push(chain.state.clone());
        }
        Step::Abandon(sent) => drop(compare(executor, chain, sent)),
        Step::Rewind(back) => {
            let position = states.len() - 1 - back.min(&(states.len() - 1));
            chain.state = states[position].clone();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_depends_on_what_was_in_memory(
        steps in proptest::collection::vec(step(), 1..12),
        way in way(),
        max in prop_oneof![4 => Just(4096_usize), 1 => Just(0), 1 => Just(1), 1 => Just(3)],
    ) {
        let Way { threads, choice, chunk, speculate } = way;
        let mut executor =
            Parallel::new(Config { choice, chunk, speculate, ..Config::threads(threads) });
        executor.set_residents_max(max);
        let (mut chain, _) = chain();
        let mut states = vec![chain.state.clone()];
        for step in &steps {
            take(&mut executor, (&mut chain, &mut states), step);
            assert!(executor.residents() <= max);
        }
    }
}

fn planned() -> Parallel {
    Parallel::new(Config { choice: Choice::Planned, ..Config::threads(4) })
}

/// Runs one block on the test chain, which compares everything.
fn run(chain: &mut TestChain, sent: &[Sent]) {
    let block = block(chain, sent);
    let outcome = chain.run(&block);
    assert!(outcome.receipts.iter().all(|receipt| receipt.outcome == Outcome::Ok));
}

fn failures(chain: &TestChain) -> Option<i128> {
    value(chain, &books::frozen()).map(|bytes| i128::from_le_bytes(bytes.try_into().unwrap()))
}

fn part(chain: &TestChain, market: u8, suffix: &[u8]) -> Option<Vec<u8>> {
    value(chain, &book(market).part(suffix).unwrap())
}

#[test]
fn only_what_changed_is_written() {
    let (mut chain, _) = chain();
    run(&mut chain, &[(1, 0, false, vec![Order::Add(1, 7), Order::Add(2, 8)])]);
    assert_eq!(part(&chain, 0, b"l\x01"), Some(vec![7]));
    let stamp = value(&chain, book(0).stamp()).unwrap();
    assert_eq!(stamp.len(), 24);
    let next = block(&chain, &[(1, 0, false, vec![Order::Add(2, 9)])]);
    let outcome = chain.run(&next);
    let of_books =
        outcome.changes.as_slice().iter().filter(|(key, _)| key.program() == books::BOOKS);
    let changed: Vec<StateKey> = of_books.map(|(key, _)| *key).collect();
    assert_eq!(changed, [*book(0).stamp(), book(0).part(b"l\x02").unwrap()]);
    assert_ne!(value(&chain, book(0).stamp()), Some(stamp));
    let stamp = value(&chain, book(0).stamp());
    run(&mut chain, &[(1, 0, false, vec![Order::Take(3)])]);
    assert_eq!(value(&chain, book(0).stamp()), stamp, "nothing changed");
}

#[test]
fn a_stamp_is_the_hash_of_the_stamp_before_and_the_parts_in_order() {
    fn stamp_after(before: Option<&Value>, parts: &[(&[u8], Option<Value>)]) -> Vec<u8> {
        let part = |part: &(&[u8], Option<Value>)| (book(0).part(part.0).unwrap(), part.1.clone());
        let parts: Vec<_> = parts.iter().map(part).collect();
        let bytes = encode(&(book(0).stamp(), before, parts));
        Hash32::of(Domain::RESIDENT, &[&bytes]).as_bytes()[..24].to_vec()
    }
    let (mut chain, _) = chain();
    run(&mut chain, &[(1, 0, false, vec![Order::Add(1, 7), Order::Add(2, 8)])]);
    let index = |prices: &[u8]| Some(Value::new(prices));
    let level = |amount| Some(Value::new(&[amount]));
    let parts = [(&b"i"[..], index(&[1, 2])), (b"l\x01", level(7)), (b"l\x02", level(8))];
    let first = stamp_after(None, &parts);
    assert_eq!(value(&chain, book(0).stamp()), Some(first.clone()));
    run(&mut chain, &[(1, 0, false, vec![Order::Take(2)])]);
    let parts = [(&b"i"[..], index(&[1])), (b"l\x02", None)];
    let second = stamp_after(Some(&Value::from(first)), &parts);
    assert_eq!(value(&chain, book(0).stamp()), Some(second));
}

#[test]
fn an_object_is_loaded_once_and_kept() {
    for mut executor in [planned(), Parallel::new(Config::threads(1))] {
        let (mut chain, loads) = chain();
        for _ in 0..5 {
            let sent =
                [(1, 0, false, vec![Order::Add(1, 7)]), (2, 3, false, vec![Order::Add(1, 1)])];
            let block = block(&chain, &sent);
            let outcome = execute(&mut executor, &chain, &block);
            chain.state.apply(&outcome.changes);
            chain.height = chain.height.next();
        }
        assert_eq!((loads.load(Ordering::Relaxed), executor.residents()), (2, 2));
    }
}

#[test]
fn of_more_objects_than_are_kept_those_used_last_stay() {
    let (mut chain, loads) = chain();
    let mut executor = planned();
    executor.set_residents_max(2);
    // 5 comes for 1, since 0 was used after that.
    for (market, loaded) in [(0, 1), (1, 2), (0, 2), (5, 3), (0, 3), (1, 4)] {
        let block = block(&chain, &[(1, market, false, vec![Order::Add(1, 7)])]);
        let outcome = execute(&mut executor, &chain, &block);
        chain.state.apply(&outcome.changes);
        chain.height = chain.height.next();
        assert_eq!(loads.load(Ordering::Relaxed), loaded, "market {market}");
    }
    assert_eq!(executor.residents(), 2);
}

/// An item that fails leaves the book as it was, for the next item of the phase and for the next block.
fn check_failing(orders: &[Order]) {
    for market in [0, COUNTED] {
        let (mut chain, _) = chain();
        run(&mut chain, &[(1, market, false, vec![Order::Add(1, 7)])]);
        let bad = [&[Order::Add(1, 8), Order::Clear(2)], orders].concat();
        run(&mut chain, &[(1, market, false, bad), (2, 1, false, vec![Order::Add(3, 3)])]);
        assert_eq!(part(&chain, market, b"l\x01"), Some(vec![7]), "{orders:?}");
        assert_eq!(part(&chain, 1, b"l\x03"), Some(vec![3]), "{orders:?}");
        assert_eq!(failures(&chain), Some(1), "{orders:?}");
        run(&mut chain, &[(1, market, false, vec![Order::Add(1, 9)])]);
        assert_eq!(part(&chain, market, b"l\x01"), Some(vec![7, 9]), "{orders:?}");
    }
}

#[test]
fn an_item_that_fails_leaves_its_object_as_it_was() {
    check_failing(&[Order::Panic]);
    check_failing(&[Order::Refuse]);
    check_failing(&[Order::Burn]);
    check_failing(&[Order::FlushLong]);
    check_failing(&[Order::FlushUnnamed]);
    check_failing(&[Order::FlushPanic]);
    check_failing(&[Order::FlushHeavy]);
    check_failing(&[Order::Pry]);
    check_failing(&[Order::Mistake]);
}

#[test]
fn an_item_whose_object_cannot_be_loaded_fails_and_the_others_go_on() {
    let (mut chain, _) = chain();
    let add = || vec![Order::Add(1, 7)];
    run(
        &mut chain,
        &[(1, REFUSED, false, add()), (2, REFUSED + 1, false, add()), (3, 1, false, add())],
    );
    assert_eq!(part(&chain, 1, b"l\x01"), Some(vec![7]));
    // Both of the markets' two items.
    assert_eq!(failures(&chain), Some(4));
    assert_eq!(value(&chain, book(REFUSED).stamp()), None);
}

/// Executes a block and makes its changes.
fn execute_and_apply(executor: &mut Parallel, chain: &mut TestChain, orders: &[Order]) {
    let outcome = compare(executor, chain, &[(1, 0, false, orders.to_vec())]);
    chain.state.apply(&outcome.changes);
    chain.height = chain.height.next();
}

#[test]
fn an_object_of_another_history_is_not_used_though_the_last_parts_were_the_same() {
    let (mut chain, _) = chain();
    let mut executor = planned();
    let before = chain.state.clone();
    execute_and_apply(&mut executor, &mut chain, &[Order::Add(1, 7), Order::Add(2, 1)]);
    execute_and_apply(&mut executor, &mut chain, &[Order::Add(2, 2)]);
    chain.state = before;
    execute_and_apply(
        &mut Parallel::new(Config::threads(1)),
        &mut chain,
        &[Order::Add(1, 8), Order::Add(2, 1)],
    );
    execute_and_apply(&mut Parallel::new(Config::threads(1)), &mut chain, &[Order::Add(2, 2)]);
    execute_and_apply(&mut executor, &mut chain, &[Order::Add(1, 9)]);
    assert_eq!(part(&chain, 0, b"l\x01"), Some(vec![8, 9]));
}

#[test]
fn objects_of_other_programs_are_not_used() {
    let (mut here, _) = chain();
    let (there, loads) = chain();
    let mut executor = planned();
    execute_and_apply(&mut executor, &mut here, &[Order::Add(1, 7)]);
    here.programs = there.programs;
    assert_eq!(executor.residents(), 1);
    execute_and_apply(&mut executor, &mut here, &[Order::Add(1, 7)]);
    // Once by the executor, once in order.
    assert_eq!(loads.load(Ordering::Relaxed), 2);
}

#[test]
fn a_program_that_is_told_of_a_failure_has_no_object() {
    let (mut chain, _) = chain();
    run(&mut chain, &[(1, 0, false, vec![Order::Add(1, 7)])]);
    run(&mut chain, &[(1, 0, false, vec![Order::AskAgain, Order::Refuse]), (2, 1, false, vec![])]);
    assert_eq!(failures(&chain), None, "what it did is gone, because it asked");
    assert_eq!(part(&chain, 0, b"l\x01"), Some(vec![7]));
}

#[test]
fn only_the_object_of_an_item_that_failed_is_loaded_again() {
    let (mut chain, loads) = chain();
    let mut executor = planned();
    let add = || vec![Order::Add(1, 7)];
    for (orders, loaded) in [(add(), 2), (vec![Order::Panic], 2), (add(), 3)] {
        let block = block(&chain, &[(1, 0, false, orders), (2, 1, false, add())]);
        let outcome = execute(&mut executor, &chain, &block);
        chain.state.apply(&outcome.changes);
        chain.height = chain.height.next();
        assert_eq!(loads.load(Ordering::Relaxed), loaded);
    }
}

#[test]
fn no_transaction_touches_a_stamp_or_a_part() {
    let (mut chain, _) = chain();
    run(&mut chain, &[(1, 0, false, vec![Order::Add(1, 7)])]);
    let modes = [AccessMode::Read, AccessMode::Add, AccessMode::Append, AccessMode::Write];
    for touched in [*book(0).stamp(), book(0).part(b"i").unwrap(), book(1).part(b"x").unwrap()] {
        for mode in modes {
            for access in [Access::DERIVED, Access::Open] {
                let call = books::call(&Do::Meddle(touched, mode));
                let body = TransactionBody { access, ..chain.body(&key(1), vec![call]) };
                let outcome = chain.run(&[sign(body, &key(1))]);
                let expected = Outcome::Failed(TxFailure::UndeclaredAccess(Box::new(touched)));
                assert_eq!(outcome.receipts[0].outcome, expected, "{mode:?}");
            }
        }
    }
    assert_eq!(part(&chain, 0, b"l\x01"), Some(vec![7]));
}

#[test]
fn a_transaction_that_declares_a_part_does_not_hide_what_a_phase_makes_of_it() {
    let (mut chain, _) = chain();
    let declares = books::call(&Do::Meddle(book(0).part(b"l\x01").unwrap(), AccessMode::Write));
    let mut meddling = chain.body(&key(2), vec![declares]);
    meddling.nonce = Nonce::Lane { lane: 0, sequence: 0 };
    let mut block = block(&chain, &[(1, 0, false, vec![Order::Add(1, 7)])]);
    block.push(sign(meddling, &key(2)));
    chain.run(&block);
    assert_eq!(part(&chain, 0, b"l\x01"), Some(vec![7]));
}

#[test]
fn an_object_that_is_not_what_its_parts_make_is_noticed() {
    let (mut chain, _) = chain();
    let mut executor = planned();
    let outcome = compare(&mut executor, &chain, &[(1, 0, false, vec![Order::Add(1, 7)])]);
    chain.state.apply(&outcome.changes);
    assert_eq!(executor.check_residents(&chain.state), None);
    let entry = Entry { deposit: None, value: Value::new(&[6]) };
    chain.state.0.insert(book(0).part(b"l\x01").unwrap(), entry);
    assert!(executor.check_residents(&chain.state).is_some());
}
