//! What simulation tells a client.

use heddle_executor::Simulation;
use heddle_executor::required_fee;
use heddle_executor::simulate;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::AccessTrace;
use heddle_types::Call;
use heddle_types::Nonce;
use heddle_types::Outcome;
use heddle_types::StateKey;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;

use crate::rig::Op;
use crate::rig::cell;
use crate::rig::chain;
use crate::rig::script;
use crate::rig::tx;

fn simulated(chain: &TestChain, body: TransactionBody) -> Simulation {
    // Signed by somebody else: signatures are not looked at.
    let transaction = Transaction::sign(body, &key(9));
    simulate(&chain.programs, &chain.state, chain.block_info(), &transaction)
}

fn four_ops() -> Call {
    let ops = [Op::Read(1), Op::Write(2, vec![1]), Op::Add(3, 1), Op::Append(4, vec![])];
    script(&[(1, AccessMode::Read)], &ops)
}

#[test]
fn simulation_finds_the_extra_keys_that_make_the_transaction_succeed() {
    let mut chain = chain();
    let found = simulated(&chain, chain.body(&key(1), vec![four_ops()]));
    assert_eq!(found.receipt.outcome, Outcome::Failed(TxFailure::UndeclaredAccess(cell(2).into())));
    let extra: Vec<(StateKey, AccessMode)> = found.extra.iter().map(|(k, m)| (*k, m)).collect();
    let expected = vec![
        (cell(2), AccessMode::Write),
        (cell(3), AccessMode::Add),
        (cell(4), AccessMode::Append),
    ];
    assert_eq!(extra, expected);
    let tx = tx(&chain, 1, four_ops(), |body| body.access = Access::Declared { extra });
    assert_eq!(chain.run(&[tx]).receipts[0].outcome, Outcome::Ok);
}

#[test]
fn simulation_gives_the_receipt_that_execution_gives() {
    let mut chain = chain();
    let tx = tx(&chain, 1, four_ops(), |body| body.access = Access::Open);
    let info = chain.block_info();
    let simulated = simulate(&chain.programs, &chain.state, info, tx.transaction());
    let outcome = chain.run(&[tx]);
    assert_eq!(simulated.receipt, outcome.receipts[0]);
    assert_eq!(simulated.trace, AccessTrace::from(&outcome.traces[0]));
}

#[test]
fn simulation_does_not_look_at_the_nonce() {
    let chain = chain();
    let mut body = chain.body(&key(1), vec![script(&[], &[Op::Emit(1)])]);
    body.nonce = Nonce::Lane { lane: 3, sequence: 99 };
    assert_eq!(simulated(&chain, body).receipt.outcome, Outcome::Ok);
}

#[test]
fn access_is_found_even_for_who_cannot_pay() {
    let chain = chain();
    let body = chain.body(&key(9), vec![script(&[], &[Op::Write(2, vec![1])])]);
    let found = simulated(&chain, body);
    assert_eq!(found.receipt.outcome, Outcome::Failed(TxFailure::InsufficientFee));
    assert_eq!(found.extra.mode(&cell(2)), Some(AccessMode::Write));
}

#[test]
fn the_fee_told_beforehand_is_the_fee_paid() {
    let mut chain = chain();
    let declared = chain.body(&key(1), vec![four_ops()]);
    let open = TransactionBody { access: Access::Open, ..chain.body(&key(2), vec![four_ops()]) };
    let told = [&declared, &open].map(|body| required_fee(&chain.programs, body));
    let block = [
        heddle_executor::testing::sign(declared, &key(1)),
        heddle_executor::testing::sign(open, &key(2)),
    ];
    let paid = chain.run(&block).receipts.iter().map(|r| r.fee_paid).collect::<Vec<_>>();
    assert_eq!(paid, told);
    assert_eq!(chain.next_sequence(&address(&key(1)), 0), 1);
}
