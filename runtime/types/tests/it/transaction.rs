//! A transaction's form, its id, and what its signatures cover.

use heddle_types::*;

use crate::fixture;
use crate::fixture::key;

fn form(change: impl FnOnce(&mut Transaction)) -> Result<(), TransactionError> {
    let mut tx = fixture::transaction();
    change(&mut tx);
    tx.check_form()
}

#[test]
fn malformed_transactions_are_refused_by_field() {
    assert_eq!(form(|_| {}), Ok(()));
    assert_eq!(form(|tx| tx.body.version = 0), Err(TransactionError::Version { found: 0 }));
    assert_eq!(form(|tx| tx.body.calls.clear()), Err(TransactionError::NoCalls));
    assert_eq!(
        form(|tx| tx.body.calls[0].program = ProgramId::SYSTEM),
        Err(TransactionError::SystemCall { call: 0 })
    );
    assert_eq!(
        form(|tx| tx.body.payer = Some(tx.body.sender)),
        Err(TransactionError::PayerIsSender)
    );
    let other = Address::of_key(&key(2).public_key());
    assert_eq!(form(|tx| tx.body.payer = Some(other)), Err(TransactionError::PayerAuth));
    assert_eq!(form(|tx| tx.payer_auth = Some(tx.auth)), Err(TransactionError::PayerAuth));
}

#[test]
fn the_whole_is_bounded_besides_its_parts() {
    let mut tx = fixture::transaction();
    tx.body.calls = vec![Call { program: ProgramId(1), data: Bytes(vec![0; 12 * 1024]) }; 2];
    let bytes = encode(&tx).len();
    assert_eq!(CheckedTransaction::check(tx), Err(TransactionError::TooLarge { bytes }));
}

#[test]
fn the_id_covers_everything_but_the_signature_bytes() {
    let id = fixture::sponsored().id();
    let same: [fn(&mut Transaction); 2] = [
        |tx| tx.auth = Auth::Ed25519(Signature([1; 64])),
        |tx| tx.payer_auth = Some(Auth::Ed25519(Signature([1; 64]))),
    ];
    let other: [fn(&mut Transaction); 12] = [
        |tx| tx.body.version = 2,
        |tx| tx.body.chain = ChainId(Hash32([1; 32])),
        |tx| tx.body.sender = Address([1; 32]),
        |tx| tx.body.payer = Some(Address([1; 32])),
        |tx| tx.body.nonce = Nonce::Lane { lane: 4, sequence: 7 },
        |tx| tx.body.valid_until = Height::new(1001),
        |tx| tx.body.max_fee = Amount::from_units(1),
        |tx| tx.body.access = Access::Open,
        |tx| tx.body.calls[0].data.0.push(0),
        |tx| tx.auth = Auth::Eip712(Signature([0; 64]), 0),
        |tx| tx.payer_auth = Some(Auth::Eip712(Signature([0; 64]), 0)),
        |tx| tx.payer_auth = None,
    ];
    let changed = |change: fn(&mut Transaction)| {
        let mut tx = fixture::sponsored();
        change(&mut tx);
        tx.id()
    };
    assert!(same.into_iter().all(|change| changed(change) == id));
    let mut ids: Vec<_> = other.into_iter().map(changed).chain([id]).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 13);
}

#[test]
fn both_the_sender_and_the_payer_must_have_signed() {
    let good = |tx: Transaction| CheckedTransaction::check(tx).unwrap().signature_ok();
    assert!(good(fixture::transaction()));
    assert!(good(fixture::sponsored()));
    let swapped = |mut tx: Transaction| {
        let payer = tx.payer_auth.unwrap();
        tx.payer_auth = Some(std::mem::replace(&mut tx.auth, payer));
        tx
    };
    assert!(!good(swapped(fixture::sponsored())));
    let mut stolen = fixture::transaction();
    stolen.body.max_fee = Amount::from_units(1);
    assert!(!good(stolen));
}

#[test]
fn a_reserved_scheme_or_an_ethereum_style_sender_is_never_good() {
    let mut tx = fixture::transaction();
    tx.auth = Auth::Eip712(Signature([0; 64]), 27);
    assert!(!CheckedTransaction::check(tx).unwrap().signature_ok());
    let mut tx = fixture::transaction();
    tx.body.sender = Address([[0; 12].as_slice(), &[1; 20]].concat().try_into().unwrap());
    assert_eq!(tx.body.sender.ed25519_key(), None);
    assert!(!CheckedTransaction::check(tx).unwrap().signature_ok());
}

#[test]
fn many_are_checked_as_each_alone() {
    let mut bad = fixture::sponsored();
    bad.payer_auth = Some(Auth::Ed25519(Signature([3; 64])));
    let txs = vec![fixture::transaction(), bad, fixture::sponsored()];
    let alone: Vec<_> =
        txs.iter().map(|tx| CheckedTransaction::check(tx.clone()).unwrap()).collect();
    assert_eq!(CheckedTransaction::check_all(txs, |_, _| false), Ok(alone));
}
