//! The harness for programs' tests: a chain in memory that executes blocks of signed transactions.
//!
//! ```
//! use heddle_executor::testing::{TestChain, key};
//! use heddle_sdk::Programs;
//!
//! let mut chain = TestChain::new(Programs::new(Vec::new()));
//! let alice = key(1);
//! chain.fund(&alice, 1_000_000);
//! let outcome = chain.run(&[]);
//! assert!(outcome.receipts.is_empty());
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Reason;
use heddle_sdk::BlockInfo;
use heddle_sdk::Programs;
use heddle_sdk::SectionError;
use heddle_sdk::genesis_state;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::ChangeSet;
use heddle_types::CheckedTransaction;
use heddle_types::Entry;
use heddle_types::Epoch;
use heddle_types::ExecutedRoot;
use heddle_types::Genesis;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::SecretKey;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use heddle_types::StateView;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::Value;
use heddle_types::View;

use crate::advice::advice;
use crate::block::BlockInput;
use crate::block::BlockOutcome;
use crate::block::Executor;
use crate::parallel::Parallel;
use crate::sequential::Sequential;

/// State in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryState(pub BTreeMap<StateKey, Entry>);

impl StateView for MemoryState {
    fn entry(&self, key: &StateKey) -> Option<Entry> {
        self.0.get(key).cloned()
    }
}

impl MemoryState {
    /// Makes a block's changes.
    pub fn apply(&mut self, changes: &ChangeSet) {
        for (key, entry) in changes.as_slice() {
            match entry {
                Some(entry) => self.0.insert(*key, entry.clone()),
                None => self.0.remove(key),
            };
        }
    }
}

thread_local! {
    /// What every block of a test is executed by besides [`Sequential`]: the ways and numbers of threads that differ most.
    static EXECUTORS: RefCell<Vec<Parallel>> = RefCell::new(
        [
            Config::threads(1),
            Config::threads(2),
            planned(2),
            Config { chunk: Some(1), ..planned(4) },
            Config { speculate: false, ..planned(8) },
        ]
        .map(Parallel::new)
        .into(),
    );
}

/// On this many threads, whatever that costs.
const fn planned(threads: usize) -> Config {
    Config { choice: Choice::Planned, ..Config::threads(threads) }
}

/// A chain in memory.
#[derive(Debug)]
pub struct TestChain {
    /// Its programs.
    pub programs: Programs,
    /// Its state.
    pub state: MemoryState,
    /// The height of the next block.
    pub height: Height,
}

/// The signing key number `n`.
pub fn key(n: u8) -> SecretKey {
    SecretKey::from_seed([n; 32])
}

/// The address of a signing key.
pub fn address(key: &SecretKey) -> Address {
    Address::of_key(&key.public_key())
}

impl TestChain {
    /// The chain that all test chains are.
    pub const CHAIN: ChainId = ChainId(Hash32([7; 32]));
    /// The maximum fee of the transactions that [`Self::body`] makes: a hundredth of an HDL.
    pub const MAX_FEE: Amount = Amount::from_units(10_000_000);

    /// An empty chain before its first block.
    pub fn new(programs: Programs) -> Self {
        Self { programs, state: MemoryState::default(), height: Height::new(1) }
    }

    /// A chain before its first block, with what `genesis` begins with. It is the chain [`Self::CHAIN`] all the same.
    ///
    /// # Errors
    /// When a program refuses its section.
    pub fn begin(programs: Programs, genesis: &Genesis) -> Result<Self, SectionError> {
        let mut chain = Self::new(programs);
        chain.state.apply(&genesis_state(&chain.programs, genesis)?);
        Ok(chain)
    }

    /// Sets the native balance of `key`'s account.
    pub fn fund(&mut self, key: &SecretKey, units: u64) {
        let value = Value::new(&native::encode_amount(Amount::from_units(units)));
        let balance = native::native_balance_key(&address(key));
        self.state.0.insert(balance, Entry { deposit: None, value });
    }

    /// Executes a block of `transactions` and makes its changes.
    ///
    /// # Panics
    /// When not all executors, on one thread and on several, give the same outcome, or a resident object in memory is another than its
    /// parts make: a bug in them, or a program that is not deterministic.
    pub fn run(&mut self, transactions: &[Arc<CheckedTransaction>]) -> BlockOutcome {
        let header = header(self.height);
        let block = BlockInput { header: &header, transactions };
        let outcome = Sequential::default().execute(&self.programs, &self.state, &block);
        let mut after = self.state.clone();
        after.apply(&outcome.changes);
        EXECUTORS.with_borrow_mut(|executors| {
            for executor in executors {
                let again = executor.execute(&self.programs, &self.state, &block);
                let reason = executor.last_execution().reason;
                assert_ne!(reason, Reason::Broken, "the engine broke: {executor:?}");
                let difference = first_difference(&again, &outcome);
                assert_eq!(difference, None, "{executor:?} differs from one after the other");
                let difference = executor.check_residents(&after);
                assert_eq!(difference, None, "a resident object is not what its parts make");
            }
        });
        self.state = after;
        self.height = self.height.next();
        outcome
    }

