//! The faucet of a development chain: `requestAirdrop` is an ordinary transfer, or of another asset an ordinary mint, signed here
//! with the faucet's key.

use heddle_executor::required_fee;
use heddle_ledger::LedgerCall;
use heddle_ledger::transfer_call;
use heddle_rpc_api::RequestAirdrop;
use heddle_sdk::Programs;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::SecretKey;
use heddle_types::StateView;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use parking_lot::Mutex;

use crate::node::shared::Shared;

/// How long an airdrop may wait to be included, in heights.
const VALID_HEIGHTS: u64 = 1_000;
/// More than any transfer or mint costs.
const MAX_FEE: Amount = Amount::from_units(1_000_000);

/// The faucet's key and the sequence to use next.
///
/// Each node uses a lane of its own, from the highest down, so that nodes do not get in each other's way, nor in that of
/// people who use the key themselves on a low lane.
pub(crate) struct Faucet {
    key: SecretKey,
    lane: u8,
    next: Mutex<Option<u64>>,
}

impl Faucet {
    pub(crate) fn new(key: SecretKey, lane: u8) -> Self {
        Self { key, lane, next: Mutex::new(None) }
    }

    /// A signed payment.
    pub(crate) fn pay(&self, shared: &Shared, request: &RequestAirdrop) -> Transaction {
        let sender = Address::of_key(&self.key.public_key());
        let mut next = self.next.lock();
        let sequence = next.unwrap_or_else(|| {
            let entry = shared.state.read().entry(&native::nonce_key(&sender, self.lane));
            native::next_sequence(entry.as_ref())
        });
        *next = Some(sequence.saturating_add(1));
        let height = shared.durable.read().height;
        let RequestAirdrop { address: to, amount, asset } = *request;
        let mut body = transfer(sender, to, amount);
        if asset != AssetId::HDL {
            body.calls = vec![LedgerCall::Mint { asset, to, amount }.to_call()];
        }
        body.chain = shared.committees.chain();
        body.nonce = Nonce::Lane { lane: self.lane, sequence };
        body.valid_until = Height::new(height.get().saturating_add(VALID_HEIGHTS));
        Transaction::sign(body, &self.key)
    }

    /// A transfer was refused: the next one asks state again.
    pub(crate) fn start_over(&self) {
        *self.next.lock() = None;
    }
}

/// What a plain native transfer costs.
pub(crate) fn typical_transfer_fee(programs: &Programs) -> Amount {
    let one = Address::of_program("fees");
    let other = Address::of_program("deposits");
    required_fee(programs, &transfer(one, other, Amount::from_units(1)))
}

fn transfer(sender: Address, to: Address, amount: Amount) -> TransactionBody {
    TransactionBody {
        version: TransactionBody::VERSION,
        chain: ChainId::ZERO,
        sender,
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: 0 },
        valid_until: Height::new(u64::MAX),
        max_fee: MAX_FEE,
        access: Access::DERIVED,
        calls: vec![transfer_call(to, AssetId::HDL, amount)],
    }
}
