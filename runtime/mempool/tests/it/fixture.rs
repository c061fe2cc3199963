//! Transactions and blocks without the cost of signing them.

use std::sync::Arc;

use heddle_mempool::AccountView;
use heddle_mempool::Admission;
use heddle_mempool::Config;
use heddle_mempool::Mempool;
use heddle_mempool::Origin;
use heddle_mempool::Refusal;
use heddle_mempool::Terms;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Auth;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::BlockSpace;
use heddle_types::Bytes;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::Epoch;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::Signature;
use heddle_types::StateRoot;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::TxId;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::View;

pub(crate) const CHAIN: ChainId = ChainId(Hash32([7; 32]));
pub(crate) const RICH: AccountView =
    AccountView { next_sequence: 0, fee_balance: Amount::from_units(1_000_000_000) };
pub(crate) const FEE: Amount = Amount::from_units(10);
pub(crate) const TERMS: Terms = Terms { required_fee: FEE, space: BlockSpace::Ordinary };
pub(crate) const RESERVED: Terms = Terms { required_fee: FEE, space: BlockSpace::Reserved };

pub(crate) fn address(sender: u8) -> Address {
    Address([sender + 1; 32])
}

/// A call with `bytes` bytes of data.
pub(crate) fn call(bytes: usize) -> Call {
    Call { program: ProgramId::LEDGER, data: Bytes(vec![1; bytes]) }
}

/// A transaction of `sender` in lane 0, valid for ever, offering the required fee.
pub(crate) fn body(sender: u8, sequence: u64) -> TransactionBody {
    TransactionBody {
        version: TransactionBody::VERSION,
        chain: CHAIN,
        sender: address(sender),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence },
        valid_until: Height::new(u64::MAX),
        max_fee: FEE,
        access: Access::DERIVED,
        calls: vec![call(3)],
    }
}

/// `body`, as if its signatures had been found good.
pub(crate) fn signed(body: TransactionBody) -> Arc<CheckedTransaction> {
    let auth = Auth::Ed25519(Signature([9; 64]));
    let transaction = Transaction { auth, payer_auth: None, body };
    let checked = CheckedTransaction::check_all(vec![transaction], |_, _| true).unwrap();
    Arc::new(checked.into_iter().next().unwrap())
}

pub(crate) fn tx(sender: u8, sequence: u64) -> Arc<CheckedTransaction> {
    signed(body(sender, sequence))
}

pub(crate) fn pool() -> Mempool {
    Mempool::new(Config::new(CHAIN), Height::ZERO)
}

pub(crate) fn admit(
    pool: &mut Mempool,
    tx: &Arc<CheckedTransaction>,
    origin: Origin,
) -> Result<Admission, Refusal> {
    pool.admit(Arc::clone(tx), &RICH, TERMS, origin)
}

pub(crate) fn admit_all(pool: &mut Mempool, origin: Origin, txs: &[Arc<CheckedTransaction>]) {
    for tx in txs {
        assert_eq!(admit(pool, tx, origin), Ok(Admission::Admitted));
    }
}

pub(crate) fn block(height: u64, txs: &[Arc<CheckedTransaction>]) -> Arc<CheckedBlock> {
    let header = BlockHeader {
        version: BlockHeader::VERSION,
        chain: CHAIN,
        epoch: Epoch::ZERO,
        view: View::new(height),
        height: Height::new(height),
        parent: BlockHash::ZERO,
        payload: Hash32::ZERO,
        executed: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
        time: UnixMillis::new(height),
        proposer: ValidatorIndex::ZERO,
        next_committee: None,
    };
    Arc::new(CheckedBlock::build(header, txs.to_vec()))
}

pub(crate) fn ids(txs: &[Arc<CheckedTransaction>]) -> Vec<TxId> {
    txs.iter().map(|tx| tx.id()).collect()
}
