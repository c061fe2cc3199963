//! Which transactions take reserved block space, and that it is no question of money.

use heddle_executor::block_space;
use heddle_executor::declared_by;
use heddle_executor::required_fee;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::key;
use heddle_executor::testing::sign;
use heddle_ledger::transfer_call;
use heddle_sdk::BlockSpace;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Outcome;
use heddle_types::ProgramId;
use heddle_types::TransactionBody;

use crate::rig::Op;
use crate::rig::RIG;
use crate::rig::cell;
use crate::rig::chain;
use crate::rig::honest;
use crate::rig::tx;

/// A call for which the rig asks for reserved space, with that many operations.
fn reserved(ops: usize) -> Call {
    honest(&vec![Op::Read(1); ops])
}

fn transfer() -> Call {
    transfer_call(heddle_types::Address([9; 32]), AssetId::HDL, Amount::from_units(1))
}

fn check(calls: Vec<Call>, change: fn(&mut TransactionBody), expected: BlockSpace) {
    let chain = chain();
    let mut body = chain.body(&key(1), calls);
    change(&mut body);
    assert_eq!(block_space(&chain.programs, &body), expected);
    assert_eq!(declared_by(&chain.programs, &sign(body, &key(1))).space, expected);
}

#[test]
fn all_calls_must_ask_for_it() {
    check(vec![reserved(1)], |_| {}, BlockSpace::Reserved);
    check(vec![reserved(1), reserved(2)], |_| {}, BlockSpace::Reserved);
    check(vec![reserved(1), transfer()], |_| {}, BlockSpace::Ordinary);
    check(vec![transfer()], |_| {}, BlockSpace::Ordinary);
    check(vec![honest(&[Op::Emit(1)])], |_| {}, BlockSpace::Ordinary);
    let unknown = Call { program: ProgramId(1234), data: Vec::new().into() };
    check(vec![unknown], |_| {}, BlockSpace::Ordinary);
}

#[test]
fn the_transaction_must_be_small_and_declare_only_what_its_calls_derive() {
    check(vec![reserved(1); 8], |_| {}, BlockSpace::Reserved);
    check(vec![reserved(1); 9], |_| {}, BlockSpace::Ordinary);
    // Eight bytes, and for each operation two that declare and two that read.
    check(vec![reserved(510)], |_| {}, BlockSpace::Reserved);
    check(vec![reserved(511)], |_| {}, BlockSpace::Ordinary);
    check(vec![reserved(255), reserved(256)], |_| {}, BlockSpace::Ordinary);
    check(vec![reserved(1)], |body| body.access = Access::Open, BlockSpace::Ordinary);
    let extra = |body: &mut TransactionBody| {
        body.access = Access::Declared { extra: vec![(cell(7), AccessMode::Read)] };
    };
    check(vec![reserved(1)], extra, BlockSpace::Ordinary);
}

#[test]
fn a_call_that_its_program_does_not_understand_takes_ordinary_space() {
    let call = |data: &[u8]| Call { program: RIG, data: data.to_vec().into() };
    check(vec![call(b"nonsense")], |_| {}, BlockSpace::Ordinary);
    check(vec![call(b"panic in space")], |_| {}, BlockSpace::Ordinary);
}

#[test]
fn it_costs_the_same_in_an_empty_block_and_in_a_full_one_and_no_more_than_ordinary_space() {
    let pays = |chain: &mut TestChain, others: u8| {
        let mut txs = vec![tx(chain, 1, reserved(1), |_| {})];
        for n in 2..2 + others {
            chain.fund(&key(n), 1_000_000_000);
            txs.push(tx(chain, n, transfer(), |_| {}));
        }
        let receipts = chain.run(&txs).receipts;
        assert!(receipts.iter().all(|receipt| receipt.outcome == Outcome::Ok));
        (receipts[0].fee_paid, receipts.last().unwrap().fee_paid)
    };
    let mut chain = chain();
    let (alone, _) = pays(&mut chain, 0);
    let (with_one, transfer_with_one) = pays(&mut chain, 1);
    let (with_many, transfer_with_many) = pays(&mut chain, 200);
    assert_eq!((alone, with_one), (with_many, with_many));
    assert_eq!(transfer_with_one, transfer_with_many);

    let body = chain.body(&key(1), vec![reserved(1)]);
    let mut ordinary = body.clone();
    ordinary.calls = vec![honest(&[Op::Show(1)])];
    assert_eq!(ordinary.calls[0].data.len(), body.calls[0].data.len());
    let fee = |body| required_fee(&chain.programs, body);
    assert_eq!((fee(&body), fee(&body)), (with_many, fee(&ordinary)));
}
