//! DESIGN section 5: fees, strict access, all or nothing.

use heddle_executor::required_fee;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_executor::testing::sign;
use heddle_executor::testing::sign_with_payer;
use heddle_ledger::transfer_call;
use heddle_sdk::UNKNOWN_PROGRAM;
use heddle_sdk::fees;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::AccessTrace;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Outcome;
use heddle_types::ProgramError;
use heddle_types::ProgramId;
use heddle_types::Receipt;
use heddle_types::StateKey;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;

use crate::rig::HDL;
use crate::rig::MALFORMED;
use crate::rig::Op;
use crate::rig::RIG;
use crate::rig::assert_conserved;
use crate::rig::cell;
use crate::rig::chain;
use crate::rig::honest;
use crate::rig::named;
use crate::rig::native;
use crate::rig::script;
use crate::rig::tx;
use crate::rig::value;

fn run_one(chain: &mut TestChain, call: Call) -> Receipt {
    let tx = tx(chain, 1, call, |_| {});
    chain.run(&[tx]).receipts.remove(0)
}

/// Runs one call and expects the failure, the fee paid, and no other trace in state.
fn check_fails(call: Call, expected: TxFailure) {
    let mut chain = chain();
    chain.run(&[]);
    let before = chain.state.clone();
    chain.height = heddle_types::Height::new(1);
    let receipt = run_one(&mut chain, call);
    assert_eq!(receipt.outcome, Outcome::Failed(expected));
    assert!(receipt.events.is_empty());
    assert_eq!(receipt.deposit_paid, Amount::ZERO);
    assert_ne!(receipt.fee_paid, Amount::ZERO);
    let mut changed: Vec<StateKey> = chain.state.0.keys().copied().collect();
    changed.retain(|key| chain.state.0.get(key) != before.0.get(key));
    let mut allowed = vec![
        native::nonce_key(&address(&key(1)), 0),
        native::native_balance_key(&address(&key(1))),
        native::native_balance_key(&native::fee_collector()),
    ];
    allowed.sort();
    assert_eq!(changed, allowed);
    assert_conserved(&chain, 400 * u128::from(HDL));
}

fn refused(call: u8, code: u16) -> TxFailure {
    TxFailure::Program(ProgramError { program: RIG, call, code })
}

#[test]
fn calls_are_all_or_nothing() {
    let mut chain = chain();
    let calls = vec![honest(&[Op::Write(1, vec![1]), Op::Emit(3)]), honest(&[Op::Refuse(8)])];
    let tx = chain.transaction(&key(1), calls);
    let outcome = chain.run(&[tx]);
    assert_eq!(outcome.receipts[0].outcome, Outcome::Failed(refused(1, 8)));
    assert!(outcome.receipts[0].events.is_empty());
    assert_eq!(value(&chain, &cell(1)), None);
}

#[test]
fn a_later_call_sees_what_an_earlier_one_did() {
    let mut chain = chain();
    let calls = vec![honest(&[Op::Write(1, vec![5])]), honest(&[Op::Show(1)])];
    let tx = chain.transaction(&key(1), calls);
    let outcome = chain.run(&[tx]);
    assert_eq!(outcome.receipts[0].events[0].data.to_vec(), vec![5]);
}

#[test]
fn a_read_sees_the_adds_before_it() {
    let mut chain = chain();
    let ops = [Op::Add(1, 5), Op::Add(1, -2), Op::Show(1)];
    let receipt = run_one(&mut chain, script(&[(1, AccessMode::Write)], &ops));
    assert_eq!(receipt.events[0].data.to_vec(), 3_i128.to_le_bytes());
}

#[test]
fn an_undeclared_key_fails_and_is_named() {
    check_fails(script(&[], &[Op::Read(4)]), TxFailure::UndeclaredAccess(cell(4).into()));
}

#[test]
fn every_access_must_be_declared_in_its_mode() {
    let undeclared = || TxFailure::UndeclaredAccess(cell(4).into());
    let read = &[(4, AccessMode::Read)];
    let add = &[(4, AccessMode::Add)];
    let append = &[(4, AccessMode::Append)];
    check_fails(script(read, &[Op::Write(4, vec![])]), undeclared());
    check_fails(script(read, &[Op::Delete(4)]), undeclared());
    check_fails(script(read, &[Op::Add(4, 1)]), undeclared());
    check_fails(script(read, &[Op::Append(4, vec![])]), undeclared());
    check_fails(script(add, &[Op::Read(4)]), undeclared());
    check_fails(script(add, &[Op::Write(4, vec![])]), undeclared());
    check_fails(script(append, &[Op::Read(4)]), undeclared());
    check_fails(script(append, &[Op::Add(4, 1)]), undeclared());
}

