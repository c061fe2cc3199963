//! What all nodes of a test agree on, and the hand-made pieces of it.

use std::sync::Arc;

use heddle_lanes::Config;
use heddle_lanes::Place;
use heddle_lanes::Positions;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Auth;
use heddle_types::BatchHeader;
use heddle_types::BatchRef;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::CheckedBatch;
use heddle_types::CheckedTransaction;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::Signature;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;

use crate::scheme;

pub(crate) const CHAIN: ChainId = ChainId(Hash32([7; 32]));
pub(crate) const ROOT: Hash32 = Hash32([8; 32]);

pub(crate) fn index(value: u16) -> ValidatorIndex {
    ValidatorIndex::new(value)
}

pub(crate) fn height(value: u64) -> Height {
    Height::new(value)
}

pub(crate) fn committee(len: u16, epoch: u64) -> Arc<Committee> {
    let validator = |i| Validator::new(scheme::key(i), 1);
    let validators = (0..len).map(validator).collect();
    Arc::new(Committee::new(CHAIN, Epoch::new(epoch), validators).unwrap())
}

pub(crate) fn config(committee: &Arc<Committee>, me: u16) -> Config {
    let signer = Arc::new(scheme::HashSigner(scheme::key(me)));
    Config { committee: Arc::clone(committee), signer: Some(signer) }
}

pub(crate) fn start(committee: &Committee) -> Positions {
    Positions::root(committee.len(), ROOT)
}

/// One whose call has `bytes` bytes of data. Its signature counts as known to be good.
pub(crate) fn transaction(number: u64, bytes: usize) -> Arc<CheckedTransaction> {
    let body = TransactionBody {
        version: 1,
        chain: CHAIN,
        sender: Address([1; 32]),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: number },
        valid_until: Height::new(u64::MAX),
        max_fee: Amount::ZERO,
        access: Access::DERIVED,
        calls: vec![Call { program: ProgramId::LEDGER, data: vec![0; bytes].into() }],
    };
    let auth = Auth::Ed25519(Signature([0; 64]));
    let transactions = vec![Transaction { body, auth, payer_auth: None }];
    let checked = CheckedTransaction::check_all(transactions, |_, _| true).unwrap();
    Arc::new(checked.into_iter().next().unwrap())
}

/// A batch of `lane` on `parent` with one transaction, signed by its owner.
pub(crate) fn batch(lane: u16, parent: Place, number: u64) -> Arc<CheckedBatch> {
    batch_of(lane, parent, vec![transaction(number, 0)])
}

pub(crate) fn batch_of(
    lane: u16,
    parent: Place,
    transactions: Vec<Arc<CheckedTransaction>>,
) -> Arc<CheckedBatch> {
    let header = BatchHeader {
        chain: CHAIN,
        epoch: Epoch::ZERO,
        lane: index(lane),
        sequence: parent.sequence + 1,
        parent: parent.digest,
        body: Hash32::ZERO,
        bytes: 0,
        transactions: 0,
    };
    let signer = scheme::HashSigner(scheme::key(lane));
    Arc::new(CheckedBatch::build(header, transactions, &signer))
}

pub(crate) fn root() -> Place {
    Place { sequence: 0, digest: ROOT }
}

pub(crate) fn place(batch: &CheckedBatch) -> Place {
    Place { sequence: batch.header().sequence, digest: batch.digest() }
}

pub(crate) fn reference(batch: &CheckedBatch) -> BatchRef {
    place(batch).in_lane(batch.header().lane)
}
