//! Assets that exist from the start.

use heddle_executor::testing::TestChain;
use heddle_ledger::AssetInfo;
use heddle_ledger::GenesisAsset;
use heddle_ledger::Ledger;
use heddle_ledger::LedgerCall;
use heddle_ledger::LedgerError;
use heddle_ledger::LedgerGenesis;
use heddle_ledger::asset_key;
use heddle_sdk::Programs;
use heddle_sdk::SectionError;
use heddle_sdk::genesis_state;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::ChangeSet;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::decode_exact;

use crate::world::genesis;
use crate::world::gold;
use crate::world::held;
use crate::world::run_ok;
use crate::world::run_refused;
use crate::world::units;
use crate::world::who;

fn balances(amount: Amount) -> Vec<GenesisAccount> {
    let mut balances: Vec<_> =
        (1..=2).map(|n| GenesisAccount { address: who(n), amount }).collect();
    balances.sort_by_key(|account| account.address);
    balances
}

fn gold_asset() -> GenesisAsset {
    GenesisAsset {
        asset: gold(),
        decimals: 6,
        authority: Some(who(1)),
        balances: balances(units(500)),
    }
}

fn state(sections: Vec<GenesisSection>) -> Result<ChangeSet, SectionError> {
    let programs = Programs::new(vec![Box::new(Ledger)]);
    genesis_state(&programs, &Genesis { sections, ..genesis() })
}

fn with(assets: Vec<GenesisAsset>) -> Result<ChangeSet, SectionError> {
    state(vec![LedgerGenesis { assets }.to_section()])
}

fn check_refused(assets: Vec<GenesisAsset>, expected: LedgerError) {
    let text = expected.text();
    let refused = SectionError::Refused { id: ProgramId::LEDGER, program: "ledger", text };
    assert_eq!(with(assets), Err(refused));
}

#[test]
fn an_asset_of_the_genesis_is_as_one_that_was_created_and_minted() {
    let mut chain = TestChain::new(Programs::new(vec![Box::new(Ledger)]));
    chain.state.apply(&with(vec![gold_asset()]).unwrap());
    let sums = heddle_ledger::supply(&chain.state.0).unwrap();
    assert_eq!(sums[&gold()], units(1000));
    let info = &chain.state.0[&asset_key(&gold())];
    let expected = AssetInfo { decimals: 6, authority: Some(who(1)) };
    assert_eq!(decode_exact(info.value.as_bytes()), Ok(expected));

    let create = LedgerCall::CreateAsset { asset: gold(), decimals: 6, authority: who(1) };
    run_refused(&mut chain, 1, create.to_call(), LedgerError::AssetExists);
    let burn = |amount| LedgerCall::Burn { asset: gold(), amount: units(amount) }.to_call();
    run_refused(&mut chain, 2, burn(1), LedgerError::NotAuthority);
    run_ok(&mut chain, 1, burn(500));
    assert_eq!((held(&chain, 1, &gold()), held(&chain, 2, &gold())), (0, 500));
    let most = Amount::MAX.checked_sub(units(500)).unwrap();
    let mint = |amount| LedgerCall::Mint { asset: gold(), to: who(3), amount }.to_call();
    run_ok(&mut chain, 1, mint(most));
    run_refused(&mut chain, 1, mint(units(1)), LedgerError::SupplyOverflow);
}

#[test]
fn a_section_that_no_calls_could_have_led_to_is_refused() {
    let silver = GenesisAsset { asset: "SILV".parse().unwrap(), ..gold_asset() };
    assert!(with(vec![gold_asset(), silver.clone()]).is_ok());
    check_refused(vec![silver, gold_asset()], LedgerError::MalformedSection);
    check_refused(vec![gold_asset(), gold_asset()], LedgerError::MalformedSection);
    let native = GenesisAsset { asset: AssetId::HDL, ..gold_asset() };
    check_refused(vec![native], LedgerError::NativeAsset);
    let decimals = GenesisAsset { decimals: 25, ..gold_asset() };
    check_refused(vec![decimals], LedgerError::InvalidDecimals);
    let nothing = GenesisAsset { balances: balances(Amount::ZERO), ..gold_asset() };
    check_refused(vec![nothing], LedgerError::ZeroAmount);
    let too_much = GenesisAsset { balances: balances(Amount::MAX), ..gold_asset() };
    check_refused(vec![too_much], LedgerError::SupplyOverflow);
    let mut twice = gold_asset();
    twice.balances[1] = twice.balances[0].clone();
    check_refused(vec![twice], LedgerError::MalformedSection);
}

#[test]
fn bytes_that_are_no_section_are_refused() {
    let section =
        |data: &[u8]| GenesisSection { program: ProgramId::LEDGER, data: data.to_vec().into() };
    let good = LedgerGenesis { assets: vec![gold_asset()] }.to_section().data;
    assert!(state(vec![section(&good)]).is_ok());
    assert!(state(vec![section(&good[..good.len() - 1])]).is_err());
    assert!(state(vec![section(&[&good[..], &[0]].concat())]).is_err());
    assert!(state(vec![section(&[0xff; 4])]).is_err());
}
