//! New chains, and a machine on one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

use heddle_hotstuff::Executed;
use heddle_hotstuff::Now;
use heddle_hotstuff::PacemakerConfig;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Turn;
use heddle_machine::Action;
use heddle_machine::Candidate;
use heddle_machine::Input;
use heddle_machine::Machine;
use heddle_machine::MachineConfig;
use heddle_machine::Ticket;
use heddle_mempool::AccountView;
use heddle_mempool::PayloadLimits;
use heddle_mempool::Terms;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::BlockSpace;
use heddle_types::Call;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::CommitCert;
use heddle_types::Ed25519Scheme;
use heddle_types::Ed25519Signer;
use heddle_types::ExecutedRoot;
use heddle_types::Genesis;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::SecretKey;
use heddle_types::StateRoot;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::TxId;
use heddle_types::UnixMillis;
use heddle_types::Validator;

/// How long an admitted transaction waits for company.
pub(crate) const DELAY_MS: u64 = 2;
/// When a chain begins.
const BEGIN: UnixMillis = UnixMillis::new(1_700_000_000_000);

pub(crate) fn key(number: u8) -> SecretKey {
    SecretKey::from_seed([number; 32])
}

/// Of four validators.
pub(crate) fn genesis() -> Genesis {
    genesis_of(4)
}

/// Of validators with the keys from 0 on.
pub(crate) fn genesis_of(validators: u8) -> Genesis {
    let validator = |number| Validator::new(key(number).public_key(), 1);
    Genesis {
        version: Genesis::VERSION,
        time: BEGIN,
        dev: true,
        validators: (0..validators).map(validator).collect(),
        possessions: Vec::new(),
        accounts: Vec::new(),
        faucet: None,
        sections: Vec::new(),
    }
}

pub(crate) fn now(ms: u64) -> Now {
    Now { instant: Instant::from_micros(1000 * ms), wall: BEGIN.after(Millis::new(ms)) }
}

/// Of a new chain of validators 0 to 3, with the key of this number; 3 is not the first leader.
pub(crate) fn machine(own: u8) -> Machine {
    start(&genesis(), key(own), PayloadLimits::new(100, 100_000), &mut Vec::new())
}

/// A machine at the beginning of a chain.
pub(crate) fn start(
    genesis: &Genesis,
    own: SecretKey,
    payload: PayloadLimits,
    actions: &mut Vec<Action>,
) -> Machine {
    let committee = Arc::new(genesis.committee().unwrap());
    let block = CheckedBlock::build(genesis.header(StateRoot::ZERO), Vec::new());
    let data = block.header().vote_data();
    let config = MachineConfig {
        pool: heddle_mempool::Config::new(committee.chain()),
        payload,
        forward_delay: Millis::new(DELAY_MS),
        agreement: heddle_hotstuff::Config {
            epoch_blocks_min: heddle_types::limits::EPOCH_BLOCKS_MIN,
            leaders: BTreeMap::new(),
            genesis: data,
            scheme: Arc::new(Ed25519Scheme),
            signer: Some(Arc::new(Ed25519Signer(own))),
            pacemaker: PacemakerConfig {
                timeout_base: Millis::new(60_000),
                timeout_max: Millis::new(60_000),
                idle_interval: Millis::new(60_000),
            },
            committee: Arc::clone(&committee),
        },
    };
    let first =
        SafetyRecord::first(committee.chain(), committee.epoch(), QuorumCert::genesis(data));
    let recovered = Recovered {
        safety: Some(first),
        lease: None,
        high_tc: None,
        turns: vec![Turn::from(block.header())],
        last_final: Arc::new(block),
        commit: CommitCert::genesis(data),
        executed: vec![Executed {
            root: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
            candidates: committee.validators().into(),
        }],
        blocks: Vec::new(),
        nonce: nonce(),
    };
    Machine::new(config, recovered, now(0), actions)
}

/// Another for each machine, as for each process.
fn nonce() -> [u8; 32] {
    static MADE: AtomicU8 = AtomicU8::new(0);
    [MADE.fetch_add(1, Ordering::Relaxed); 32]
}

pub(crate) fn submission(sequence: u64) -> (TxId, Input) {
    let body = TransactionBody {
        version: TransactionBody::VERSION,
        chain: genesis().chain_id(),
        sender: Address::of_key(&key(9).public_key()),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence },
        valid_until: Height::new(u64::MAX),
        max_fee: Amount::from_units(1),
        access: Access::DERIVED,
        calls: vec![Call { program: ProgramId::LEDGER, data: Vec::new().into() }],
    };
    let checked = CheckedTransaction::check(Transaction::sign(body, &key(9))).unwrap();
    let candidate = Candidate {
        transaction: Arc::new(checked),
        account: AccountView { next_sequence: 0, fee_balance: Amount::from_units(1_000) },
        terms: Terms { required_fee: Amount::from_units(1), space: BlockSpace::Ordinary },
    };
    let id = candidate.transaction.id();
    (id, Input::Submit { ticket: Ticket(sequence), candidate })
}