    /// What keeps `transactions` from running at the same time, for whoever wrote the programs: print it. Changes nothing.
    pub fn advice(&self, transactions: &[Arc<CheckedTransaction>]) -> String {
        let header = header(self.height);
        let block = BlockInput { header: &header, transactions };
        let mut executor = Parallel::new(planned(4));
        executor.execute(&self.programs, &self.state, &block);
        advice(&executor.last_execution())
    }

    /// A declared transaction of lane 0, next in its order, with a generous maximum fee, that does not expire.
    pub fn body(&self, sender: &SecretKey, calls: Vec<Call>) -> TransactionBody {
        let sender = address(sender);
        TransactionBody {
            version: TransactionBody::VERSION,
            chain: Self::CHAIN,
            sender,
            payer: None,
            nonce: Nonce::Lane { lane: 0, sequence: self.next_sequence(&sender, 0) },
            valid_until: Height::new(u64::MAX),
            max_fee: Self::MAX_FEE,
            access: Access::DERIVED,
            calls,
        }
    }

    /// Signs [`Self::body`].
    pub fn transaction(&self, sender: &SecretKey, calls: Vec<Call>) -> Arc<CheckedTransaction> {
        sign(self.body(sender, calls), sender)
    }

    /// The next sequence of a lane.
    pub fn next_sequence(&self, sender: &Address, lane: u8) -> u64 {
        native::next_sequence(self.state.0.get(&native::nonce_key(sender, lane)))
    }

    /// A balance.
    pub fn balance(&self, owner: &Address, asset: &AssetId) -> Amount {
        let entry = self.state.0.get(&native::balance_key(owner, asset));
        entry.map_or(Amount::ZERO, |entry| {
            native::decode_amount(entry.value.as_bytes()).expect("a balance is an amount")
        })
    }

    /// What programs are told of the next block.
    pub fn block_info(&self) -> BlockInfo {
        let header = header(self.height);
        BlockInfo { chain: header.chain, height: header.height, time: header.time }
    }
}

/// Where an outcome first differs from the `expected` one, and how; none when they are equal.
pub fn first_difference(outcome: &BlockOutcome, expected: &BlockOutcome) -> Option<String> {
    fn of_lists<T: PartialEq + fmt::Debug>(name: &str, one: &[T], other: &[T]) -> Option<String> {
        let len = one.len().max(other.len());
        let position = (0..len).find(|n| one.get(*n) != other.get(*n))?;
        let (found, expected) = (one.get(position), other.get(position));
        Some(format!("{name}[{position}]: {found:?}, expected {expected:?}"))
    }
    let (one, other) = (outcome, expected);
    of_lists("transaction_ids", &one.transaction_ids, &other.transaction_ids)
        .or_else(|| of_lists("skipped", &one.skipped, &other.skipped))
        .or_else(|| of_lists("receipts", &one.receipts, &other.receipts))
        .or_else(|| of_lists("traces", &one.traces, &other.traces))
        .or_else(|| of_lists("phase_events", &one.phase_events, &other.phase_events))
        .or_else(|| of_lists("changes", one.changes.as_slice(), other.changes.as_slice()))
        .or_else(|| (one != other).then(|| "receipts_root".to_owned()))
}

/// Signs `body`, which must not name a payer, and checks it.
///
/// # Panics
/// When the body is malformed.
pub fn sign(body: TransactionBody, key: &SecretKey) -> Arc<CheckedTransaction> {
    checked(Transaction::sign(body, key))
}

/// Signs `body` with the sender's key and that of the payer it names.
///
/// # Panics
/// When the body is malformed.
pub fn sign_with_payer(
    body: TransactionBody,
    sender: &SecretKey,
    payer: &SecretKey,
) -> Arc<CheckedTransaction> {
    let scheme = heddle_types::AuthScheme::Ed25519;
    let id = body.id(scheme, Some(scheme));
    let auth = |key: &SecretKey| heddle_types::Auth::Ed25519(key.sign(id.as_bytes()));
    checked(Transaction { auth: auth(sender), payer_auth: Some(auth(payer)), body })
}

fn checked(transaction: Transaction) -> Arc<CheckedTransaction> {
    Arc::new(CheckedTransaction::check(transaction).expect("the caller made it well formed"))
}

/// The header of a test chain's block: a second a height.
pub fn header(height: Height) -> BlockHeader {
    BlockHeader {
        version: BlockHeader::VERSION,
        chain: TestChain::CHAIN,
        epoch: Epoch::ZERO,
        view: View::new(height.get()),
        height,
        parent: BlockHash::ZERO,
        payload: Hash32::ZERO,
        executed: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
        time: UnixMillis::new(height.get().saturating_mul(1000)),
        proposer: ValidatorIndex::ZERO,
        next_committee: None,
    }
}
