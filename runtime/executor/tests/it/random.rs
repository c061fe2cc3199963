//! Random blocks: what must hold of every one of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use heddle_executor::BlockInput;
use heddle_executor::BlockOutcome;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::header;
use heddle_executor::testing::key;
use heddle_executor::testing::sign;
use heddle_executor::testing::sign_with_payer;
use heddle_ledger::transfer_call;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Outcome;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;
use heddle_types::receipts_root;

use crate::rig::HDL;
use crate::rig::Op;
use crate::rig::assert_conserved;
use crate::rig::chain;
use crate::rig::honest;
use crate::rig::script;

/// Accounts; those past the fourth begin with nothing.
const ACCOUNTS: u8 = 6;
const LANES: u8 = 2;
const CELLS: u8 = 5;

#[derive(Clone, Debug)]
struct Plan {
    sender: u8,
    payer: Option<u8>,
    lane: u8,
    nonce: NoncePlan,
    is_open: bool,
    max_fee: u64,
    valid_until: u64,
    calls: Vec<Call>,
}

#[derive(Clone, Copy, Debug)]
enum NoncePlan {
    Next,
    Gap,
    Repeat,
}

fn op() -> impl Strategy<Value = Op> {
    let cell = || 0..CELLS;
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        3 => cell().prop_map(Op::Read),
        4 => (cell(), bytes()).prop_map(|(n, bytes)| Op::Write(n, bytes)),
        4 => cell().prop_map(Op::Delete),
        6 => (cell(), -9..9_i64).prop_map(|(n, delta)| Op::Add(n, delta)),
        3 => (cell(), bytes()).prop_map(|(n, bytes)| Op::Append(n, bytes)),
        1 => cell().prop_map(|n| Op::Append(n, b"panic".to_vec())),
        2 => cell().prop_map(Op::Show),
        1 => Just(Op::ShowPayer),
        1 => cell().prop_map(Op::Swallow),
        1 => (0..30_000_u64).prop_map(Op::Work),
        1 => (0..9_u16).prop_map(Op::Refuse),
        1 => Just(Op::Panic),
    ]
}

