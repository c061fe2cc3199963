//! A chain with this program alone: validators of keys 101 to 104, run by the accounts of keys 1 to 4.

use std::net::SocketAddr;

use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_sdk::Programs;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::BlsPublicKey;
use heddle_types::Call;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::Outcome;
use heddle_types::ProgramError;
use heddle_types::ProgramId;
use heddle_types::PublicKey;
use heddle_types::Receipt;
use heddle_types::Signature;
use heddle_types::TxFailure;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_validators::Claim;
use heddle_validators::GenesisMember;
use heddle_validators::Join;
use heddle_validators::Member;
use heddle_validators::Members;
use heddle_validators::Rotate;
use heddle_validators::Validators;
use heddle_validators::ValidatorsCall;
use heddle_validators::ValidatorsError;
use heddle_validators::ValidatorsEvent;
use heddle_validators::ValidatorsGenesis;
use heddle_validators::members;

/// The account of the authority.
pub(crate) const AUTHORITY: u8 = 9;
/// An account that is nothing here.
pub(crate) const STRANGER: u8 = 8;

pub(crate) fn who(n: u8) -> Address {
    address(&key(n))
}

/// The validator's key number `n`.
pub(crate) fn validator_key(n: u8) -> PublicKey {
    key(100 + n).public_key()
}

pub(crate) fn quic(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Validator `n`, run by account `n`, with a power of 10.
pub(crate) fn member(n: u8) -> Member {
    Member {
        public_key: validator_key(n),
        vote_key: None,
        power: 10,
        operator: who(n),
        quic: quic(1000 + u16::from(n)),
    }
}

pub(crate) fn section() -> ValidatorsGenesis {
    let member = |n| GenesisMember { operator: member(n).operator, quic: member(n).quic };
    ValidatorsGenesis { authority: who(AUTHORITY), members: [1, 2, 3, 4].map(member).into() }
}

/// Accounts 1 to 9 have money.
pub(crate) fn genesis() -> Genesis {
    let amount = Amount::from_units(100_000_000_000);
    let account = |n| GenesisAccount { address: who(n), amount };
    let mut accounts: Vec<_> = (1..=9).map(account).collect();
    accounts.sort_by_key(|account| account.address);
    let validator = |n| Validator::new(validator_key(n), 10);
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(0),
        dev: true,
        validators: [1, 2, 3, 4].map(validator).into(),
        possessions: Vec::new(),
        accounts,
        faucet: None,
        sections: vec![section().to_section()],
    }
}

pub(crate) fn programs() -> Programs {
    Programs::new(vec![Box::new(Validators)])
}

pub(crate) fn chain() -> TestChain {
    TestChain::begin(programs(), &genesis()).unwrap()
}

pub(crate) fn list(chain: &TestChain) -> Members {
    members(&chain.state).unwrap()
}

/// What the holder of validator key number `n` signs to serve `operator` with this vote key.
pub(crate) fn prove(n: u8, operator: Address, vote_key: Option<BlsPublicKey>) -> Signature {
    Claim { chain: TestChain::CHAIN, operator, vote_key }.prove(&key(100 + n))
}

/// `member` joins, with a proof by the secret key number `signs`.
pub(crate) fn join_proved_by(member: Member, signs: u8) -> Call {
    let proof = prove(signs, member.operator, None);
    ValidatorsCall::Join(Join { member, proof, vote_proof: None }).to_call()
}

/// Validator `n` joins.
pub(crate) fn join(n: u8) -> Call {
    join_proved_by(member(n), n)
}

pub(crate) fn leave(n: u8) -> Call {
    ValidatorsCall::Leave { public_key: validator_key(n) }.to_call()
}

pub(crate) fn set_power(n: u8, power: u64) -> Call {
    ValidatorsCall::SetPower { public_key: validator_key(n), power }.to_call()
}

/// Validator `old`, of account `operator`, gets the key number `new`.
pub(crate) fn rotate(old: u8, new: u8, operator: u8) -> Call {
    let proof = prove(new, who(operator), None);
    let (old, new) = (validator_key(old), validator_key(new));
    ValidatorsCall::Rotate(Rotate { old, new, vote_key: None, proof, vote_proof: None }).to_call()
}

pub(crate) fn set_address(n: u8, quic: SocketAddr) -> Call {
    ValidatorsCall::SetAddress { public_key: validator_key(n), quic }.to_call()
}

/// A block with one transaction of account `n`.
pub(crate) fn run(chain: &mut TestChain, n: u8, call: Call) -> Receipt {
    let tx = chain.transaction(&key(n), vec![call]);
    chain.run(&[tx]).receipts.remove(0)
}

pub(crate) fn events(receipt: &Receipt) -> Vec<ValidatorsEvent> {
    let events = receipt.events.iter();
    events.map(|event| ValidatorsEvent::decode(event.kind, &event.data).unwrap()).collect()
}

/// The one event of a call that succeeds.
pub(crate) fn run_ok(chain: &mut TestChain, n: u8, call: Call) -> ValidatorsEvent {
    let receipt = run(chain, n, call);
    assert_eq!(receipt.outcome, Outcome::Ok);
    let mut events = events(&receipt);
    assert_eq!(events.len(), 1);
    events.remove(0)
}

pub(crate) fn refusal(error: ValidatorsError) -> Outcome {
    let program = ProgramId::VALIDATORS;
    Outcome::Failed(TxFailure::Program(ProgramError { program, call: 0, code: error.code() }))
}

/// A call that is refused, and changes nothing.
pub(crate) fn run_refused(chain: &mut TestChain, n: u8, call: Call, error: ValidatorsError) {
    let before = members(&chain.state);
    assert_eq!(run(chain, n, call).outcome, refusal(error));
    assert_eq!(members(&chain.state), before);
}
