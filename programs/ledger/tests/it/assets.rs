//! Other assets: who may create, mint and burn them.

use heddle_executor::testing::TestChain;
use heddle_executor::testing::key;
use heddle_ledger::Creation;
use heddle_ledger::Issue;
use heddle_ledger::LedgerCall;
use heddle_ledger::LedgerError;
use heddle_ledger::LedgerEvent;
use heddle_ledger::balance_key;
use heddle_ledger::transfer_call;
use heddle_sdk::native;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Outcome;

use crate::world::HDL;
use crate::world::chain;
use crate::world::gold;
use crate::world::held;
use crate::world::run;
use crate::world::run_ok;
use crate::world::run_refused;
use crate::world::units;
use crate::world::who;

fn create(asset: AssetId, decimals: u8) -> Call {
    LedgerCall::CreateAsset { asset, decimals, authority: who(1) }.to_call()
}

fn mint(asset: AssetId, to: u8, amount: Amount) -> Call {
    LedgerCall::Mint { asset, to: who(to), amount }.to_call()
}

fn burn(asset: AssetId, amount: u64) -> Call {
    LedgerCall::Burn { asset, amount: units(amount) }.to_call()
}

/// Key 1 is the authority of GOLD and holds 1,000 of it.
fn with_gold() -> TestChain {
    let mut chain = chain();
    run_ok(&mut chain, 1, create(gold(), 6));
    run_ok(&mut chain, 1, mint(gold(), 1, units(1000)));
    chain
}

fn supply(chain: &TestChain, asset: &AssetId) -> u128 {
    let sums = heddle_ledger::supply(&chain.state.0).unwrap();
    let counted = sums.get(asset).copied().unwrap_or_default().get();
    let recorded = &chain.state.0[&heddle_ledger::supply_key(asset)];
    let recorded = native::decode_amount(recorded.value.as_bytes()).unwrap();
    assert_eq!(recorded.get(), counted, "the supply recorded is the supply counted");
    counted
}

#[test]
fn anyone_may_create_an_asset_and_its_authority_mints_and_burns_it() {
    let mut chain = chain();
    let created = run_ok(&mut chain, 2, create(gold(), 6));
    let creation = Creation { asset: gold(), decimals: 6, authority: who(1) };
    assert_eq!(created, LedgerEvent::AssetCreated(creation));
    let minted = run_ok(&mut chain, 1, mint(gold(), 3, units(70)));
    let issue = Issue { account: who(3), asset: gold(), amount: units(70) };
    assert_eq!(minted, LedgerEvent::Mint(issue));
    assert_eq!(supply(&chain, &gold()), 70);
    run_ok(&mut chain, 3, transfer_call(who(1), gold(), units(40)));
    let burnt = run_ok(&mut chain, 1, burn(gold(), 15));
    let issue = Issue { account: who(1), asset: gold(), amount: units(15) };
    assert_eq!(burnt, LedgerEvent::Burn(issue));
    assert_eq!(supply(&chain, &gold()), 55);
    assert_eq!(held(&chain, 1, &gold()), 25);
    assert_eq!(held(&chain, 3, &gold()), 30);
}

#[test]
fn only_the_authority_mints_and_burns() {
    let mut chain = with_gold();
    run_ok(&mut chain, 1, transfer_call(who(2), gold(), units(10)));
    run_refused(&mut chain, 2, mint(gold(), 2, units(1)), LedgerError::NotAuthority);
    run_refused(&mut chain, 2, burn(gold(), 1), LedgerError::NotAuthority);
}

#[test]
fn the_native_asset_is_never_created_minted_or_burnt() {
    let mut chain = chain();
    run_refused(&mut chain, 1, create(AssetId::HDL, 9), LedgerError::AssetExists);
    run_refused(&mut chain, 1, mint(AssetId::HDL, 1, units(1)), LedgerError::NativeAsset);
    run_refused(&mut chain, 1, burn(AssetId::HDL, 1), LedgerError::NativeAsset);
}

