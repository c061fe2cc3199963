//! Transfers of the native asset.

use heddle_executor::testing::TestChain;
use heddle_executor::testing::key;
use heddle_ledger::LedgerError;
use heddle_ledger::LedgerEvent;
use heddle_ledger::Transfer;
use heddle_ledger::native_balance_key;
use heddle_ledger::transfer_call;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Outcome;
use heddle_types::ProgramId;

use crate::world::HDL;
use crate::world::chain;
use crate::world::gold;
use crate::world::held;
use crate::world::run;
use crate::world::run_ok;
use crate::world::run_refused;
use crate::world::units;
use crate::world::who;

fn pay(to: u8, amount: u64) -> Call {
    transfer_call(who(to), AssetId::HDL, units(amount))
}

#[test]
fn a_transfer_moves_exactly_the_amount_and_costs_the_fee() {
    let mut chain = chain();
    let receipt = run(&mut chain, 1, pay(2, 3 * HDL));
    assert_eq!(receipt.outcome, Outcome::Ok);
    assert_eq!(receipt.fee_paid, units(10_110));
    assert_eq!(receipt.deposit_paid, Amount::ZERO);
    assert_eq!(held(&chain, 1, &AssetId::HDL), u128::from(97 * HDL - 10_110));
    assert_eq!(held(&chain, 2, &AssetId::HDL), u128::from(103 * HDL));
}

#[test]
fn a_transfer_is_reported() {
    let event = run_ok(&mut chain(), 1, pay(2, 5));
    let transfer = Transfer { from: who(1), to: who(2), asset: AssetId::HDL, amount: units(5) };
    assert_eq!(event, LedgerEvent::Transfer(transfer));
    assert_eq!(event.describe().name, "Transfer");
    assert_eq!(event.describe().fields[3], ("amount", "5".to_owned()));
}

#[test]
fn a_transfer_to_a_new_account_takes_a_deposit_from_the_sender() {
    let mut chain = chain();
    let receipt = run(&mut chain, 1, pay(9, 5));
    let deposit = chain.state.0[&native_balance_key(&who(9))].deposit.unwrap();
    assert_eq!(deposit.payer, who(1));
    assert_eq!(deposit.amount, receipt.deposit_paid);
    assert_eq!(held(&chain, 9, &AssetId::HDL), 5);
}

#[test]
fn what_cannot_be_transferred_is_refused() {
    let mut chain = chain();
    run_refused(&mut chain, 1, pay(2, 0), LedgerError::ZeroAmount);
    run_refused(&mut chain, 1, pay(1, 0), LedgerError::ZeroAmount);
    run_refused(&mut chain, 1, pay(2, 101 * HDL), LedgerError::InsufficientBalance);
    run_refused(&mut chain, 1, pay(1, 101 * HDL), LedgerError::InsufficientBalance);
    let unknown = transfer_call(who(2), gold(), units(1));
    run_refused(&mut chain, 1, unknown, LedgerError::InsufficientBalance);
    let most = transfer_call(who(2), AssetId::HDL, Amount::MAX);
    run_refused(&mut chain, 1, most, LedgerError::InsufficientBalance);
}

#[test]
fn a_native_balance_stays_when_it_reaches_zero() {
    let mut chain = chain();
    let all = u128::from(100 * HDL) - TestChain::MAX_FEE.get();
    let call = transfer_call(who(2), AssetId::HDL, Amount::new(all).unwrap());
    let mut body = chain.body(&key(1), vec![call]);
    body.max_fee = TestChain::MAX_FEE;
    let outcome = chain.run(&[heddle_executor::testing::sign(body, &key(1))]);
    let fee = outcome.receipts[0].fee_paid;
    assert_eq!(held(&chain, 1, &AssetId::HDL), TestChain::MAX_FEE.get() - fee.get());
    assert!(chain.state.0.contains_key(&native_balance_key(&who(1))));
}

#[test]
fn the_maximum_fee_cannot_be_transferred_away() {
    let mut chain = chain();
    let too_much = u128::from(100 * HDL) - TestChain::MAX_FEE.get() + 1;
    let call = transfer_call(who(2), AssetId::HDL, Amount::new(too_much).unwrap());
    run_refused(&mut chain, 1, call, LedgerError::InsufficientBalance);
}

#[test]
fn money_received_in_a_block_can_be_spent_in_it() {
    let mut chain = chain();
    chain.fund(&key(9), 20_000_000);
    chain.fund(&key(1), 100 * HDL - 20_000_000);
    let first = chain.transaction(&key(1), vec![pay(9, 50 * HDL)]);
    let second = chain.transaction(&key(9), vec![pay(2, 50 * HDL)]);
    let outcome = chain.run(&[first, second]);
    assert!(outcome.receipts.iter().all(|receipt| receipt.outcome == Outcome::Ok));
    assert_eq!(held(&chain, 2, &AssetId::HDL), u128::from(150 * HDL));
}

#[test]
fn garbage_is_refused_as_malformed() {
    let mut chain = chain();
    let mut trailing = pay(2, 1).data.0;
    trailing.push(0);
    let mut huge = pay(2, 1).data.0;
    huge[60] = 0xff;
    for data in [vec![], vec![4], vec![0; 60], vec![9; 61], trailing, huge] {
        let call = Call { program: ProgramId::LEDGER, data: data.into() };
        run_refused(&mut chain, 1, call, LedgerError::MalformedCall);
    }
}