#[test]
fn a_swallowed_violation_still_fails_the_transaction() {
    check_fails(script(&[], &[Op::Swallow(4)]), TxFailure::UndeclaredAccess(cell(4).into()));
    check_fails(
        script(&[], &[Op::Add(4, 1), Op::Emit(1)]),
        TxFailure::UndeclaredAccess(cell(4).into()),
    );
}

#[test]
fn write_allows_everything() {
    let mut chain = chain();
    let ops = [Op::Read(4), Op::Write(4, vec![1]), Op::Delete(4), Op::Add(4, 1)];
    let receipt = run_one(&mut chain, script(&[(4, AccessMode::Write)], &ops));
    assert_eq!(receipt.outcome, Outcome::Ok);
}

#[test]
fn keys_of_the_system_are_out_of_reach_even_when_declared() {
    let nonce = native::nonce_key(&address(&key(1)), 0);
    check_fails(script(&[], &[Op::ReadNonce]), TxFailure::UndeclaredAccess(nonce.into()));
    let mut chain = chain();
    let call = script(&[], &[Op::ReadNonce]);
    let tx = tx(&chain, 1, call, |body| body.access = Access::Open);
    let receipt = chain.run(&[tx]).receipts.remove(0);
    assert_eq!(receipt.outcome, Outcome::Failed(TxFailure::UndeclaredAccess(nonce.into())));
}

#[test]
fn the_sender_may_declare_extra_keys() {
    let mut chain = chain();
    let call = script(&[], &[Op::Write(4, vec![1])]);
    let extra = vec![(cell(4), AccessMode::Write)];
    let tx = tx(&chain, 1, call, |body| body.access = Access::Declared { extra });
    assert_eq!(chain.run(&[tx]).receipts[0].outcome, Outcome::Ok);
}

#[test]
fn over_declaring_is_legal_and_priced() {
    let mut chain = chain();
    let declared: Vec<_> = (0..10).map(|n| (n, AccessMode::Write)).collect();
    let receipt = run_one(&mut chain, script(&declared, &[]));
    assert_eq!(receipt.outcome, Outcome::Ok);
    let data = encode_len(&declared);
    let expected = fees::BASE + fees::PER_CALL + 12 * fees::PER_KEY + data * fees::PER_DATA_BYTE;
    assert_eq!(receipt.fee_paid, Amount::from_units(expected));
}

fn encode_len(declared: &[(u8, AccessMode)]) -> u64 {
    script(declared, &[]).data.len().try_into().unwrap()
}

#[test]
fn one_key_declared_twice_is_one_key_with_both_modes() {
    let mut chain = chain();
    let declared = [(4, AccessMode::Read), (4, AccessMode::Add)];
    let receipt =
        run_one(&mut chain, script(&declared, &[Op::Show(4), Op::Add(4, 2), Op::Show(4)]));
    assert_eq!(receipt.outcome, Outcome::Ok);
    assert_eq!(receipt.events[1].data.to_vec(), 2_i128.to_le_bytes());
}

#[test]
fn a_call_that_its_program_does_not_understand_fails() {
    check_fails(Call { program: RIG, data: vec![1, 2].into() }, refused(0, MALFORMED));
}

#[test]
fn a_call_of_no_program_fails() {
    let program = ProgramId(5);
    let failure = TxFailure::Program(ProgramError { program, call: 0, code: UNKNOWN_PROGRAM });
    check_fails(Call { program, data: vec![].into() }, failure.clone());
    assert_eq!(chain().programs.explain(&failure).name, "UnknownProgram");
}

#[test]
fn a_panic_fails_the_transaction_only() {
    check_fails(honest(&[Op::Write(1, vec![1]), Op::Panic]), TxFailure::ProgramPanic);
    let in_access = Call { program: RIG, data: b"panic in access".to_vec().into() };
    check_fails(in_access, TxFailure::ProgramPanic);
}

