//! A chain with the ledger alone.

use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_ledger::Ledger;
use heddle_ledger::LedgerError;
use heddle_ledger::LedgerEvent;
use heddle_sdk::Programs;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::Outcome;
use heddle_types::ProgramError;
use heddle_types::ProgramId;
use heddle_types::Receipt;
use heddle_types::TxFailure;
use heddle_types::UnixMillis;

pub(crate) const HDL: u64 = 1_000_000_000;

pub(crate) fn who(n: u8) -> Address {
    address(&key(n))
}

pub(crate) fn units(units: u64) -> Amount {
    Amount::from_units(units)
}

pub(crate) fn gold() -> AssetId {
    "GOLD".parse().unwrap()
}

pub(crate) fn genesis() -> Genesis {
    let mut accounts: Vec<_> =
        (1..=4).map(|n| GenesisAccount { address: who(n), amount: units(100 * HDL) }).collect();
    accounts.sort_by_key(|account| account.address);
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(0),
        dev: true,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts,
        faucet: None,
        sections: Vec::new(),
    }
}

/// Keys 1 to 4 hold 100 HDL each.
pub(crate) fn chain() -> TestChain {
    TestChain::begin(Programs::new(vec![Box::new(Ledger)]), &genesis()).unwrap()
}

/// Runs one call of key `n` in a block of its own; the native supply must not change.
pub(crate) fn run(chain: &mut TestChain, n: u8, call: Call) -> Receipt {
    let tx = chain.transaction(&key(n), vec![call]);
    let receipt = chain.run(&[tx]).receipts.remove(0);
    let supply = heddle_ledger::supply(&chain.state.0).unwrap();
    assert_eq!(supply[&AssetId::HDL], units(400 * HDL));
    receipt
}

pub(crate) fn run_ok(chain: &mut TestChain, n: u8, call: Call) -> LedgerEvent {
    let receipt = run(chain, n, call);
    assert_eq!(receipt.outcome, Outcome::Ok);
    let [event] = &*receipt.events else { panic!("one event") };
    LedgerEvent::decode(event.kind, &event.data).unwrap()
}

pub(crate) fn run_refused(chain: &mut TestChain, n: u8, call: Call, error: LedgerError) {
    let before = chain.state.0.len();
    let receipt = run(chain, n, call);
    let program = ProgramId::LEDGER;
    let failure = TxFailure::Program(ProgramError { program, call: 0, code: error.code() });
    assert_eq!(receipt.outcome, Outcome::Failed(failure));
    // A first nonce and the collector at most.
    assert!(chain.state.0.len() <= before + 2);
}

pub(crate) fn held(chain: &TestChain, n: u8, asset: &AssetId) -> u128 {
    chain.balance(&who(n), asset).get()
}