fn mode() -> impl Strategy<Value = AccessMode> {
    prop_oneof![
        Just(AccessMode::Read),
        Just(AccessMode::Add),
        Just(AccessMode::Append),
        Just(AccessMode::Write)
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let ops = || proptest::collection::vec(op(), 0..5);
    let declared = proptest::collection::vec((0..CELLS, mode()), 0..5);
    let amount = prop_oneof![0..3_u64, Just(HDL), Just(60 * HDL)];
    prop_oneof![
        4 => ops().prop_map(|ops| honest(&ops)),
        2 => (declared, ops()).prop_map(|(declared, ops)| script(&declared, &ops)),
        4 => (1..=ACCOUNTS, amount).prop_map(|(to, amount)| {
            transfer_call(address(&key(to)), AssetId::HDL, Amount::from_units(amount))
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..9)
            .prop_map(|bytes| Call { program: crate::rig::RIG, data: bytes.into() }),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let nonce = prop_oneof![
        12 => Just(NoncePlan::Next),
        1 => Just(NoncePlan::Gap),
        1 => Just(NoncePlan::Repeat)
    ];
    let max_fee = prop_oneof![6 => Just(100_000_u64), 1 => 0..20_000_u64, 1 => Just(70 * HDL)];
    let valid_until = prop_oneof![12 => Just(u64::MAX), 1 => Just(2)];
    let payer = proptest::option::weighted(0.2, 1..=ACCOUNTS);
    let calls = proptest::collection::vec(call(), 1..4);
    let who = (1..=ACCOUNTS, payer, 0..LANES, nonce);
    let how = (proptest::bool::weighted(0.2), max_fee, valid_until, calls);
    (who, how).prop_map(|((sender, payer, lane, nonce), (is_open, max_fee, valid_until, calls))| {
        let payer = payer.filter(|payer| *payer != sender);
        Plan { sender, payer, lane, nonce, is_open, max_fee, valid_until, calls }
    })
}

/// Signs a block of planned transactions; sequences count on from the chain's, as if all of them were included.
fn block(chain: &TestChain, plans: &[Plan]) -> Vec<Arc<CheckedTransaction>> {
    let mut next = BTreeMap::new();
    let sign_one = |plan: &Plan| {
        let sender = key(plan.sender);
        let lane = (plan.sender, plan.lane);
        let held = || chain.next_sequence(&address(&sender), plan.lane);
        let next = next.entry(lane).or_insert_with(held);
        let sequence = match plan.nonce {
            NoncePlan::Next => {
                *next += 1;
                *next - 1
            }
            NoncePlan::Gap => *next + 1,
            NoncePlan::Repeat => next.saturating_sub(1),
        };
        let body = TransactionBody {
            payer: plan.payer.map(|payer| address(&key(payer))),
            nonce: Nonce::Lane { lane: plan.lane, sequence },
            valid_until: Height::new(plan.valid_until),
            max_fee: Amount::from_units(plan.max_fee),
            access: if plan.is_open { Access::Open } else { Access::DERIVED },
            ..chain.body(&sender, plan.calls.clone())
        };
        match plan.payer {
            None => sign(body, &sender),
            Some(payer) => sign_with_payer(body, &sender, &key(payer)),
        }
    };
    plans.iter().map(sign_one).collect()
}

fn sequences(chain: &TestChain) -> BTreeMap<(u8, u8), u64> {
    let lanes = (1..=ACCOUNTS).flat_map(|n| (0..LANES).map(move |lane| (n, lane)));
    lanes.map(|(n, lane)| ((n, lane), chain.next_sequence(&address(&key(n)), lane))).collect()
}

/// What must hold of a block's outcome whatever the block was.
fn check_outcome(block: &[Arc<CheckedTransaction>], outcome: &BlockOutcome) {
    let ids: Vec<_> = outcome.receipts.iter().map(|receipt| receipt.id).collect();
    assert_eq!(ids, outcome.transaction_ids);
    assert_eq!(outcome.traces.len(), ids.len());
    assert_eq!(outcome.receipts_root, receipts_root(&outcome.receipts));
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "one receipt an id");
    let skipped: BTreeSet<_> = outcome.skipped.iter().map(|skip| skip.0 as usize).collect();
    let rest = block.iter().enumerate().filter(|(position, _)| !skipped.contains(position));
    let rest: Vec<_> = rest.map(|(_, tx)| tx.id()).collect();
    assert_eq!(rest, ids, "every transaction is skipped or has a receipt, in block order");
    for receipt in &outcome.receipts {
        let tx = block.iter().find(|tx| tx.id() == receipt.id).unwrap();
        assert!(receipt.fee_paid <= tx.transaction().body.max_fee);
        if receipt.outcome != Outcome::Ok {
            assert!(receipt.events.is_empty());
            assert_eq!(receipt.deposit_paid, Amount::ZERO);
        }
    }
}

/// Executes a block twice, checks everything, and makes its changes.
fn check_block(chain: &mut TestChain, plans: &[Plan], known: &mut BTreeSet<heddle_types::TxId>) {
    let transactions = block(chain, plans);
    let before = sequences(chain);
    let header = header(chain.height);
    let input = BlockInput { header: &header, transactions: &transactions };
    let again = Sequential::default().execute(&chain.programs, &chain.state, &input);
    let outcome = chain.run(&transactions);
    assert_eq!(outcome, again, "two runs are equal");
    check_outcome(&transactions, &outcome);
    assert_conserved(chain, 400 * u128::from(HDL));
    for id in &outcome.transaction_ids {
        assert!(known.insert(*id), "one id has at most one receipt, ever");
    }
    let mut expected = before;
    for id in &outcome.transaction_ids {
        // The same transaction may stand in the block twice; it has one receipt.
        let tx = transactions.iter().find(|tx| tx.id() == *id).unwrap();
        let Nonce::Lane { lane, .. } = tx.transaction().body.nonce else { continue };
        let sender = tx.transaction().body.sender;
        let n = (1..=ACCOUNTS).find(|n| address(&key(*n)) == sender).unwrap();
        *expected.get_mut(&(n, lane)).unwrap() += 1;
    }
    assert_eq!(sequences(chain), expected, "each receipt used one nonce of its lane");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_block_conserves_and_is_deterministic(
        blocks in proptest::collection::vec(proptest::collection::vec(plan(), 0..14), 1..4)
    ) {
        let mut chain = chain();
        let mut known = BTreeSet::new();
        for plans in &blocks {
            check_block(&mut chain, plans, &mut known);
        }
    }

    #[test]
    fn a_failed_transaction_leaves_a_nonce_and_a_fee_and_nothing_else(
        before in proptest::collection::vec(plan(), 0..8), mut last in plan()
    ) {
        let mut chain = chain();
        chain.run(&block(&chain, &before));
        last.calls.push(honest(&[Op::Refuse(3)]));
        let one = block(&chain, &[last]);
        let empty_block = {
            let header = header(chain.height);
            let input = BlockInput { header: &header, transactions: &[] };
            Sequential::default().execute(&chain.programs, &chain.state, &input).changes
        };
        let payer = one[0].transaction().body.payer();
        let sender = one[0].transaction().body.sender;
        let outcome = chain.run(&one);
        for (changed, entry) in outcome.changes.as_slice() {
            let of_phases = empty_block.as_slice().contains(&(*changed, entry.clone()));
            let is_allowed = of_phases
                || *changed == heddle_sdk::native::native_balance_key(&payer)
                || *changed == heddle_sdk::native::native_balance_key(&heddle_sdk::native::fee_collector())
                || heddle_sdk::native::lane_of(changed, &sender).is_some();
            prop_assert!(is_allowed, "{changed} changed");
        }
        prop_assert!(outcome.receipts.iter().all(|receipt| receipt.outcome != Outcome::Ok));
    }
}

#[test]
fn the_random_blocks_reach_every_kind_of_failure() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    let strategy = proptest::collection::vec(plan(), 14);
    for _ in 0..60 {
        let plans = strategy.new_tree(&mut runner).unwrap().current();
        let mut chain = chain();
        let outcome = chain.run(&block(&chain, &plans));
        for receipt in outcome.receipts {
            seen.insert(match receipt.outcome {
                Outcome::Ok => "ok",
                Outcome::Failed(TxFailure::Program(_)) => "program",
                Outcome::Failed(TxFailure::InsufficientFee) => "fee",
                Outcome::Failed(TxFailure::UndeclaredAccess(_)) => "undeclared",
                Outcome::Failed(TxFailure::ProgramPanic) => "panic",
                Outcome::Failed(TxFailure::OutOfMeter) => "meter",
            });
        }
        seen.extend((!outcome.skipped.is_empty()).then_some("skipped"));
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
}