#[test]
fn work_is_bounded_by_what_the_calls_buy() {
    check_fails(honest(&[Op::Work(fees::WORK_PER_CALL + 1)]), TxFailure::OutOfMeter);
    check_fails(honest(&[Op::Work(u64::MAX)]), TxFailure::OutOfMeter);
    let mut chain = chain();
    let receipt = run_one(&mut chain, honest(&[Op::Work(fees::WORK_PER_CALL)]));
    assert_eq!(receipt.outcome, Outcome::Ok);
}

#[test]
fn a_value_past_its_limit_fails() {
    let open = |len: usize| {
        let mut chain = chain();
        // Two calls: the first makes the value nearly too long for one call's data.
        let call = honest(&[Op::Write(1, vec![0; len])]);
        run_one(&mut chain, call).outcome
    };
    assert_eq!(open(10_000), Outcome::Ok);
    check_fails(honest(&[Op::Append(1, vec![0; 1025])]), TxFailure::OutOfMeter);
}

#[test]
fn events_and_appends_are_bounded() {
    check_fails(honest(&vec![Op::Emit(1); 257]), TxFailure::OutOfMeter);
    check_fails(honest(&vec![Op::Append(1, vec![]); 257]), TxFailure::OutOfMeter);
}

#[test]
fn the_calls_see_the_balance_after_the_maximum_fee_and_the_unused_part_returns() {
    let mut chain = chain();
    let receipt = run_one(&mut chain, honest(&[Op::ShowPayer]));
    let seen = native::decode_amount(&receipt.events[0].data).unwrap();
    assert_eq!(seen.get(), u128::from(100 * HDL) - TestChain::MAX_FEE.get());
    assert_eq!(native(&chain, 1), u128::from(100 * HDL) - receipt.fee_paid.get());
}

#[test]
fn the_collector_gets_the_sum_of_all_fees_when_the_block_ends() {
    let mut chain = chain();
    let block: Vec<_> = (1..=4).map(|n| tx(&chain, n, honest(&[Op::Refuse(1)]), |_| {})).collect();
    let outcome = chain.run(&block);
    let paid: u128 = outcome.receipts.iter().map(|receipt| receipt.fee_paid.get()).sum();
    assert_ne!(paid, 0);
    assert_eq!(chain.balance(&native::fee_collector(), &AssetId::HDL).get(), paid);
    assert_conserved(&chain, 400 * u128::from(HDL));
}

/// Runs a write with `balance` and `max_fee` and expects the fee taken, and that the write happens iff `ok`.
fn check_fee(balance: u64, max_fee: u64, taken: u64, ok: bool) {
    let mut chain = chain();
    chain.fund(&key(1), balance);
    let call = honest(&[Op::Emit(1)]);
    let tx = tx(&chain, 1, call, |body| body.max_fee = Amount::from_units(max_fee));
    let outcome = chain.run(&[tx]);
    let receipt = &outcome.receipts[0];
    assert_eq!(receipt.fee_paid, Amount::from_units(taken));
    assert_eq!(native(&chain, 1), u128::from(balance - taken));
    assert_eq!(chain.next_sequence(&address(&key(1)), 0), 1);
    assert_eq!(receipt.events.len(), usize::from(ok));
    let expected = if ok { Outcome::Ok } else { Outcome::Failed(TxFailure::InsufficientFee) };
    assert_eq!(receipt.outcome, expected);
    assert_conserved(&chain, 300 * u128::from(HDL) + u128::from(balance));
}

#[test]
fn a_payer_that_cannot_pay_runs_nothing_and_what_remains_is_taken() {
    let chain = chain();
    let body = chain.body(&key(1), vec![honest(&[Op::Emit(1)])]);
    let fee = u64::try_from(required_fee(&chain.programs, &body).get()).unwrap();
    check_fee(fee, fee, fee, true);
    check_fee(fee + 1, fee, fee, true);
    check_fee(fee, fee + 1, fee, false);
    check_fee(fee - 1, fee, fee - 1, false);
    check_fee(HDL, fee - 1, fee - 1, false);
    check_fee(5, fee - 1, 5, false);
    check_fee(0, fee, 0, false);
    check_fee(HDL, 0, 0, false);
}

