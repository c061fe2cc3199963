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

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_sdk::BlockInfo;
use heddle_sdk::Programs;
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

use crate::block::BlockInput;
use crate::block::BlockOutcome;
use crate::block::Executor;
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

    /// Sets the native balance of `key`'s account.
    pub fn fund(&mut self, key: &SecretKey, units: u64) {
        let value = Value::new(&native::encode_amount(Amount::from_units(units)));
        let balance = native::native_balance_key(&address(key));
        self.state.0.insert(balance, Entry { deposit: None, value });
    }

    /// Executes a block of `transactions` and makes its changes.
    pub fn run(&mut self, transactions: &[Arc<CheckedTransaction>]) -> BlockOutcome {
        let header = header(self.height);
        let block = BlockInput { header: &header, transactions };
        let outcome = Sequential::default().execute(&self.programs, &self.state, &block);
        self.state.apply(&outcome.changes);
        self.height = self.height.next();
        outcome
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
