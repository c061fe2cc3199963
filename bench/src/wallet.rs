//! Building and signing, ahead of time and on all cores.

use heddle_ledger::native_balance_key;
use heddle_ledger::transfer_call;
use heddle_sdk::NUMBER_LEN;
use heddle_sdk::fees;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Bytes;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::SecretKey;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::TxId;
use heddle_types::encode;
use rayon::prelude::*;

/// A transaction to be signed.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Whose key signs, by its position.
    pub(crate) sender: usize,
    /// The sender's lane.
    pub(crate) lane: u8,
    /// The place in it.
    pub(crate) sequence: u64,
    /// The payments, all of the native asset.
    pub(crate) payments: Vec<(Address, Amount)>,
}

/// A signed transaction, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// Its id.
    pub(crate) id: TxId,
    /// Its canonical bytes.
    pub(crate) bytes: Bytes,
    /// Which lane of which sender it stands in: those of one are sent in order.
    pub(crate) queue: (usize, u8),
}

/// Signs all drafts. They never expire: a replay or a load run ends by itself.
pub(crate) fn sign_all(chain: ChainId, keys: &[SecretKey], drafts: &[Draft]) -> Vec<Signed> {
    sign_until(chain, keys, (drafts, Height::new(u64::MAX)))
}

/// Signs all drafts, which expire with a height.
pub(crate) fn sign_until(
    chain: ChainId,
    keys: &[SecretKey],
    (drafts, valid_until): (&[Draft], Height),
) -> Vec<Signed> {
    let sign = |draft: &Draft| {
        let key = &keys[draft.sender];
        let sender = Address::of_key(&key.public_key());
        let payment = |(to, amount): &(Address, Amount)| transfer_call(*to, AssetId::HDL, *amount);
        let mut body = body(chain, sender, draft.payments.iter().map(payment).collect());
        body.nonce = Nonce::Lane { lane: draft.lane, sequence: draft.sequence };
        body.valid_until = valid_until;
        let transaction = Transaction::sign(body, key);
        let id = transaction.id();
        Signed { id, bytes: Bytes(encode(&transaction)), queue: (draft.sender, draft.lane) }
    };
    drafts.par_iter().map(sign).collect()
}

/// Calls to be signed as one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// The place in the sender's lane 0.
    pub(crate) sequence: u64,
    /// What it says that it touches.
    pub(crate) access: Access,
    /// What it does.
    pub(crate) calls: Vec<Call>,
}

/// The most that a letter costs in fees: 0.01 HDL, about ten times what the longest one does.
pub(crate) const LETTER_FEE_MAX: Amount = Amount::from_units(10_000_000);

/// Signs a letter; `sender` tells its lane from those of other senders.
pub(crate) fn sign_letter(
    chain: ChainId,
    (key, sender): (&SecretKey, usize),
    letter: Letter,
) -> Signed {
    let mut body = body(chain, Address::of_key(&key.public_key()), letter.calls);
    body.nonce = Nonce::Lane { lane: 0, sequence: letter.sequence };
    body.access = letter.access;
    body.max_fee = LETTER_FEE_MAX;
    let transaction = Transaction::sign(body, key);
    let id = transaction.id();
    Signed { id, bytes: Bytes(encode(&transaction)), queue: (sender, 0) }
}

fn body(chain: ChainId, sender: Address, calls: Vec<Call>) -> TransactionBody {
    // The envelope's two keys, and one recipient a call; the sender's own balance is one of the envelope's.
    let keys = 2 + calls.len();
    let mut body = TransactionBody {
        version: TransactionBody::VERSION,
        chain,
        sender,
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: 0 },
        valid_until: Height::new(u64::MAX),
        max_fee: Amount::ZERO,
        access: Access::DERIVED,
        calls,
    };
    body.max_fee = fees::required_fee(&body, keys, 0);
    body
}

/// The most that a transaction of `payments` payments costs in fees.
pub(crate) fn fee_max(payments: usize) -> Amount {
    let nobody = Address::default();
    let call = transfer_call(nobody, AssetId::HDL, Amount::MAX);
    body(ChainId::ZERO, nobody, vec![call; payments]).max_fee
}

/// What a payment's sender puts down when the recipient has no balance yet.
pub(crate) fn balance_deposit() -> Amount {
    fees::deposit_price_of(&native_balance_key(&Address::default()), NUMBER_LEN)
}