#[test]
fn an_account_that_never_held_anything_uses_its_nonce_and_pays_nothing() {
    let mut chain = chain();
    let tx = tx(&chain, 9, honest(&[]), |_| {});
    let outcome = chain.run(&[tx]);
    assert_eq!(outcome.receipts[0].outcome, Outcome::Failed(TxFailure::InsufficientFee));
    assert_eq!(chain.next_sequence(&address(&key(9)), 0), 1);
    assert_eq!(chain.state.0.get(&native::native_balance_key(&address(&key(9)))), None);
}

#[test]
fn a_payer_pays_for_a_sender_that_holds_nothing() {
    let mut chain = chain();
    let body = TransactionBody {
        payer: Some(address(&key(2))),
        ..chain.body(&key(9), vec![honest(&[Op::Write(1, vec![1])])])
    };
    let outcome = chain.run(&[sign_with_payer(body, &key(9), &key(2))]);
    let receipt = &outcome.receipts[0];
    assert_eq!(receipt.outcome, Outcome::Ok);
    let spent = receipt.fee_paid.get() + receipt.deposit_paid.get();
    assert_eq!(native(&chain, 2), u128::from(100 * HDL) - spent);
    assert_eq!(chain.next_sequence(&address(&key(9)), 0), 1);
    assert_eq!(chain.next_sequence(&address(&key(2)), 0), 0);
    let deposit = chain.state.0[&cell(1)].deposit.unwrap();
    assert_eq!(deposit.payer, address(&key(2)));
}

#[test]
fn a_payer_that_did_not_sign_is_skipped() {
    let mut chain = chain();
    let body =
        TransactionBody { payer: Some(address(&key(2))), ..chain.body(&key(1), vec![honest(&[])]) };
    let outcome = chain.run(&[sign_with_payer(body, &key(1), &key(3))]);
    assert_eq!(outcome.skipped.len(), 1);
}

#[test]
fn a_transfer_to_oneself_changes_nothing_but_the_fee() {
    let mut chain = chain();
    let me = address(&key(1));
    let call = transfer_call(me, AssetId::HDL, Amount::from_units(60 * HDL));
    let receipt = run_one(&mut chain, call);
    assert_eq!(receipt.outcome, Outcome::Ok);
    assert_eq!(receipt.deposit_paid, Amount::ZERO);
    assert_eq!(native(&chain, 1), u128::from(100 * HDL) - receipt.fee_paid.get());
}

#[test]
fn the_traces_say_what_was_touched() {
    let mut chain = chain();
    let ops = [Op::Read(1), Op::Write(2, vec![1]), Op::Add(3, 1), Op::Append(4, vec![])];
    let declared = [
        (1, AccessMode::Read),
        (2, AccessMode::Write),
        (3, AccessMode::Add),
        (4, AccessMode::Append),
        (5, AccessMode::Write),
    ];
    let tx = tx(&chain, 1, script(&declared, &ops), |_| {});
    let outcome = chain.run(&[tx]);
    let trace = AccessTrace::from(&outcome.traces[0]);
    let me = address(&key(1));
    assert_eq!(trace.reads, vec![cell(1)]);
    let envelope = [native::nonce_key(&me, 0), native::native_balance_key(&me)];
    assert_eq!(trace.writes, [&envelope[..], &[cell(2)]].concat());
    assert_eq!(trace.adds, vec![cell(3)]);
    assert_eq!(trace.appends, vec![cell(4)]);
}

#[test]
fn a_block_writes_only_what_differs() {
    let mut chain = chain();
    run_one(&mut chain, honest(&[Op::Write(1, vec![1])]));
    let tx = tx(&chain, 1, honest(&[Op::Write(1, vec![1])]), |_| {});
    let outcome = chain.run(&[tx]);
    let changed: Vec<_> = outcome.changes.as_slice().iter().map(|change| change.0).collect();
    assert!(!changed.contains(&cell(1)));
    assert!(changed.contains(&named(b"height")));
    let mut sorted = changed.clone();
    sorted.sort();
    assert_eq!(changed, sorted);
}

#[test]
fn a_signed_body_is_what_runs() {
    let mut chain = chain();
    let body = chain.body(&key(1), vec![honest(&[Op::Emit(4)])]);
    let tx = sign(body, &key(1));
    let outcome = chain.run(std::slice::from_ref(&tx));
    assert_eq!(outcome.receipts[0].id, tx.id());
    assert_eq!(outcome.receipts_root, heddle_types::receipts_root(&outcome.receipts));
}