#[test]
fn what_cannot_be_created_minted_or_burnt_is_refused() {
    let mut chain = with_gold();
    let tin: AssetId = "TIN".parse().unwrap();
    run_refused(&mut chain, 2, create(gold(), 2), LedgerError::AssetExists);
    run_refused(&mut chain, 2, create(tin, 25), LedgerError::InvalidDecimals);
    run_refused(&mut chain, 1, mint(tin, 1, units(1)), LedgerError::UnknownAsset);
    run_refused(&mut chain, 1, burn(tin, 1), LedgerError::UnknownAsset);
    run_refused(&mut chain, 1, mint(gold(), 1, units(0)), LedgerError::ZeroAmount);
    run_refused(&mut chain, 1, burn(gold(), 0), LedgerError::ZeroAmount);
    run_refused(&mut chain, 1, burn(gold(), 1001), LedgerError::InsufficientBalance);
}

#[test]
fn a_supply_never_passes_the_largest_amount() {
    let mut chain = with_gold();
    let room = Amount::MAX.checked_sub(units(1000)).unwrap();
    let past = room.checked_add(units(1)).unwrap();
    run_refused(&mut chain, 1, mint(gold(), 1, past), LedgerError::SupplyOverflow);
    run_ok(&mut chain, 1, mint(gold(), 1, room));
    assert_eq!(held(&chain, 1, &gold()), Amount::MAX.get());
    run_refused(&mut chain, 1, mint(gold(), 2, units(1)), LedgerError::SupplyOverflow);
}

#[test]
fn a_balance_of_another_asset_is_deleted_at_zero_and_its_deposit_returns() {
    let mut chain = with_gold();
    let key_1 = balance_key(&who(1), &gold());
    let deposit = chain.state.0[&key_1].deposit.unwrap();
    assert_eq!(deposit.payer, who(1));
    let before = held(&chain, 1, &AssetId::HDL);
    let receipt = run(&mut chain, 1, transfer_call(who(2), gold(), units(1000)));
    assert_eq!(receipt.outcome, Outcome::Ok);
    assert!(!chain.state.0.contains_key(&key_1));
    let spent = receipt.fee_paid.get() + receipt.deposit_paid.get();
    assert_eq!(held(&chain, 1, &AssetId::HDL), before + deposit.amount.get() - spent);
}

#[test]
fn a_transfer_of_all_to_oneself_keeps_balance_and_deposit() {
    let mut chain = with_gold();
    let before = chain.state.0[&balance_key(&who(1), &gold())].clone();
    let receipt = run(&mut chain, 1, transfer_call(who(1), gold(), units(1000)));
    assert_eq!(receipt.outcome, Outcome::Ok);
    assert_eq!(receipt.deposit_paid, Amount::ZERO);
    assert_eq!(chain.state.0[&balance_key(&who(1), &gold())], before);
}

#[test]
fn a_balance_emptied_and_refilled_in_one_block_keeps_its_first_deposit() {
    let mut chain = with_gold();
    run_ok(&mut chain, 1, transfer_call(who(2), gold(), units(400)));
    let empty = chain.transaction(&key(1), vec![transfer_call(who(3), gold(), units(600))]);
    let refill = chain.transaction(&key(2), vec![transfer_call(who(1), gold(), units(5))]);
    let outcome = chain.run(&[empty, refill]);
    assert!(outcome.receipts.iter().all(|receipt| receipt.outcome == Outcome::Ok));
    assert_eq!(outcome.receipts[1].deposit_paid, Amount::ZERO);
    let deposit = chain.state.0[&balance_key(&who(1), &gold())].deposit.unwrap();
    assert_eq!(deposit.payer, who(1));
    assert_eq!(supply(&chain, &gold()), 1000);
    assert_eq!(supply_of_hdl(&chain), u128::from(400 * HDL));
}

fn supply_of_hdl(chain: &TestChain) -> u128 {
    heddle_ledger::supply(&chain.state.0).unwrap()[&AssetId::HDL].get()
}
